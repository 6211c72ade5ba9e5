"""Requests that are made to be read in two ways, or never to end."""

import pytest
from signing import UNSIGNED, sized
from uploads import BUCKET, DATA, absent, head


def refused_or_ended(wire):
    answer = wire.answer_if_any()
    assert answer is None or 400 <= answer.status < 500
    return answer


pytestmark = pytest.mark.usefixtures("stored")


def test_the_same_upload_without_tricks_is_stored(s3, signer, wire, stored, name):
    stored.add(name)
    start = head(signer, "PUT", name, UNSIGNED).removesuffix(b"\r\n\r\n")
    wire.send(start, b"\r\ncontent-length: 5\r\nx-filler: a\r\n\r\nhello")
    assert wire.answer().status == 200
    assert s3.get_object(Bucket=BUCKET, Key=name)["Body"].read() == b"hello"


@pytest.mark.parametrize("lengths", [
    b"content-length: 5\r\ncontent-length: 6\r\n",
    b"content-length: 5, 6\r\n",
    b"content-length: +5\r\n",
    b"content-length: 0x5\r\n",
    b"content-length: 18446744073709551616\r\n",
    b"content-length: -1\r\n",
    b"transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n",
    b"transfer-encoding: xchunked\r\n",
    b"transfer-encoding: chunked\r\ncontent-length: 5\r\n",
    b"content-length: 5\r\nupgrade: h2c\r\nconnection: upgrade\r\n",
])
def test_lengths_that_can_be_read_in_two_ways_store_nothing(s3, signer, wire, name, lengths):
    start = head(signer, "PUT", name, UNSIGNED).removesuffix(b"\r\n\r\n")
    wire.send(start, b"\r\n", lengths, b"\r\n", b"hello")
    refused_or_ended(wire)
    absent(s3, name)


@pytest.mark.parametrize("lines", [
    [b"x-filler-%d: a\r\n" % number for number in range(10_000)],
    [b"x-filler: " + b"a" * 2_000_000 + b"\r\n"],
    [b"x-filler\r\n"],
    [b"x filler: a\r\n"],
    [b"x-filler: a\x00b\r\n"],
    [b" folded: a\r\n"],
], ids=["many", "long", "no colon", "blank", "null", "folded"])
def test_heads_beyond_all_measure_are_refused(s3, signer, wire, name, lines):
    start = head(signer, "PUT", name, UNSIGNED).removesuffix(b"\r\n\r\n")
    try:
        wire.send(start, b"\r\ncontent-length: 5\r\n", *lines, b"\r\nhello")
    except OSError:
        pass  # ended while we were still sending
    refused_or_ended(wire)
    absent(s3, name)


def test_a_target_beyond_all_measure_is_refused(s3, wire):
    wire.send(b"GET /", BUCKET.encode(), b"/", b"a" * 2_000_000, b" HTTP/1.1\r\nhost: a\r\n\r\n")
    refused_or_ended(wire)
    s3.head_bucket(Bucket=BUCKET)


@pytest.mark.parametrize("size", [b"ffffffffffffffff", b"10000000000000000", b"-1", b"8000000000000000"])
def test_frame_sizes_near_the_end_of_numbers_store_nothing(s3, signer, wire, name, size):
    start = head(signer, "PUT", name, "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
                 x_amz_decoded_content_length=str(len(DATA)), content_encoding="aws-chunked")
    wire.send(sized(start, size + b"\r\n" + DATA[:1000]))
    refused_or_ended(wire)
    absent(s3, name)
