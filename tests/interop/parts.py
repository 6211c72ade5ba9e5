"""Uploads in parts, step by step, and a second gateway to take some of the steps."""

import random

import botocore.exceptions
import pytest
from gateways import Server

MIB = 1 << 20
MIN = 5 * MIB
DEMO_RULES = """\
  - {name: sm4 buckets, match: {bucket: "sm4-*"}, default: {sse: AES256, algorithm: SM4}}
  - {name: everything else, match: {bucket: "*"}}
"""


@pytest.fixture(scope="module")
def other(demo, s3, tmp_path_factory):
    """boto3 through a second gateway in front of the same store, with the same keys and rules."""
    with Server(tmp_path_factory.mktemp("other") / "server", demo,
                demo.address("BACKEND_ENDPOINT_URL"), demo.keyring,
                rules=DEMO_RULES, state="sealgate-state") as other:
        yield other.client()


class Sent(str):
    """The `ETag` of a part, and the checksums that came with it: a client repeats both."""

    sums = {}

    @classmethod
    def of(cls, answer):
        sent = cls(answer["ETag"])
        sent.sums = {name: value for name, value in answer.items()
                     if name.startswith("Checksum") and name != "ChecksumType"}
        return sent


def data_of(size, seed=0):
    return random.Random(seed or size).randbytes(size)


def begin(s3, bucket, name, **more):
    return s3.create_multipart_upload(Bucket=bucket, Key=name, **more)["UploadId"]


def put(s3, bucket, name, upload, number, data, **more):
    return Sent.of(s3.upload_part(Bucket=bucket, Key=name, UploadId=upload, PartNumber=number,
                                  Body=data, **more))


def listed(etags):
    """Parts as Complete lists them."""
    return [{"PartNumber": number, "ETag": str(etag), **getattr(etag, "sums", {})}
            for number, etag in sorted(etags.items())]


def complete(s3, bucket, name, upload, etags, **more):
    return s3.complete_multipart_upload(Bucket=bucket, Key=name, UploadId=upload,
                                        MultipartUpload={"Parts": listed(etags)}, **more)


def refused(call, *arguments, **named):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(*arguments, **named)
    return caught.value.response["Error"]["Code"]
