"""A store whose ETags of multipart objects do not tell their number of parts, made of one whose do."""

import re

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

COUNTED = re.compile(rb'([0-9a-f]{32})-([0-9]")')
UNCOUNTED = re.compile(rb'([0-9a-f]{32})f([0-9]")')


def without_counts(pieces):
    """Takes the count out of ETags, and leaves every length as it is."""
    for piece in pieces:
        yield COUNTED.sub(rb"\1f\2", piece)


def with_counts(credentials):
    """Puts the count back, and signs again what was signed over. Such requests have no body."""
    def put_back(pieces):
        for piece in pieces:
            counted = UNCOUNTED.sub(rb"\1-\2", piece)
            has_body = counted == piece or b"<CompleteMultipartUpload" in piece
            yield counted if has_body else signed(counted, credentials)
    return put_back


def signed(head, credentials):
    lines = head.decode().split("\r\n")
    method, target, version = lines[0].split(" ")
    headers = dict(line.split(": ", 1) for line in lines[1:] if line)
    headers = {name.title(): value for name, value in headers.items()}
    for name in ["Authorization", "X-Amz-Date"]:
        del headers[name]
    request = AWSRequest(method, f"http://{headers['Host']}{target}", headers)
    S3SigV4Auth(Credentials(credentials["AWS_ACCESS_KEY_ID"],
                            credentials["AWS_SECRET_ACCESS_KEY"]),
                "s3", credentials["AWS_REGION"]).add_auth(request)
    told = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    return f"{method} {target} {version}\r\n{told}\r\n".encode()
