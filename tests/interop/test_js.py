"""The AWS SDK for JavaScript: streams of unknown length, frames in chunked coding, forms."""

import base64
import json
import pathlib
import shutil
import subprocess

import pytest
from gateways import PATIENCE, ROOT

HOME = ROOT / "target/js"
DRIVER = pathlib.Path(__file__).with_name("js") / "driver.mjs"
CHUNK = 65536
SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 << 20]
NAMES = ["with blank", "plus+plus", "ümläut", "a//b", "per%2Fcent", "quote'\"<&>", "~tilde*()!"]

pytestmark = pytest.mark.skipif(
    not (shutil.which("node") and (HOME / "node_modules").exists()),
    reason="node, or target/js, is not there")


@pytest.fixture(scope="session")
def driver():
    """Where the SDK is: modules are looked for beside the program."""
    return shutil.copy(DRIVER, HOME)


@pytest.fixture
def js(demo, driver):
    """One call of the SDK, in a process of its own."""
    said = demo.credentials()

    def run(call, how="call", form="none", body=b"", client=None, secret=None, **given):
        keys = {"accessKeyId": said["AWS_ACCESS_KEY_ID"],
                "secretAccessKey": secret or said["AWS_SECRET_ACCESS_KEY"]}
        options = {"endpoint": said["AWS_ENDPOINT_URL"], "region": said["AWS_REGION"],
                   "credentials": keys} | (client or {})
        job = {"call": call, "how": how, "form": form, "client": options, "input": given,
               "body": base64.b64encode(body).decode()}
        done = subprocess.run(["node", driver], input=json.dumps(job), capture_output=True,
                              text=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        outcome = json.loads(done.stdout)
        if outcome.get("body") is not None:
            outcome["body"] = base64.b64decode(outcome["body"])
        return outcome
    return run


def data_of(size):
    return (b"0123456789abcdef" * (size // 16 + 1))[:size]


def is_sealed(backend, bucket, name, data):
    stored = backend.get_object(Bucket=bucket, Key=name)["Body"].read()
    return len(stored) > len(data) and (len(data) < 16 or data[:16] not in stored)


@pytest.mark.parametrize("size", SIZES)
def test_buffers_come_back(js, backend, bucket, name, size):
    data, where = data_of(size), {"Bucket": bucket, "Key": name}
    put = js("PutObject", form="buffer", body=data, Metadata={"mine": "value"}, **where)
    assert put["status"] == 200 and "x-amz-checksum-crc32" in put["sent"][0]
    got = js("GetObject", ChecksumMode="ENABLED", **where)
    assert (got["status"], got["body"]) == (200, data)
    assert got["said"]["ContentLength"] == size and got["said"]["Metadata"] == {"mine": "value"}
    assert got["said"]["ETag"] == put["said"]["ETag"]
    assert got["said"]["ChecksumCRC32"] == put["said"]["ChecksumCRC32"]
    assert is_sealed(backend, bucket, name, data)


@pytest.mark.parametrize("size", SIZES)
def test_streams_come_in_frames_and_chunked_coding(js, backend, bucket, name, size):
    data, where = data_of(size), {"Bucket": bucket, "Key": name}
    put = js("PutObject", form="stream", body=data, ContentLength=size, **where)
    assert put["status"] == 200
    sent = put["sent"][0]
    assert sent["x-amz-content-sha256"] == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    assert sent["transfer-encoding"] == "chunked" and "content-length" not in sent
    got = js("GetObject", ChecksumMode="ENABLED", **where)
    assert (got["status"], got["body"]) == (200, data)
    assert "ContentEncoding" not in got["said"]
    assert is_sealed(backend, bucket, name, data)


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "SHA1", "SHA256"])
@pytest.mark.parametrize("form", ["buffer", "stream"])
def test_every_checksum_is_kept_and_checked_again(js, bucket, name, algorithm, form):
    """CRC64NVME needs native code here; boto3's own sends it elsewhere."""
    data, where = data_of(100_000), {"Bucket": bucket, "Key": name}
    put = js("PutObject", form=form, body=data, ContentLength=len(data),
             ChecksumAlgorithm=algorithm, **where)
    assert put["status"] == 200, put
    got = js("GetObject", ChecksumMode="ENABLED", **where)
    assert got["body"] == data
    assert got["said"][f"Checksum{algorithm}"] == put["said"][f"Checksum{algorithm}"]


def test_checksums_can_be_left_out(js, bucket, name):
    data, where = data_of(100_000), {"Bucket": bucket, "Key": name}
    calm = {"requestChecksumCalculation": "WHEN_REQUIRED",
            "responseChecksumValidation": "WHEN_REQUIRED"}
    put = js("PutObject", form="buffer", body=data, client=calm, **where)
    assert put["status"] == 200
    assert not any(header.startswith("x-amz-checksum") for header in put["sent"][0])
    got = js("GetObject", client=calm, **where)
    assert got["body"] == data and "ChecksumCRC32" not in got["said"]


@pytest.mark.parametrize("text, start, end", [
    ("bytes=0-0", 0, 1), ("bytes=65530-65545", 65530, 65546), ("bytes=-7", -7, None),
    ("bytes=199999-300000", 199_999, None)])
def test_ranges_are_slices(js, s3, bucket, name, text, start, end):
    data = data_of(200_000)
    s3.put_object(Bucket=bucket, Key=name, Body=data)
    got = js("GetObject", Bucket=bucket, Key=name, Range=text)
    assert (got["status"], got["body"]) == (206, data[start:end])


def test_conditions_hold(js, s3, bucket, name):
    where = {"Bucket": bucket, "Key": name}
    etag = s3.put_object(Body=b"x", **where)["ETag"]
    assert js("GetObject", IfMatch=etag, **where)["status"] == 200
    assert js("GetObject", IfMatch='"0"', **where)["status"] == 412
    assert js("GetObject", IfNoneMatch=etag, **where)["status"] == 304
    refused = js("PutObject", form="buffer", body=b"y", IfNoneMatch="*", **where)
    assert (refused["error"], refused["status"]) == ("PreconditionFailed", 412)
    assert js("PutObject", form="buffer", body=b"y", IfMatch=etag, **where)["status"] == 200


@pytest.mark.parametrize("odd", NAMES)
def test_odd_names_are_stored_listed_and_deleted(js, bucket, odd):
    name = f"js/{odd}"
    assert js("PutObject", form="buffer", body=b"12345", Bucket=bucket, Key=name)["status"] == 200
    listed = js("ListObjectsV2", Bucket=bucket, Prefix=name)["said"]["Contents"]
    assert [(entry["Key"], entry["Size"]) for entry in listed] == [(name, 5)]
    head = js("HeadObject", Bucket=bucket, Key=name)["said"]
    assert head["ContentLength"] == 5 and head["ETag"] == listed[0]["ETag"]
    deleted = js("DeleteObjects", Bucket=bucket, Delete={"Objects": [{"Key": name}]})
    assert [entry["Key"] for entry in deleted["said"]["Deleted"]] == [name]
    assert js("HeadObject", Bucket=bucket, Key=name)["status"] == 404


def test_attributes_are_the_clients(js, s3, bucket, name):
    s3.put_object(Bucket=bucket, Key=name, Body=b"12345")
    said = js("GetObjectAttributes", Bucket=bucket, Key=name,
              ObjectAttributes=["ETag", "ObjectSize", "Checksum"])["said"]
    assert said["ObjectSize"] == 5 and said["ETag"].endswith("-0")


def test_presigned_urls_are_fetched(js, backend, bucket, name):
    data, where = data_of(100_000), {"Bucket": bucket, "Key": name}
    put = js("PutObject", how="presigned", body=data, Metadata={"mine": "in the URL"}, **where)
    assert put["status"] == 200
    assert js("GetObject", how="presigned", **where)["body"] == data
    assert js("HeadObject", **where)["said"]["Metadata"] == {"mine": "in the URL"}
    assert is_sealed(backend, bucket, name, data)


def test_forms_of_a_page_are_uploads(js, s3, backend, bucket, name):
    data = data_of(200_000)
    done = js("", how="posted", body=data, Bucket=bucket, Key=name,
              Fields={"success_action_status": "201"},
              Conditions=[["content-length-range", 1, 200_000]])
    assert done["status"] == 201 and b"<PostResponse>" in done["body"]
    assert s3.get_object(Bucket=bucket, Key=name)["Body"].read() == data
    assert is_sealed(backend, bucket, name, data)


@pytest.mark.parametrize("call, given, error, status", [
    ("GetObject", {"Key": "none"}, "NoSuchKey", 404),
    ("GetObject", {"Key": "none", "Bucket": "none-there"}, "NoSuchBucket", 404),
    ("HeadObject", {"Key": "none"}, "NotFound", 404),
    ("GetObject", {"Key": "a", "secret": "x" * 40}, "SignatureDoesNotMatch", 403),
])
def test_errors_are_understood(js, bucket, call, given, error, status):
    outcome = js(call, **({"Bucket": bucket} | given))
    assert (outcome["error"], outcome["status"]) == (error, status)
    assert len(outcome["requestId"]) == 16
