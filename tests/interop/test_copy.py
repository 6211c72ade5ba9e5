"""Copies: within a key, between suites, onto themselves, and where they may not go."""

import base64
import hashlib
import random
import zlib

import botocore.exceptions
import parts
import pytest
from gateways import Server, run

MIB = 1 << 20
RULES = """\
  - {name: open, match: {bucket: "copies-open"}, protect: none}
  - {name: mixed, match: {bucket: "copies-mixed"}, unsealed: serve}
  - {name: sm4, match: {bucket: "copies-sm4"}, default: {sse: AES256, algorithm: SM4}}
  - {name: aes, match: {bucket: "copies-aes*"}}
"""
BUCKETS = ["copies-open", "copies-mixed", "copies-sm4", "copies-aes", "copies-aes-2"]


def data_of(size):
    return random.Random(size).randbytes(size)


@pytest.fixture(scope="module")
def gateway(demo, backend, tmp_path_factory):
    folder = tmp_path_factory.mktemp("copies")
    assert run("keyring", "init", folder / "keyring.yaml").returncode == 0
    for bucket in [*BUCKETS, "copies-nobody"]:
        backend.create_bucket(Bucket=bucket)
    with Server(folder / "server", demo, demo.address("BACKEND_ENDPOINT_URL"),
                folder / "keyring.yaml", rules=RULES, state="copies-state") as gateway:
        yield gateway


@pytest.fixture(scope="module")
def s3(gateway):
    return gateway.client()


def copy(s3, source, target, **more):
    (bucket, key), (to, name) = source, target
    return s3.copy_object(Bucket=to, Key=name, CopySource={"Bucket": bucket, "Key": key}, **more)


def refused(call, *arguments, **named):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(*arguments, **named)
    return caught.value.response["Error"]["Code"]


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 3 * MIB + 1])
@pytest.mark.parametrize("source, target", [
    ("copies-aes", "copies-aes"), ("copies-aes", "copies-aes-2"), ("copies-aes", "copies-sm4"),
    ("copies-sm4", "copies-sm4"), ("copies-sm4", "copies-aes"), ("copies-open", "copies-aes"),
    ("copies-aes", "copies-open"), ("copies-open", "copies-open"),
    ("copies-mixed", "copies-sm4")])
def test_a_copy_is_the_same_object_under_another_name(
        s3, backend, name, source, target, size):
    data = data_of(size)
    s3.put_object(Bucket=source, Key=name, Body=data, ContentType="text/x",
                  CacheControl="no-cache", Metadata={"mine": "value"}, ChecksumAlgorithm="SHA256")
    done = copy(s3, (source, name), (target, f"{name} copy+ü"))
    got = s3.get_object(Bucket=target, Key=f"{name} copy+ü")
    assert got["Body"].read() == data
    assert got["ETag"] == done["CopyObjectResult"]["ETag"]
    assert done["CopyObjectResult"]["LastModified"]
    assert got["ContentType"] == "text/x" and got["CacheControl"] == "no-cache"
    assert got["Metadata"] == {"mine": "value"}
    head = s3.head_object(Bucket=target, Key=f"{name} copy+ü")
    assert head["ContentLength"] == size
    stored = backend.get_object(Bucket=target, Key=f"{name} copy+ü")
    sealed = target != "copies-open"
    assert ("sealgate" in stored["Metadata"]) == sealed
    assert size < 16 or (data[:16] in stored["Body"].read()) != sealed


def test_the_body_of_a_copy_stays_in_the_store(s3, backend, name):
    """Same key, same suite: the stored bytes are the same ones."""
    s3.put_object(Bucket="copies-aes", Key=name, Body=data_of(MIB))
    copy(s3, ("copies-aes", name), ("copies-aes-2", name))
    body = backend.get_object(Bucket="copies-aes", Key=name)["Body"].read()
    assert backend.get_object(Bucket="copies-aes-2", Key=name)["Body"].read() == body


@pytest.mark.parametrize("target", ["copies-aes-2", "copies-sm4"])
def test_a_copy_keeps_its_checksum(s3, name, target):
    put = s3.put_object(Bucket="copies-aes", Key=name, Body=b"123456789",
                        ChecksumAlgorithm="CRC32")
    copy(s3, ("copies-aes", name), (target, name))
    head = s3.head_object(Bucket=target, Key=name, ChecksumMode="ENABLED")
    assert head["ChecksumCRC32"] == put["ChecksumCRC32"] == "y/Q5Jg=="


@pytest.mark.parametrize("target", ["copies-aes", "copies-sm4"])
def test_directives_choose_what_describes_the_copy(s3, name, target):
    s3.put_object(Bucket="copies-aes", Key=name, Body=b"x", ContentType="text/old",
                  Metadata={"old": "1"}, Tagging="old=1")
    copy(s3, ("copies-aes", name), (target, f"{name}-kept"))
    copy(s3, ("copies-aes", name), (target, f"{name}-new"), MetadataDirective="REPLACE",
         ContentType="text/new", Metadata={"new": "2"})
    kept = s3.head_object(Bucket=target, Key=f"{name}-kept")
    new = s3.head_object(Bucket=target, Key=f"{name}-new")
    assert (kept["ContentType"], kept["Metadata"]) == ("text/old", {"old": "1"})
    assert (new["ContentType"], new["Metadata"]) == ("text/new", {"new": "2"})


def test_a_copy_onto_itself_changes_something(s3, name):
    where = ("copies-aes", name)
    s3.put_object(Bucket=where[0], Key=name, Body=b"data")
    assert refused(copy, s3, where, where) == "InvalidRequest"
    copy(s3, where, where, MetadataDirective="REPLACE", Metadata={"new": "1"})
    got = s3.get_object(Bucket=where[0], Key=name)
    assert got["Body"].read() == b"data" and got["Metadata"] == {"new": "1"}


def test_conditions_speak_of_the_source(s3, name):
    source, target = ("copies-aes", name), ("copies-aes-2", name)
    etag = s3.put_object(Bucket=source[0], Key=name, Body=b"x")["ETag"]
    other = '"00000000000000000000000000000000-0"'
    assert refused(copy, s3, source, target, CopySourceIfMatch=other) == "PreconditionFailed"
    assert refused(copy, s3, source, target, CopySourceIfNoneMatch=etag) == "PreconditionFailed"
    assert refused(s3.head_object, Bucket=target[0], Key=name) == "404"
    copy(s3, source, target, CopySourceIfMatch=etag)
    assert s3.get_object(Bucket=target[0], Key=name)["Body"].read() == b"x"


def test_a_copy_goes_nowhere_without_a_rule(s3, backend, name):
    s3.put_object(Bucket="copies-aes", Key=name, Body=b"x")
    backend.put_object(Bucket="copies-nobody", Key=name, Body=b"x")
    backend.put_object(Bucket="copies-aes", Key=f"{name}-plain", Body=b"x")
    assert refused(copy, s3, ("copies-aes", name), ("copies-nobody", "new")) == "AccessDenied"
    assert refused(copy, s3, ("copies-nobody", name), ("copies-aes", "new")) == "AccessDenied"
    assert refused(copy, s3, ("copies-aes", f"{name}-plain"), ("copies-aes", "new")) \
        == "AccessDenied"
    assert refused(copy, s3, ("copies-state", "uploads/x"), ("copies-open", "new")) \
        == "AccessDenied"
    assert refused(copy, s3, ("copies-aes", "none"), ("copies-aes", "new")) == "NoSuchKey"
    for bucket in ["copies-nobody", "copies-aes"]:
        listed = backend.list_objects_v2(Bucket=bucket).get("Contents", [])
        assert "new" not in [entry["Key"] for entry in listed]


def test_a_copy_of_an_altered_object_is_none(s3, backend, name):
    s3.put_object(Bucket="copies-aes", Key=name, Body=data_of(MIB))
    stored = backend.get_object(Bucket="copies-aes", Key=name)
    body = bytearray(stored["Body"].read())
    body[-100] ^= 1
    backend.put_object(Bucket="copies-aes", Key=name, Body=bytes(body),
                       Metadata=stored["Metadata"])
    assert refused(copy, s3, ("copies-aes", name), ("copies-sm4", name)) == "InternalError"
    assert refused(s3.head_object, Bucket="copies-sm4", Key=name) == "404"


def test_objects_in_parts_are_copied(s3, name):
    data = data_of(6 * MIB)
    upload = parts.begin(s3, "copies-aes", name)
    etags = {number: parts.put(s3, "copies-aes", name, upload, number, part)
             for number, part in [(1, data[:5 * MIB]), (2, data[5 * MIB:])]}
    parts.complete(s3, "copies-aes", name, upload, etags)
    for target in ["copies-aes-2", "copies-sm4", "copies-open"]:
        copy(s3, ("copies-aes", name), (target, name))
        assert s3.get_object(Bucket=target, Key=name)["Body"].read() == data


@pytest.mark.parametrize("target", ["copies-aes-2", "copies-sm4"])
@pytest.mark.parametrize("had", ["CRC32", "SHA256", None])
@pytest.mark.parametrize("asked", ["SHA256", None])
def test_copies_have_the_checksum_that_is_asked_for(s3, gateway, name, target, had, asked):
    source, there = ({"Bucket": bucket, "Key": name} for bucket in ["copies-aes", target])
    plain = gateway.client(request_checksum_calculation="when_required")
    plain.put_object(**source, Body=b"data", **({"ChecksumAlgorithm": had} if had else {}))
    more = {"ChecksumAlgorithm": asked} if asked else {}
    told = s3.copy_object(**there, CopySource=source, **more)["CopyObjectResult"]
    head = s3.head_object(**there, ChecksumMode="ENABLED")
    digests = {"SHA256": hashlib.sha256(b"data").digest(),
               "CRC32": zlib.crc32(b"data").to_bytes(4, "big")}
    for algorithm, digest in digests.items():
        expected = base64.b64encode(digest).decode() if algorithm == (asked or had) else None
        assert told.get(f"Checksum{algorithm}") == expected
        assert head.get(f"Checksum{algorithm}") == expected
    assert s3.get_object(**there)["Body"].read() == b"data"


@pytest.mark.parametrize("sizes", [{1: 5 * MIB, 4: 6 * MIB}, {2: 5 * MIB, 3: 9}, {1: 7}], ids=str)
def test_a_copy_in_the_store_keeps_the_parts(s3, backend, name, sizes):
    upload = parts.begin(s3, "copies-aes", name, ChecksumAlgorithm="SHA256",
                         Metadata={"mine": "value"})
    data = {number: parts.data_of(size, number) for number, size in sizes.items()}
    etags = {number: parts.put(s3, "copies-aes", name, upload, number, part,
                               ChecksumAlgorithm="SHA256") for number, part in data.items()}
    parts.complete(s3, "copies-aes", name, upload, etags)
    source = s3.head_object(Bucket="copies-aes", Key=name, ChecksumMode="ENABLED")
    copy(s3, ("copies-aes", name), ("copies-aes-2", name))
    where = {"Bucket": "copies-aes-2", "Key": name}
    got = s3.get_object(**where, ChecksumMode="ENABLED")
    assert got["Body"].read() == b"".join(data.values())
    assert got["Metadata"] == {"mine": "value"}
    assert got["ChecksumSHA256"] == source["ChecksumSHA256"]
    listed = {entry["Key"]: entry["Size"] for entry in s3.list_objects_v2(
        Bucket="copies-aes-2", Prefix=name)["Contents"]}
    assert listed[name] == sum(sizes.values())
    for number, part in data.items():
        assert s3.get_object(**where, PartNumber=number)["Body"].read() == part
    body = [backend.get_object(Bucket=bucket, Key=name)["Body"].read()
            for bucket in ["copies-aes", "copies-aes-2"]]
    assert body[0] == body[1]
    s3.copy_object(**where, CopySource=where, MetadataDirective="REPLACE",
                   Metadata={"other": "one"})
    got = s3.get_object(**where)
    assert got["Body"].read() == b"".join(data.values()) and got["Metadata"] == {"other": "one"}


def test_a_copy_of_parts_tells_its_etag(s3, name):
    upload = parts.begin(s3, "copies-aes", name)
    etag = parts.put(s3, "copies-aes", name, upload, 1, b"x")
    parts.complete(s3, "copies-aes", name, upload, {1: etag})
    done = copy(s3, ("copies-aes", name), ("copies-aes-2", name))["CopyObjectResult"]
    assert done["ETag"] == s3.head_object(Bucket="copies-aes-2", Key=name)["ETag"]


@pytest.mark.parametrize("source, target", [
    ("copies-aes", "copies-aes-2"), ("copies-sm4", "copies-aes"), ("copies-open", "copies-sm4"),
    ("copies-sm4", "copies-open"), ("copies-open", "copies-open")])
def test_parts_are_copied_from_ranges(s3, name, source, target):
    """Of a whole object and of one in parts; also a short last one."""
    data = data_of(12 * MIB)
    s3.put_object(Bucket=source, Key=name, Body=data)
    for round in [1, 2]:
        upload = parts.begin(s3, target, name)
        etags = {}
        for number, (start, end) in enumerate([(3, 6 * MIB), (6 * MIB, 12 * MIB), (7, 9)], 1):
            done = s3.upload_part_copy(
                Bucket=target, Key=name, UploadId=upload, PartNumber=number,
                CopySource={"Bucket": source, "Key": name},
                CopySourceRange=f"bytes={start}-{end - 1}")
            etags[number] = parts.Sent.of(done["CopyPartResult"])
        parts.complete(s3, target, name, upload, etags)
        data = data[3:6 * MIB] + data[6 * MIB:12 * MIB] + data[7:9]
        assert s3.get_object(Bucket=target, Key=name)["Body"].read() == data
        if round == 1:
            data = data_of(13 * MIB)
            large = parts.begin(s3, source, name)
            etags = {number: parts.put(s3, source, name, large, number, part)
                     for number, part in [(1, data[:5 * MIB + 9]), (4, data[5 * MIB + 9:])]}
            parts.complete(s3, source, name, large, etags)


def test_a_range_outside_of_the_source_is_refused(s3, name):
    s3.put_object(Bucket="copies-aes", Key=name, Body=b"0123456789")
    upload = s3.create_multipart_upload(Bucket="copies-aes", Key=f"{name}-2")["UploadId"]
    for text in ["bytes=0-10", "bytes=5-4", "bytes=-5", "0-1"]:
        assert refused(s3.upload_part_copy, Bucket="copies-aes", Key=f"{name}-2", UploadId=upload,
                       PartNumber=1, CopySource={"Bucket": "copies-aes", "Key": name},
                       CopySourceRange=text) == "InvalidArgument"
