"""Rules with `etag: md5`: clients see the MD5 of what they stored, everywhere."""

import base64
import hashlib

import botocore.exceptions
import pytest
from gateways import Server
from parts import MIN, begin, complete, data_of, put

RULES = """\
  - {name: digests, match: {bucket: "md5-*"}, etag: md5}
  - {name: sm4 digests, match: {bucket: "sm4-md5"}, etag: md5, default: {sse: AES256, algorithm: SM4}}
  - {name: open, match: {bucket: "open-*"}, protect: none, unsealed: serve}
  - {name: opaque, match: {bucket: "*"}}
"""
SIZES = [0, 1, 65536, 70_000]


def md5(data):
    return hashlib.md5(data).hexdigest()


def header(digest):
    return base64.b64encode(digest).decode()


def quoted(etag):
    return f'"{etag}"'


@pytest.fixture(scope="module", params=["when_supported", "when_required"])
def s3(request, demo, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("etags") / "server", demo,
                demo.address("BACKEND_ENDPOINT_URL"), demo.folder / "keyring.yaml",
                rules=RULES, state="sealgate-state") as server:
        s3 = server.client(request_checksum_calculation=request.param)
        for bucket in ["md5-1", "sm4-md5", "opaque-1", "open-1"]:
            s3.create_bucket(Bucket=bucket)
        yield s3


@pytest.fixture(params=["md5-1", "sm4-md5"])
def where(request, name):
    return {"Bucket": request.param, "Key": name}


def status(call, **named):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**named)
    return caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


def listed(s3, where):
    entries = s3.list_objects_v2(Bucket=where["Bucket"], Prefix=where["Key"])["Contents"]
    return {entry["Key"]: (entry["Size"], entry["ETag"]) for entry in entries}[where["Key"]]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("claimed", [False, True], ids=["", "claimed"])
def test_every_answer_tells_the_md5(s3, where, size, claimed):
    data = data_of(size)
    more = {"ContentMD5": header(hashlib.md5(data).digest())} if claimed else {}
    etag = quoted(md5(data))
    assert s3.put_object(**where, Body=data, **more)["ETag"] == etag
    assert s3.head_object(**where)["ETag"] == etag
    got = s3.get_object(**where)
    assert got["ETag"] == etag and got["Body"].read() == data
    assert listed(s3, where) == (size, etag)
    told = s3.get_object_attributes(**where, ObjectAttributes=["ETag"])
    assert told["ETag"] == md5(data)
    for _ in range(2 if size else 0):
        assert s3.get_object(**where, Range="bytes=0-0")["ETag"] == etag


@pytest.mark.parametrize("part", [{}, {"Range": "bytes=0-0"}], ids=["whole", "range"])
def test_conditions_speak_of_the_md5(s3, where, part):
    etag, other = quoted(md5(b"x")), quoted(md5(b"other"))
    s3.put_object(**where, Body=b"x")
    assert s3.get_object(**where, **part, IfMatch=etag)["ETag"] == etag
    assert s3.get_object(**where, **part, IfNoneMatch=other)["ETag"] == etag
    assert status(s3.get_object, **where, **part, IfMatch=other) == 412
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        s3.get_object(**where, **part, IfNoneMatch=etag)
    told = caught.value.response["ResponseMetadata"]
    assert told["HTTPStatusCode"] == 304 and told["HTTPHeaders"]["etag"] == etag


def test_writes_depend_on_the_md5(s3, where):
    s3.put_object(**where, Body=b"first")
    assert status(s3.put_object, **where, Body=b"lost", IfMatch=quoted(md5(b"x"))) == 412
    s3.put_object(**where, Body=b"second", IfMatch=quoted(md5(b"first")))
    assert status(s3.put_object, **where, Body=b"lost", IfNoneMatch="*") == 412
    assert s3.get_object(**where)["Body"].read() == b"second"


@pytest.mark.parametrize("source", ["md5-1", "sm4-md5", "opaque-1", "open-1"])
@pytest.mark.parametrize("size", [0, 70_000])
def test_copies_have_the_md5(s3, where, source, size):
    data = data_of(size)
    source = {"Bucket": source, "Key": where["Key"] + "-source"}
    etag = s3.put_object(**source, Body=data)["ETag"]
    done = s3.copy_object(**where, CopySource=source, CopySourceIfMatch=etag)
    # What was stored without one, and is not read on its way, has none.
    moved = source["Bucket"] == "opaque-1" and where["Bucket"] == "md5-1"
    assert (done["CopyObjectResult"]["ETag"] == quoted(md5(data))) is not moved
    assert s3.head_object(**where)["ETag"] == done["CopyObjectResult"]["ETag"]
    assert listed(s3, where) == (size, done["CopyObjectResult"]["ETag"])
    assert status(s3.copy_object, **where, CopySource=source,
                  CopySourceIfNoneMatch=etag) == 412


def test_objects_in_parts_have_the_md5_of_md5s(s3, where):
    parts = {1: data_of(MIN, 1), 3: b"the end"}
    upload = begin(s3, *where.values())
    digests = [hashlib.md5(part).digest() for part in parts.values()]
    etags = {number: put(s3, *where.values(), upload, number, part,
                         ContentMD5=header(digest))
             for (number, part), digest in zip(parts.items(), digests)}
    etag = quoted(f"{md5(b''.join(digests))}-2")
    assert complete(s3, *where.values(), upload, etags)["ETag"] == etag
    assert s3.head_object(**where)["ETag"] == etag
    assert s3.get_object(**where, Range="bytes=7-8")["ETag"] == etag
    assert listed(s3, where) == (MIN + 7, etag)
    assert s3.get_object(**where, IfMatch=etag)["Body"].read() == b"".join(parts.values())


def test_what_was_stored_under_another_rule_keeps_its_etag(s3, demo, name):
    """Written through the demo, which tells opaque ones."""
    where = {"Bucket": "md5-1", "Key": name}
    etag = demo.client().put_object(**where, Body=b"x")["ETag"]
    assert etag.endswith('-0"')
    assert s3.head_object(**where)["ETag"] == etag
    assert listed(s3, where) == (1, etag)
    assert s3.get_object(**where, IfMatch=etag)["Body"].read() == b"x"
