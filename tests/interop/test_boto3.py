"""boto3, as applications use it."""

import base64
import contextlib
import hashlib
import json
import random

import botocore.exceptions
import pytest

CHUNK = 65536
SIZES = [0, 1, 15, 16, 17, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1,
         3_000_001]
NAMES = ["plain", "with blank", "plus+plus", "ümläut", "a//b", "/leading", "trailing/", "../up",
         "per%20cent", "quote'\"<&>", "~tilde*()!", "k" * 900, "emoji-\U0001f512", "a b+c%2Fd"]


def body(size):
    return random.Random(size).randbytes(size)


def error(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize("size", SIZES)
def test_what_is_put_comes_back(s3, bucket, size):
    data = body(size)
    put = s3.put_object(Bucket=bucket, Key=f"size-{size}", Body=data, ContentType="text/x",
                        Metadata={"mine": "value, \"quoted\""})
    got = s3.get_object(Bucket=bucket, Key=f"size-{size}")
    assert got["Body"].read() == data
    assert got["ContentLength"] == size
    assert got["ETag"] == put["ETag"] and got["ETag"].endswith('-0"')
    assert got["Metadata"] == {"mine": "value, \"quoted\""}
    assert got["ContentType"] == "text/x"
    assert got["ServerSideEncryption"] == put["ServerSideEncryption"] == "AES256"
    head = s3.head_object(Bucket=bucket, Key=f"size-{size}")
    assert head["ContentLength"] == size and head["ETag"] == put["ETag"]
    assert head["Metadata"] == got["Metadata"]


@pytest.mark.parametrize("name", NAMES)
def test_names_survive_put_get_list_and_delete(s3, bucket, name):
    s3.put_object(Bucket=bucket, Key=name, Body=name.encode())
    assert s3.get_object(Bucket=bucket, Key=name)["Body"].read() == name.encode()
    ranged = s3.get_object(Bucket=bucket, Key=name, Range="bytes=0-1")["Body"].read()
    assert ranged == name.encode()[:2]
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=name)["Contents"]
    assert [(entry["Key"], entry["Size"]) for entry in listed] == [(name, len(name.encode()))]
    s3.delete_object(Bucket=bucket, Key=name)
    assert error(s3.get_object, Bucket=bucket, Key=name) == ("NoSuchKey", 404)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 17])
def test_every_form_of_range_agrees_with_a_slice(s3, bucket, size):
    data = body(size)
    key = f"range-{size}"
    s3.put_object(Bucket=bucket, Key=key, Body=data)
    edges = sorted({0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, size - 1, size, size + 5})
    forms = [(f"bytes={a}-{b}", a, b + 1) for a in edges if a >= 0 for b in edges if b >= a]
    forms += [(f"bytes={a}-", a, size) for a in edges if a >= 0]
    forms += [(f"bytes=-{n}", max(0, size - n), size) for n in edges if n >= 0]
    for text, start, end in forms:
        end = min(end, size)
        if start >= end:
            assert error(s3.get_object, Bucket=bucket, Key=key, Range=text) == ("InvalidRange", 416)
            continue
        got = s3.get_object(Bucket=bucket, Key=key, Range=text)
        assert got["Body"].read() == data[start:end], text
        assert got["ContentRange"] == f"bytes {start}-{end - 1}/{size}"
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
        head = s3.head_object(Bucket=bucket, Key=key, Range=text)
        assert head["ContentLength"] == end - start


def test_several_or_malformed_ranges_answer_the_whole(s3, bucket):
    s3.put_object(Bucket=bucket, Key="ranges", Body=b"0123456789")
    for text in ["bytes=0-1,4-5", "bytes=x-1", "bytes=5-2", "lines=0-1"]:
        got = s3.get_object(Bucket=bucket, Key="ranges", Range=text)
        assert got["Body"].read() == b"0123456789", text
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_metadata_shares_its_room_with_the_seal(s3, backend, bucket):
    def takes(metadata):
        with contextlib.suppress(botocore.exceptions.ClientError):
            return backend.put_object(Bucket=bucket, Key="room", Body=b"", Metadata=metadata)
    if takes({"a": 2500 * "x"}):
        pytest.skip("this store has room for more than S3's 2 KB")
    for size, fits in [(400, True), (1900, False)]:
        where = {"Bucket": bucket, "Key": f"metadata-{size}", "Metadata": {"a": size * "x"}}
        for store in [s3.put_object, s3.create_multipart_upload]:
            if fits:
                store(**where)
                continue
            with pytest.raises(botocore.exceptions.ClientError, match="the seal's own") as caught:
                store(**where)
            assert caught.value.response["Error"]["Code"] == "MetadataTooLarge"


@pytest.mark.parametrize("part", [{}, {"Range": "bytes=0-0"}], ids=["whole", "range"])
def test_reads_depend_on_the_clients_etag(s3, bucket, part):
    etag = s3.put_object(Bucket=bucket, Key="conditions", Body=b"x")["ETag"]
    where = {"Bucket": bucket, "Key": "conditions"} | part
    assert s3.get_object(**where, IfMatch=etag)["Body"].read() == b"x"
    assert error(s3.get_object, **where, IfMatch='"other"')[1] == 412
    assert error(s3.get_object, **where, IfNoneMatch=etag)[1] == 304
    assert s3.get_object(**where, IfNoneMatch='"other"')["Body"].read() == b"x"


@pytest.mark.parametrize("part", [{}, {"Range": "bytes=0-0"}], ids=["whole", "range"])
def test_the_etag_of_the_store_matches_nothing(s3, backend, bucket, part):
    where = {"Bucket": bucket, "Key": "conditions"}
    s3.put_object(**where, Body=b"x")
    theirs = backend.head_object(**where)["ETag"]
    assert error(s3.get_object, **where, **part, IfMatch=theirs)[1] == 412
    assert s3.get_object(**where, **part, IfNoneMatch=theirs)["Body"].read() == b"x"


def test_what_is_there_is_not_overwritten(s3, bucket):
    where = {"Bucket": bucket, "Key": "conditions"}
    s3.put_object(**where, Body=b"x")
    assert error(s3.put_object, **where, Body=b"y", IfNoneMatch="*")[1] == 412
    assert error(s3.put_object, **where, Body=b"y", IfMatch='"other"')[1] == 412
    assert s3.get_object(**where)["Body"].read() == b"x"


def test_what_is_known_is_overwritten(s3, bucket):
    where = {"Bucket": bucket, "Key": "conditions"}
    etag = s3.put_object(**where, Body=b"x")["ETag"]
    assert s3.put_object(**where, Body=b"y", IfMatch=etag)
    assert error(s3.put_object, **where, Body=b"z", IfMatch=etag)[1] == 412
    assert s3.get_object(**where)["Body"].read() == b"y"


def test_listings_are_exact_in_pages_and_with_delimiters(s3, bucket):
    sizes = {f"list/{index:03}/{'x' * (index % 7)}": index * 1000 for index in range(60)}
    for key, size in sizes.items():
        s3.put_object(Bucket=bucket, Key=key, Body=bytes(size))
    for operation in ["list_objects", "list_objects_v2"]:
        pages = s3.get_paginator(operation).paginate(
            Bucket=bucket, Prefix="list/", PaginationConfig={"PageSize": 7})
        listed = {entry["Key"]: entry for page in pages for entry in page["Contents"]}
        assert {key: entry["Size"] for key, entry in listed.items()} == sizes
        assert all(entry["ETag"].endswith('-0"') for entry in listed.values())
        etag = s3.head_object(Bucket=bucket, Key=next(iter(listed)))["ETag"]
        assert listed[next(iter(listed))]["ETag"] == etag
    page = s3.list_objects_v2(Bucket=bucket, Prefix="list/", Delimiter="/", MaxKeys=10)
    assert [prefix["Prefix"] for prefix in page["CommonPrefixes"]] == [
        f"list/{index:03}/" for index in range(10)]
    assert page["IsTruncated"]
    page = s3.list_objects_v2(Bucket=bucket, Prefix="list/001", EncodingType="url")
    assert page["Contents"][0]["Size"] == 1000


def test_many_objects_are_deleted_at_once(s3, bucket):
    keys = [f"delete/{index} ü&<" for index in range(20)]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    objects = [{"Key": key} for key in keys + ["delete/never was"]]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
    assert {entry["Key"] for entry in answer["Deleted"]} == {entry["Key"] for entry in objects}
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket, Prefix="delete/")


def test_buckets_are_made_found_and_removed(s3, backend):
    s3.create_bucket(Bucket="short-lived")
    assert "short-lived" in [entry["Name"] for entry in s3.list_buckets()["Buckets"]]
    assert s3.head_bucket(Bucket="short-lived")["ResponseMetadata"]["HTTPStatusCode"] == 200
    place, theirs = (side.get_bucket_location(Bucket="short-lived") for side in [s3, backend])
    assert place["LocationConstraint"] == theirs["LocationConstraint"]
    s3.put_object(Bucket="short-lived", Key="a", Body=b"")
    assert error(s3.delete_bucket, Bucket="short-lived") == ("BucketNotEmpty", 409)
    s3.delete_object(Bucket="short-lived", Key="a")
    s3.delete_bucket(Bucket="short-lived")
    assert error(s3.head_bucket, Bucket="short-lived")[1] == 404
    assert error(s3.get_object, Bucket="short-lived", Key="a") == ("NoSuchBucket", 404)


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_checksums_of_uploads_are_verified(s3, bucket, algorithm):
    data = body(100_000)
    s3.put_object(Bucket=bucket, Key="sum", Body=data, ChecksumAlgorithm=algorithm)
    assert s3.get_object(Bucket=bucket, Key="sum")["Body"].read() == data
    wrong = {"CRC32": 4, "CRC32C": 4, "CRC64NVME": 8, "SHA1": 20, "SHA256": 32}[algorithm]
    claim = {f"Checksum{algorithm}": base64.b64encode(bytes(wrong)).decode()}
    assert error(s3.put_object, Bucket=bucket, Key="bad", Body=data, **claim) == ("BadDigest", 400)
    assert error(s3.get_object, Bucket=bucket, Key="bad") == ("NoSuchKey", 404)


@pytest.mark.parametrize("sent_as", ["header", "trailer"])
@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
@pytest.mark.parametrize("size", [0, 100_000])
def test_checksums_are_kept_and_answered(s3, bucket, algorithm, sent_as, size):
    data = body(size)
    member = f"Checksum{algorithm}"
    value = s3.put_object(Bucket=bucket, Key="kept", Body=data, ChecksumAlgorithm=algorithm)[member]
    if sent_as == "header":
        s3.put_object(Bucket=bucket, Key="kept", Body=data, **{member: value})
    for call in [s3.get_object, s3.head_object]:
        told = call(Bucket=bucket, Key="kept", ChecksumMode="ENABLED")
        assert told[member] == value and told["ChecksumType"] == "FULL_OBJECT"
    if size:
        ranged = s3.get_object(Bucket=bucket, Key="kept", Range="bytes=0-9", ChecksumMode="ENABLED")
        assert member not in ranged and ranged["Body"].read() == data[:10]


def test_attributes_are_those_of_the_clients_bytes(s3, bucket):
    asked = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
    put = s3.put_object(Bucket=bucket, Key="told", Body=body(70_000), ChecksumAlgorithm="SHA256")
    told = s3.get_object_attributes(Bucket=bucket, Key="told", ObjectAttributes=asked)
    assert told["ETag"] == put["ETag"].strip('"') and told["ObjectSize"] == 70_000
    assert told["Checksum"]["ChecksumSHA256"] == put["ChecksumSHA256"]
    assert told["StorageClass"] == "STANDARD" and "ObjectParts" not in told
    only = s3.get_object_attributes(Bucket=bucket, Key="told", ObjectAttributes=["ObjectSize"])
    assert "ETag" not in only and "Checksum" not in only
    gone = error(s3.get_object_attributes, Bucket=bucket, Key="no", ObjectAttributes=asked)
    assert gone == ("NoSuchKey", 404)


def test_objects_without_a_checksum_answer_none(demo, bucket):
    s3 = demo.client(request_checksum_calculation="when_required")
    s3.put_object(Bucket=bucket, Key="sumless", Body=b"data")
    told = s3.head_object(Bucket=bucket, Key="sumless", ChecksumMode="ENABLED")
    assert not [name for name in told if name.startswith("Checksum")]


def test_md5_is_verified(s3, bucket):
    good = base64.b64encode(hashlib.md5(b"data").digest()).decode()
    s3.put_object(Bucket=bucket, Key="md5", Body=b"data", ContentMD5=good)
    failed = error(s3.put_object, Bucket=bucket, Key="md5", Body=b"other", ContentMD5=good)
    assert failed == ("BadDigest", 400)
    assert s3.get_object(Bucket=bucket, Key="md5")["Body"].read() == b"data"


def test_wrong_signatures_and_unknown_keys_are_refused(demo):
    assert error(demo.client(secret_key="x" * 40).list_buckets) == ("SignatureDoesNotMatch", 403)
    assert error(demo.client(access_key="NOBODY").list_buckets) == ("InvalidAccessKeyId", 403)


def test_metadata_of_the_gateway_is_refused(s3, bucket):
    for name in ["sealgate", "sealgate-mac", "sealgate-other"]:
        failed = error(s3.put_object, Bucket=bucket, Key="m", Body=b"", Metadata={name: "x"})
        assert failed == ("InvalidArgument", 400)


def test_operations_that_are_not_served_answer_501(s3, bucket):
    torrent = error(s3.get_object_torrent, Bucket=bucket, Key="any")
    assert torrent == ("NotImplemented", 501)


def test_the_store_holds_only_ciphertext_and_open_py_opens_it(demo, s3, backend, bucket):
    data = b"a very secret sentence " * 5000
    where = {"Bucket": bucket, "Key": "sécret name"}
    s3.put_object(**where, Body=data)
    for path in demo.folder.joinpath("objects").rglob("*"):
        if path.is_file():
            assert b"very secret sentence" not in path.read_bytes(), path
    stored = backend.head_object(**where)
    assert stored["ContentLength"] == len(data) + 16 * -(-len(data) // CHUNK) + 144
    assert json.loads(stored["Metadata"]["sealgate"])["suite"] == {
        "aes": "AES256-GCM", "sm4": "SM4-GCM"}[bucket[:3]]
    assert s3.head_object(**where)["Metadata"] == {}
    assert demo.opened(bucket, "sécret name") == data
