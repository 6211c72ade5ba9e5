"""Signed calls on the objects of one bucket, and uploads in frames that something is wrong with."""

import base64
import re
import zlib

import botocore.exceptions
import pytest
from signing import FRAMES, FRAMES_TRAILER, UNSIGNED, UNSIGNED_FRAMES_TRAILER, frame, sized

BUCKET = "bad-requests"
PIECES = [b"a" * 65536, b"b" * 65536, b"c" * 1000]
DATA = b"".join(PIECES)
TRAILER = b"x-amz-checksum-crc32:" + base64.b64encode(zlib.crc32(DATA).to_bytes(4, "big"))
WRONG_TRAILER = b"x-amz-checksum-crc32:" + base64.b64encode(bytes(4))
SIGNED = [FRAMES, FRAMES_TRAILER]
TRAILED = [FRAMES_TRAILER, UNSIGNED_FRAMES_TRAILER]
FRAMED = [FRAMES, FRAMES_TRAILER, UNSIGNED_FRAMES_TRAILER]


def head(signer, method, name, payload=UNSIGNED, query="", **headers):
    headers = {header.replace("_", "-"): value for header, value in headers.items()}
    return signer.head(method, f"/{BUCKET}/{name}{query}", payload, headers)


def framed(signer, name, payload, spoil=lambda frames: frames, decoded=len(DATA), trailer=TRAILER):
    """An upload of the pieces in frames. The frame that ends them takes the trailer along."""
    headers = {"x_amz_decoded_content_length": str(decoded)}
    if payload in TRAILED:
        headers["x_amz_trailer"] = "x-amz-checksum-crc32"
    start = head(signer, "PUT", name, payload, content_encoding="aws-chunked", **headers)
    make = signer.frame if payload in SIGNED else frame
    frames = [make(piece) for piece in [*PIECES, b""]]
    if payload in TRAILED:
        frames[-1] += signer.trailer(trailer) if payload in SIGNED else trailer + b"\r\n"
    frames[-1] += b"\r\n"
    return sized(start, b"".join(spoil(frames)))


def changed(frames, at, old, new):
    """The frames with one of them altered, which it really is."""
    altered = re.sub(old, new, frames[at], count=1)
    assert altered != frames[at]
    return [altered if frame is frames[at] else frame for frame in frames]


def wrong_signature(at, kind=b"chunk-signature="):
    """Turns the first digit of a frame's signature."""
    turn = lambda found: found[1] + (b"1" if found[2] == b"0" else b"0")
    return lambda frames: changed(frames, at, b"(" + kind + b")(.)", turn)


def refused(answer, status, code):
    assert (answer.status, answer.code, answer.whole) == (status, code, True), answer.body
    assert answer.says("RequestId") == answer.headers["x-amz-request-id"]


def absent(s3, name):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        s3.head_object(Bucket=BUCKET, Key=name)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
