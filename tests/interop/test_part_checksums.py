"""Checksums of objects in parts: COMPOSITE and FULL_OBJECT, in every algorithm."""

import base64
import hashlib
import zlib

import awscrt.checksums
import pytest
from gateways import Server
from parts import MIN, Sent, begin, complete, data_of, other, put, refused


def whole(width, sum):
    return lambda data: sum(data).to_bytes(width, "big")


SUMS = {
    "CRC32": whole(4, zlib.crc32),
    "CRC32C": whole(4, awscrt.checksums.crc32c),
    "CRC64NVME": whole(8, awscrt.checksums.crc64nvme),
    "SHA1": lambda data: hashlib.sha1(data).digest(),
    "SHA256": lambda data: hashlib.sha256(data).digest(),
}
PAIRS = [("CRC32", "COMPOSITE"), ("CRC32", "FULL_OBJECT"), ("CRC32C", "COMPOSITE"),
         ("CRC32C", "FULL_OBJECT"), ("CRC64NVME", "FULL_OBJECT"), ("SHA1", "COMPOSITE"),
         ("SHA256", "COMPOSITE")]
PARTS = {1: data_of(MIN, 1), 2: data_of(MIN + 5, 2), 7: b"the end"}


def text(value):
    return base64.b64encode(value).decode()


def expected(algorithm, kind, parts=PARTS):
    """The checksum of the object, as clients see it."""
    sum = SUMS[algorithm]
    if kind == "FULL_OBJECT":
        return text(sum(b"".join(parts.values())))
    return f"{text(sum(b''.join(sum(part) for part in parts.values())))}-{len(parts)}"


def upload(s3, bucket, name, algorithm, kind, parts=PARTS):
    id = begin(s3, bucket, name, ChecksumAlgorithm=algorithm, ChecksumType=kind)
    etags = {number: put(s3, bucket, name, id, number, part, ChecksumAlgorithm=algorithm)
             for number, part in parts.items()}
    return id, etags


@pytest.mark.parametrize("algorithm, kind", PAIRS)
def test_the_object_has_the_checksum_of_its_parts(s3, other, bucket, name, algorithm, kind):
    id, etags = upload(s3, bucket, name, algorithm, kind)
    field = f"Checksum{algorithm}"
    for number, part in PARTS.items():
        assert etags[number].sums == {field: text(SUMS[algorithm](part))}
    shown = s3.list_parts(Bucket=bucket, Key=name, UploadId=id)
    assert (shown["ChecksumAlgorithm"], shown["ChecksumType"]) == (algorithm, kind)
    assert {part["PartNumber"]: part[field] for part in shown["Parts"]} == {
        number: etag.sums[field] for number, etag in etags.items()}
    done = complete(s3, bucket, name, id, etags)
    sum = expected(algorithm, kind)
    assert (done[field], done["ChecksumType"]) == (sum, kind)
    for client in [s3, other]:
        head = client.head_object(Bucket=bucket, Key=name, ChecksumMode="ENABLED")
        assert (head[field], head["ChecksumType"]) == (sum, kind)
        assert field not in client.head_object(Bucket=bucket, Key=name)
        got = client.get_object(Bucket=bucket, Key=name, ChecksumMode="ENABLED")
        assert got[field] == sum and got["Body"].read() == b"".join(PARTS.values())
        ranged = client.get_object(Bucket=bucket, Key=name, Range="bytes=3-9",
                                   ChecksumMode="ENABLED")
        assert field not in ranged
        for number, part in PARTS.items():
            one = client.get_object(Bucket=bucket, Key=name, PartNumber=number,
                                    ChecksumMode="ENABLED")
            assert one["Body"].read() == part and one["PartsCount"] == 3
            assert one[field] == text(SUMS[algorithm](part))


def test_attributes_tell_the_parts_and_their_checksums(s3, other, bucket, name):
    id, etags = upload(s3, bucket, name, "SHA256", "COMPOSITE")
    complete(s3, bucket, name, id, etags)
    asked = {"Bucket": bucket, "Key": name,
             "ObjectAttributes": ["ETag", "Checksum", "ObjectParts", "ObjectSize"]}
    told = other.get_object_attributes(**asked)
    sum = expected("SHA256", "COMPOSITE")
    assert told["Checksum"] == {"ChecksumSHA256": sum, "ChecksumType": "COMPOSITE"}
    assert told["ObjectSize"] == sum_of_sizes(PARTS)
    parts = told["ObjectParts"]
    assert parts["TotalPartsCount"] == 3 and not parts["IsTruncated"]
    assert [(part["PartNumber"], part["Size"], part["ChecksumSHA256"]) for part in
            parts["Parts"]] == [(number, len(data), etags[number].sums["ChecksumSHA256"])
                                for number, data in PARTS.items()]
    page = other.get_object_attributes(**asked, MaxParts=1, PartNumberMarker=1)["ObjectParts"]
    assert page["IsTruncated"] and page["NextPartNumberMarker"] == 2
    assert [part["PartNumber"] for part in page["Parts"]] == [2]


def sum_of_sizes(parts):
    return sum(len(part) for part in parts.values())


def test_objects_without_a_checksum_tell_only_how_many_parts_there_are(demo, bucket, name):
    s3 = demo.client(request_checksum_calculation="when_required")
    id = begin(s3, bucket, name)
    etags = {number: put(s3, bucket, name, id, number, part) for number, part in PARTS.items()}
    complete(s3, bucket, name, id, etags)
    told = s3.get_object_attributes(Bucket=bucket, Key=name,
                                    ObjectAttributes=["Checksum", "ObjectParts"])
    assert told["ObjectParts"] == {"TotalPartsCount": 3} and "Checksum" not in told


@pytest.mark.parametrize("algorithm, kind", [("CRC32", "COMPOSITE"), ("CRC64NVME", "FULL_OBJECT")])
def test_a_claim_about_the_object_is_judged(s3, other, bucket, name, algorithm, kind):
    """By the gateway that took the parts and by another."""
    id, etags = upload(s3, bucket, name, algorithm, kind)
    field = f"Checksum{algorithm}"
    right = expected(algorithm, kind)
    wrong = text(bytes(len(SUMS[algorithm](b""))))
    for client in [s3, other]:
        finish = [complete, client, bucket, name, id, etags]
        assert refused(*finish, **{field: wrong}) == "BadDigest"
        assert refused(*finish, ChecksumSHA256=text(bytes(32))) == "InvalidRequest"
        swapped = {"COMPOSITE": "FULL_OBJECT", "FULL_OBJECT": "COMPOSITE"}[kind]
        assert refused(*finish, ChecksumType=swapped) == "InvalidRequest"
    assert complete(other, bucket, name, id, etags, ChecksumType=kind,
                    **{field: right})[field] == right


def test_a_checksum_that_the_part_never_had_is_refused(s3, bucket, name):
    id, etags = upload(s3, bucket, name, "CRC32", "COMPOSITE", {1: b"x"})
    other = Sent(etags[1])
    other.sums = {"ChecksumCRC32": text(bytes(4))}
    assert refused(complete, s3, bucket, name, id, {1: other}) == "InvalidPart"
    other.sums = {"ChecksumSHA1": text(bytes(20))}
    assert refused(complete, s3, bucket, name, id, {1: other}) == "InvalidPart"
    complete(s3, bucket, name, id, etags)


def test_a_composite_needs_the_checksum_of_each_part(s3, bucket, name):
    id, etags = upload(s3, bucket, name, "CRC32", "COMPOSITE", {1: b"x"})
    bare = {1: str(etags[1])}
    assert refused(complete, s3, bucket, name, id, bare) == "InvalidRequest"
    complete(s3, bucket, name, id, etags)


def test_the_whole_follows_from_parts_that_were_seen(s3, bucket, name):
    id, etags = upload(s3, bucket, name, "CRC32C", "FULL_OBJECT")
    done = complete(s3, bucket, name, id, {number: str(etag) for number, etag in etags.items()})
    assert done["ChecksumCRC32C"] == expected("CRC32C", "FULL_OBJECT")


def test_parts_have_the_checksum_of_their_upload(demo, s3, bucket, name):
    plain = demo.client(request_checksum_calculation="when_required")
    id = begin(s3, bucket, name, ChecksumAlgorithm="SHA256")
    assert refused(put, plain, bucket, name, id, 1, b"x") == "InvalidRequest"
    assert refused(put, s3, bucket, name, id, 1, b"x", ChecksumAlgorithm="SHA1") == \
        "InvalidRequest"
    complete(s3, bucket, name, id, {1: put(s3, bucket, name, id, 1, b"x",
                                           ChecksumAlgorithm="SHA256")})


@pytest.mark.parametrize("algorithm, kind", [("CRC64NVME", "COMPOSITE"), ("SHA1", "FULL_OBJECT")])
def test_pairs_that_s3_has_not_are_refused(s3, bucket, name, algorithm, kind):
    assert refused(begin, s3, bucket, name, ChecksumAlgorithm=algorithm, ChecksumType=kind) == \
        "InvalidRequest"


def test_parts_that_are_copied_get_a_checksum(s3, bucket, name):
    s3.put_object(Bucket=bucket, Key=f"{name}-source", Body=PARTS[1])
    id = begin(s3, bucket, name, ChecksumAlgorithm="SHA256")
    copied = s3.upload_part_copy(Bucket=bucket, Key=name, UploadId=id, PartNumber=1,
                                 CopySource={"Bucket": bucket, "Key": f"{name}-source"})
    etag = Sent.of(copied["CopyPartResult"])
    assert etag.sums == {"ChecksumSHA256": text(SUMS["SHA256"](PARTS[1]))}
    done = complete(s3, bucket, name, id, {1: etag})
    assert done["ChecksumSHA256"] == expected("SHA256", "COMPOSITE", {1: PARTS[1]})


def test_an_empty_last_part_is_read_by_its_number(s3, bucket, name):
    parts = {1: PARTS[1], 2: b""}
    id, etags = upload(s3, bucket, name, "CRC32", "FULL_OBJECT", parts)
    complete(s3, bucket, name, id, etags)
    got = s3.get_object(Bucket=bucket, Key=name, PartNumber=2)
    assert (got["Body"].read(), got["ContentLength"], got["PartsCount"]) == (b"", 0, 2)
    head = s3.head_object(Bucket=bucket, Key=name, PartNumber=2)
    assert (head["ContentLength"], head["PartsCount"]) == (0, 2)


def test_claims_about_unsealed_objects_are_the_stores_to_judge(demo, name, tmp_path):
    rules = '  - {name: open, match: {bucket: "open-*"}, protect: none}'
    with Server(tmp_path / "server", demo, demo.address("BACKEND_ENDPOINT_URL"),
                demo.folder / "keyring.yaml", rules=rules) as server:
        s3 = server.client()
        s3.create_bucket(Bucket="open-checksums")
        parts = {1: PARTS[1], 2: b"the end"}
        id, etags = upload(s3, "open-checksums", name, "CRC32", "FULL_OBJECT", parts)
        finish = [complete, s3, "open-checksums", name, id, etags]
        assert refused(*finish, ChecksumCRC32=text(bytes(4)), ChecksumType="FULL_OBJECT") == \
            "BadDigest"
        right = expected("CRC32", "FULL_OBJECT", parts)
        assert complete(*finish[1:], ChecksumCRC32=right,
                        ChecksumType="FULL_OBJECT")["ChecksumCRC32"] == right
