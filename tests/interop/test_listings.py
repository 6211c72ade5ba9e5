"""Sizes that do not follow from what the store lists: the objects themselves are looked at."""

import re

import pytest
from gateways import Server
from parts import MIN, begin, complete, data_of, put
from relay import Relay
from uncounted import with_counts, without_counts

RULES = """\
  - {name: mixed, match: {bucket: "mixed-*"}, unsealed: serve}
  - {name: everything, match: {bucket: "*"}}
"""


def serve(demo, folder, backend, **more):
    return Server(folder / "server", demo, backend, demo.folder / "keyring.yaml",
                  rules=RULES, state="sealgate-state", **more)


def listings(s3, bucket):
    """Sizes and ETags in all three listings."""
    entries = [s3.list_objects(Bucket=bucket)["Contents"],
               s3.list_objects_v2(Bucket=bucket, EncodingType="url")["Contents"]]
    return [{entry["Key"]: (entry["Size"], entry["ETag"]) for entry in page} for page in entries]


@pytest.fixture(scope="module")
def s3(demo, tmp_path_factory):
    backend = demo.address("BACKEND_ENDPOINT_URL")
    with serve(demo, tmp_path_factory.mktemp("listings"), backend) as server:
        yield server.client()


def test_mixed_buckets_list_true_sizes(s3, backend):
    """Of objects whose stored size could be a sealed one's as well."""
    bucket = "mixed-sizes"
    s3.create_bucket(Bucket=bucket)
    expected = {}
    for size in [0, 1, 143, 144, 145, 161, 65_536, 70_000]:
        sealed = s3.put_object(Bucket=bucket, Key=f"sealed-{size}", Body=bytes(size))
        plain = backend.put_object(Bucket=bucket, Key=f"plain-{size}", Body=bytes(size))
        expected[f"sealed-{size}"] = (size, sealed["ETag"])
        expected[f"plain-{size}"] = (size, plain["ETag"])
    upload = begin(s3, bucket, "parts")
    etags = {1: put(s3, bucket, "parts", upload, 1, data_of(MIN)),
             2: put(s3, bucket, "parts", upload, 2, b"end")}
    expected["parts"] = (MIN + 3, complete(s3, bucket, "parts", upload, etags)["ETag"])
    for _ in range(2):
        for listing in listings(s3, bucket):
            assert listing == expected
    backend.put_object(Bucket=bucket, Key="sealed-1", Body=b"not any more")
    assert listings(s3, bucket)[0]["sealed-1"][0] == 12


def test_many_objects_are_looked_at(s3, backend):
    bucket = "mixed-many"
    s3.create_bucket(Bucket=bucket)
    for number in range(150):
        client = [s3, backend][number % 2]
        client.put_object(Bucket=bucket, Key=f"{number:04}", Body=bytes(number))
    for listing in listings(s3, bucket):
        assert [size for size, _ in listing.values()] == list(range(150))


def test_ranges_of_unsealed_objects_are_told_by_their_head(s3, backend):
    bucket = "mixed-heads"
    s3.create_bucket(Bucket=bucket)
    backend.put_object(Bucket=bucket, Key="plain", Body=b"0123456789")
    s3.put_object(Bucket=bucket, Key="sealed", Body=b"0123456789")
    for name in ["plain", "sealed"]:
        head = s3.head_object(Bucket=bucket, Key=name, Range="bytes=2-4")
        assert (head["ContentLength"], head["ContentRange"]) == (3, "bytes 2-4/10")


# --- a store whose ETags of multipart objects do not tell their number of parts ------------------

@pytest.fixture(scope="module")
def uncounted(demo, tmp_path_factory):
    relay = Relay(demo.address("BACKEND_ENDPOINT_URL"))
    relay.answers, relay.uploads = without_counts, with_counts(demo.credentials())
    folder = tmp_path_factory.mktemp("uncounted")
    with serve(demo, folder, relay.address, multipart_etag="opaque") as server:
        yield server.client()


def test_a_store_that_does_not_count_parts_is_read_all_the_same(s3, uncounted):
    bucket = "uncounted"
    s3.create_bucket(Bucket=bucket)
    upload = begin(uncounted, bucket, "parts")
    first, last = data_of(MIN), b"the end"
    etags = {1: put(uncounted, bucket, "parts", upload, 1, first),
             2: put(uncounted, bucket, "parts", upload, 2, last)}
    etag = complete(uncounted, bucket, "parts", upload, etags)["ETag"]
    assert re.fullmatch('"[0-9a-f]{32}f[0-9]"', etag)
    where = {"Bucket": bucket, "Key": "parts"}
    size = len(first + last)
    assert uncounted.head_object(**where)["ContentLength"] == size
    assert uncounted.get_object(**where)["Body"].read() == first + last
    got = uncounted.get_object(**where, Range=f"bytes={MIN - 2}-{MIN + 1}", IfMatch=etag)
    assert got["Body"].read() == (first + last)[MIN - 2:MIN + 2]
    assert uncounted.get_object(**where, PartNumber=2)["Body"].read() == last
    for listing in listings(uncounted, bucket):
        assert listing == {"parts": (size, etag)}
    uncounted.copy_object(Bucket=bucket, Key="copy", CopySource=where)
    assert uncounted.get_object(Bucket=bucket, Key="copy")["Body"].read() == first + last
    assert listings(uncounted, bucket)[0]["copy"][0] == size
