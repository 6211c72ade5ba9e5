"""Plans of parts, drawn at random from seeds: whatever is asked of the object that they become,
by whichever gateway, it must be what bytes in memory would be."""

import random
import re

import pytest
from parts import MIB, MIN, begin, complete, data_of, other, put, refused

CHUNK = 65536
SUITES = ["aes", "sm4"]
PLANS = range(12)
RANGES = 25
NEAR = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1]


class Plan:
    """Which parts an upload gets, and what of them becomes the object."""

    def __init__(self, seed):
        self.seed, self.draw = seed, random.Random(seed)
        draw = self.draw
        count = draw.choice([1, 2, 2, 3])
        numbers = self.numbers(count)
        sizes = [MIN + self.near(2 * MIB) for _ in numbers[1:]] + [self.near(MIN + 2)]
        short = sizes[-1] < MIN
        if short and draw.random() < 0.2:
            numbers[-1] = 10_000
        self.parts = {number: self.data(size) for number, size in zip(numbers, sizes)}
        self.left_out = {number: self.data(draw.choice(NEAR)) for number in range(1, 9)
                         if number not in self.parts and draw.random() < 0.15}
        self.sent = [*self.parts.items(), *self.left_out.items()]
        draw.shuffle(self.sent)
        for number in draw.sample(numbers, draw.choice([0, 1, 1])):
            # Replaced by what is sent later, but a short one by a long one: see below.
            size = MIN + 1 if len(self.parts[number]) >= MIN else draw.choice([1, CHUNK, MIN])
            self.sent.insert(0, (number, self.data(size)))
        self.whole = b"".join(data for _, data in sorted(self.parts.items()))
        self.starts, start = {}, 0
        for number, data in self.parts.items():
            self.starts[number], start = start, start + len(data)

    def numbers(self, count):
        """Ascending, some with gaps."""
        number, numbers = self.draw.choice([0, 0, 1, 9000]), []
        for _ in range(count):
            number += self.draw.choice([1, 1, 1, 2, 300])
            numbers.append(number)
        return numbers

    def near(self, limit):
        """A length on this or that side of a border of chunks, or anywhere below the limit."""
        lengths = [*NEAR, 10 * CHUNK - 1, 10 * CHUNK, limit - 3, limit - 2, limit - 1,
                   self.draw.randrange(limit)]
        return self.draw.choice(lengths)

    def data(self, size):
        return data_of(size, self.draw.getrandbits(32) + 1)

    def borders(self):
        """Offsets in the object at which something begins: parts, and chunks of these."""
        return sorted({start + at for number, start in self.starts.items()
                       for at in [*range(0, len(self.parts[number]), CHUNK),
                                  len(self.parts[number])]})

    def ranges(self):
        """Most are short and about a border, some are long, some lie behind the end."""
        draw = random.Random(f"ranges of {self.seed}")
        size, borders = len(self.whole), self.borders()
        for _ in range(RANGES):
            start = max(0, draw.choice([draw.choice(borders) + draw.randint(-2, 2),
                                        *self.starts.values(), draw.randrange(size + 9)]))
            length = draw.choice([1, 2, 5, CHUNK, 2 * CHUNK + draw.randint(-2, 2)])
            suffix = draw.choice([0, 1, length, len(self.parts[max(self.parts)]) + 1])
            yield draw.choice([f"{start}-{start + length - 1}"] * 6 + [
                f"{start}-{start + draw.randrange(size + 9)}", f"{max(start, size - length)}-",
                f"{start}-", f"-{suffix}", f"-{size + draw.choice(NEAR)}",
                f"{size + draw.choice(NEAR)}-"])


def slice_of(text, size):
    """Where a range begins and ends; nothing when no byte of it is there."""
    first, last = re.fullmatch(r"(\d*)-(\d*)", text).groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last or size) + 1)
    return (start, end) if start < end else None


class Made:
    """An object, made after a plan by two gateways."""

    def __init__(self, plan, gateways, bucket, name):
        self.plan, self.where = plan, {"Bucket": bucket, "Key": name}
        draw = plan.draw
        upload = begin(draw.choice(gateways), bucket, name, Metadata={"mine": "value"})
        self.etags = {number: put(draw.choice(gateways), bucket, name, upload, number, data)
                      for number, data in plan.sent}
        self.pages = [page for gateway in gateways
                      for page in [self.listed(gateway, upload, 1000),
                                   self.listed(gateway, upload, draw.randint(1, 3))]]
        self.writer, self.reader = draw.sample(gateways, 2)
        chosen = {number: self.etags[number] for number in plan.parts}
        self.etag = complete(self.writer, bucket, name, upload, chosen)["ETag"]

    def listed(self, gateway, upload, size):
        """ListParts to its end, in pages of a size."""
        pages = gateway.get_paginator("list_parts").paginate(
            **self.where, UploadId=upload, PaginationConfig={"PageSize": size})
        return [(part["PartNumber"], part["Size"], part["ETag"])
                for page in pages for part in page.get("Parts", [])]


@pytest.fixture(scope="module")
def buckets(s3):
    """One for each suite."""
    names = {suite: f"{suite}-properties" for suite in SUITES}
    for name in names.values():
        s3.create_bucket(Bucket=name)
    return names


@pytest.fixture(scope="module", params=[f"{suite}-{seed}" for suite in SUITES for seed in PLANS])
def made(request, s3, other, buckets):
    suite = request.param.partition("-")[0]
    return Made(Plan(request.param), [s3, other], buckets[suite], f"plan-{request.param}")


def test_parts_are_listed_with_what_was_sent_last(made):
    sent = dict(made.plan.sent)
    expected = [(number, len(sent[number]), made.etags[number]) for number in sorted(sent)]
    assert all(page == expected for page in made.pages)


def test_the_object_is_its_parts_in_order(made):
    whole = made.plan.whole
    got = made.reader.get_object(**made.where)
    assert got["Body"].read() == whole
    for gateway in [made.reader, made.writer]:
        head = gateway.head_object(**made.where)
        assert (head["ContentLength"], head["ETag"]) == (len(whole), made.etag)
        assert head["Metadata"] == {"mine": "value"}
    entries = made.reader.list_objects_v2(
        Bucket=made.where["Bucket"], Prefix=made.where["Key"])["Contents"]
    assert [(entry["Size"], entry["ETag"]) for entry in entries
            if entry["Key"] == made.where["Key"]] == [(len(whole), made.etag)]


def test_ranges_are_slices(made):
    for text in made.plan.ranges():
        agrees(made.reader, made.where, made.plan.whole, text)


def agrees(s3, where, whole, text):
    """One range, and what HEAD says of it."""
    asked, found = {**where, "Range": f"bytes={text}"}, slice_of(text, len(whole))
    if found is None:
        assert refused(s3.get_object, **asked) == "InvalidRange", text
        assert refused(s3.head_object, **asked) == "416", text
        return
    start, end = found
    got, head = s3.get_object(**asked), s3.head_object(**asked)
    assert got["Body"].read() == whole[start:end], text
    for answer in [got, head]:
        assert answer["ContentRange"] == f"bytes {start}-{end - 1}/{len(whole)}", text
        assert answer["ContentLength"] == end - start, text


def test_parts_are_found_by_their_numbers(made):
    plan = made.plan
    for number, data in plan.parts.items():
        asked = {**made.where, "PartNumber": number}
        got, head = made.reader.get_object(**asked), made.reader.head_object(**asked)
        assert got["Body"].read() == data, number
        start = plan.starts[number]
        for answer in [got, head]:
            assert answer["ContentLength"] == len(data), number
            assert answer["PartsCount"] == len(plan.parts), number
            assert answer["ETag"] == made.etag, number
            if data:
                assert answer["ContentRange"] \
                    == f"bytes {start}-{start + len(data) - 1}/{len(plan.whole)}", number
    for number in {*plan.left_out, max(plan.parts) % 10_000 + 1} - {*plan.parts}:
        assert refused(made.reader.get_object, **made.where, PartNumber=number) \
            == "InvalidPartNumber", number


@pytest.mark.parametrize("target", SUITES)
def test_copies_are_the_same_object(made, buckets, target):
    whole, copy = made.plan.whole, {"Bucket": buckets[target], "Key": made.where["Key"] + "-copy"}
    done = made.writer.copy_object(**copy, CopySource=made.where)["CopyObjectResult"]
    got = made.reader.get_object(**copy)
    assert got["Body"].read() == whole
    assert (got["ETag"], got["Metadata"]) == (done["ETag"], {"mine": "value"})
    for text in list(made.plan.ranges())[:3]:
        agrees(made.reader, copy, whole, text)
    entries = made.reader.list_objects_v2(Bucket=copy["Bucket"], Prefix=copy["Key"])["Contents"]
    assert [(entry["Size"], entry["ETag"]) for entry in entries] == [(len(whole), done["ETag"])]


@pytest.mark.parametrize("sizes", [
    [1, 2], [MIN, MIN + 1], [MIN, 1], [1, MIN]], ids=str)
def test_a_part_that_came_again_is_listed_once(s3, bucket, name, sizes):
    """Short ones wait in the records, long ones in the store."""
    upload = begin(s3, bucket, name)
    etags = [put(s3, bucket, name, upload, 1, data_of(size)) for size in sizes]
    where = {"Bucket": bucket, "Key": name, "UploadId": upload}
    parts = s3.list_parts(**where)["Parts"]
    s3.abort_multipart_upload(**where)
    assert [(part["Size"], part["ETag"]) for part in parts] == [(sizes[-1], etags[-1])]
