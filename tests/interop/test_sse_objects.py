"""Server-side encryption as people use it: boto3 and aws-cli, whole objects and parts, copies."""

import pathlib
import subprocess
import sys

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError
from sse import KEY, OTHER

AWS = pathlib.Path(sys.executable).with_name("aws")
BUCKET = "sse-objects"
DATA = bytes(range(256)) * 71_003  # 17 MiB and a bit: three parts of 8 MiB
CUSTOMER = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": KEY}
MODES = {
    "nothing": {}, "SSE-S3": {"ServerSideEncryption": "AES256"},
    "SSE-KMS": {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "demo-key"},
    "SM4": {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "demo-sm4-key"},
    "SSE-C": CUSTOMER,
}


@pytest.fixture(scope="module")
def s3(demo):
    s3 = demo.client()
    s3.create_bucket(Bucket=BUCKET)
    s3.create_bucket(Bucket="strict-objects")
    return s3


def again(mode):
    return CUSTOMER if mode == "SSE-C" else {}


def as_source(mode, key=KEY):
    own = {"CopySourceSSECustomerAlgorithm": "AES256", "CopySourceSSECustomerKey": key}
    return own if mode == "SSE-C" else {}


@pytest.mark.parametrize("mode", MODES)
def test_large_objects_go_up_and_down_in_parts(demo, s3, mode, name, tmp_path):
    file, back = tmp_path / "up", tmp_path / "down"
    file.write_bytes(DATA)
    parts = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20)
    s3.upload_file(file, BUCKET, name, ExtraArgs=MODES[mode], Config=parts)
    s3.download_file(BUCKET, name, back, ExtraArgs=again(mode), Config=parts)
    assert back.read_bytes() == DATA
    got = s3.get_object(Bucket=BUCKET, Key=name, Range=f"bytes={(8 << 20) - 3}-{(8 << 20) + 3}",
                        **again(mode))
    assert got["Body"].read() == DATA[(8 << 20) - 3:(8 << 20) + 4]
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=name)["Contents"]
    assert [entry["Size"] for entry in listed] == [len(DATA)]
    stored = demo.client("BACKEND_ENDPOINT_URL").get_object(Bucket=BUCKET, Key=name)["Body"].read()
    assert DATA[:64] not in stored


@pytest.mark.parametrize("to", MODES)
@pytest.mark.parametrize("mode", MODES)
def test_copies_go_from_every_mode_to_every_other(s3, mode, to, name):
    s3.put_object(Bucket=BUCKET, Key=name, Body=b"copied", **MODES[mode])
    wanted = dict(MODES[to])
    if to == "SSE-C":
        wanted["SSECustomerKey"] = OTHER
    s3.copy_object(Bucket=BUCKET, Key=name + "2", CopySource=f"{BUCKET}/{name}",
                   **as_source(mode), **wanted)
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": OTHER} if to == "SSE-C" else {}
    got = s3.get_object(Bucket=BUCKET, Key=name + "2", **key)
    assert got["Body"].read() == b"copied"
    assert got.get("SSEKMSKeyId") == wanted.get("SSEKMSKeyId")


@pytest.mark.parametrize("asked, read", [
    (["--sse", "AES256"], []),
    (["--sse", "aws:kms"], []),
    (["--sse", "aws:kms", "--sse-kms-key-id", "demo-sm4-key"], []),
    (["--sse-c", "AES256", "--sse-c-key", KEY.decode()],
     ["--sse-c", "AES256", "--sse-c-key", KEY.decode()]),
])
def test_the_command_line_asks_for_all_modes(demo, s3, name, tmp_path, asked, read):
    def aws(*arguments):
        done = subprocess.run([AWS, *arguments], env=demo.environment(), capture_output=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    for size in [5, len(DATA)]:
        file, back = tmp_path / f"up{size}", tmp_path / f"down{size}"
        file.write_bytes(DATA[:size])
        target = f"s3://{BUCKET}/{name}-{size}"
        aws("s3", "cp", "--quiet", *asked, file, target)
        aws("s3", "cp", "--quiet", *read, target, back)
        assert back.read_bytes() == DATA[:size]
    if read:
        copied = ["--sse-c-copy-source", "AES256", "--sse-c-copy-source-key", KEY.decode()]
        aws("s3", "cp", "--quiet", *copied, target, target + "-plain")
        assert aws("s3", "cp", "--quiet", target + "-plain", "-") == DATA


def test_strict_buckets_take_only_what_asks_for_kms(s3, name):
    s3.put_object(Bucket="strict-objects", Key=name, Body=b"", ServerSideEncryption="aws:kms")
    for asked in [{}, MODES["SSE-S3"], CUSTOMER]:
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.put_object(Bucket="strict-objects", Key=name, Body=b"", **asked)
