"""Bodies that are not what their heads say: refused in S3's words, and nothing of them stored."""

import re

import pytest
from signing import FRAMES, FRAMES_TRAILER, UNSIGNED_FRAMES_TRAILER, frame, sha256, sized
from uploads import BUCKET, DATA, FRAMED, PIECES, SIGNED, TRAILED, TRAILER, WRONG_TRAILER
from uploads import absent, changed, framed, head, refused, wrong_signature


def test_a_hash_that_is_right_stores_the_object(s3, signer, wire, stored, name):
    stored.add(name)
    wire.send(sized(head(signer, "PUT", name, sha256(DATA)), DATA))
    assert wire.answer().status == 200
    assert s3.get_object(Bucket=BUCKET, Key=name)["Body"].read() == DATA


@pytest.mark.parametrize("body", [b"", b"bad", DATA])
def test_a_wrong_hash_leaves_what_stood_there(signer, wire, good, body):
    wire.send(sized(head(signer, "PUT", good, sha256(b"other")), body))
    refused(wire.answer(), 400, "XAmzContentSHA256Mismatch")


def test_a_wrong_hash_stores_nothing(s3, signer, wire, name):
    wire.send(sized(head(signer, "PUT", name, sha256(b"other")), DATA))
    refused(wire.answer(), 400, "XAmzContentSHA256Mismatch")
    absent(s3, name)


@pytest.mark.parametrize("sent", [0, 1, 65536, len(DATA) - 1])
def test_a_body_that_ends_early_stores_nothing(s3, signer, wire, name, sent):
    wire.send(sized(head(signer, "PUT", name), DATA[:sent], length=len(DATA)))
    wire.finish_sending()
    if answer := wire.answer_if_any():
        refused(answer, 400, "IncompleteBody")
    assert wire.has_ended()
    absent(s3, name)


@pytest.mark.parametrize("length", [None, "-1", "1e3", "18446744073709551616"])
def test_an_upload_without_a_sound_length_is_refused(signer, wire, good, length):
    start = head(signer, "PUT", good)
    wire.send(start if length is None
              else start[:-2] + f"content-length: {length}\r\n\r\n".encode())
    if length is None:
        refused(wire.answer(), 411, "MissingContentLength")
    else:
        assert wire.answer().status == 400


def test_an_upload_of_unknown_length_is_refused(signer, wire, good):
    wire.send(head(signer, "PUT", good, transfer_encoding="chunked"), b"3\r\nbad\r\n0\r\n\r\n")
    refused(wire.answer(), 411, "MissingContentLength")


@pytest.mark.parametrize("framing", ["content-length: 4", "transfer-encoding: chunked"])
def test_a_body_with_two_lengths_is_refused(signer, wire, good, framing):
    signed = sized(head(signer, "PUT", good), b"0\r\n\r\n")
    wire.send(signed.replace(b"\r\n", f"\r\n{framing}\r\n".encode(), 1))
    assert wire.answer().status in (400, 411)
    assert wire.has_ended()


# --- frames --------------------------------------------------------------------------------------


@pytest.mark.parametrize("payload", FRAMED)
def test_frames_store_the_object_without_them(s3, signer, wire, stored, name, payload):
    stored.add(name)
    wire.send(framed(signer, name, payload))
    assert wire.answer().status == 200
    got = s3.get_object(Bucket=BUCKET, Key=name)
    assert got["Body"].read() == DATA and "ContentEncoding" not in got


def test_frames_may_come_in_chunks(s3, signer, wire, stored, name):
    """Two framings, one in the other, as SDKs stream."""
    stored.add(name)
    start, body = framed(signer, name, UNSIGNED_FRAMES_TRAILER).split(b"\r\n\r\n", 1)
    start = re.sub(rb"(?m)^content-length: \d+", b"transfer-encoding: chunked", start)
    wire.send(start, b"\r\n\r\n", *(frame(body[at:at + 999]) for at in range(0, len(body), 999)),
              b"0\r\n\r\n")
    assert wire.answer().status == 200
    assert s3.get_object(Bucket=BUCKET, Key=name)["Body"].read() == DATA


def test_frames_with_two_lengths_are_refused(signer, wire, good):
    start, body = framed(signer, good, UNSIGNED_FRAMES_TRAILER).split(b"\r\n\r\n", 1)
    wire.send(start, b"\r\ntransfer-encoding: chunked\r\n\r\n", frame(body), b"0\r\n\r\n")
    refused(wire.answer(), 400, "InvalidRequest")
    assert wire.has_ended()


@pytest.mark.parametrize("payload", FRAMED)
@pytest.mark.parametrize("off", [-len(DATA), -1, 1, 70_000])
def test_frames_that_add_up_to_something_else_store_nothing(s3, signer, wire, name, payload, off):
    wire.send(framed(signer, name, payload, decoded=len(DATA) + off))
    refused(wire.answer(), 400, "IncompleteBody")
    absent(s3, name)


@pytest.mark.parametrize("payload", FRAMED)
@pytest.mark.parametrize("lost", [0, 1, 2, 3])
def test_a_lost_frame_stores_nothing(s3, signer, wire, name, payload, lost):
    wire.send(framed(signer, name, payload, lambda frames: frames[:lost] + frames[lost + 1:]))
    answer = wire.answer()
    assert (answer.status, answer.code) in [(400, "IncompleteBody"), (403, "SignatureDoesNotMatch")]
    absent(s3, name)


@pytest.mark.parametrize("payload", SIGNED)
@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_a_wrong_frame_signature_leaves_what_stood_there(signer, wire, good, payload, at):
    wire.send(framed(signer, good, payload, wrong_signature(at)))
    refused(wire.answer(), 403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("payload", SIGNED)
@pytest.mark.parametrize("at, old, new", [(0, b"\naa", b"\nab"), (1, b"b\r\n$", b"c\r\n")])
def test_a_changed_byte_in_a_frame_stores_nothing(s3, signer, wire, name, payload, at, old, new):
    wire.send(framed(signer, name, payload, lambda frames: changed(frames, at, old, new)))
    refused(wire.answer(), 403, "SignatureDoesNotMatch")
    absent(s3, name)


@pytest.mark.parametrize("payload", FRAMED)
@pytest.mark.parametrize("line", [
    b"xyz", b"", b"-1", b"+10000", b" 10000", b"0x10000", b"1" * 17, b"f" * 16, b"1" * 100_000,
    b"10000\xff", b"10000\n"])
def test_a_malformed_frame_size_stores_nothing(s3, signer, wire, name, payload, line):
    wire.send(framed(signer, name, payload, lambda frames: changed(frames, 1, b"^10000", line)))
    refused(wire.answer(), 400, "IncompleteBody")
    absent(s3, name)


def test_refusals_quote_no_digest_of_the_body(signer, wire, good):
    wire.send(framed(signer, good, FRAMES, wrong_signature(0)))
    answer = wire.answer()
    refused(answer, 403, "SignatureDoesNotMatch")
    assert sha256(PIECES[0]).encode() not in answer.body


def test_a_small_signed_frame_in_the_middle_is_refused(s3, signer, wire, name):
    wire.send(framed(signer, name, FRAMES, lambda frames: [frames[2], *frames[:2], frames[3]]))
    answer = wire.answer()
    assert answer.status in (400, 403)
    absent(s3, name)


@pytest.mark.parametrize("payload", TRAILED)
def test_a_wrong_trailing_checksum_leaves_what_stood_there(signer, wire, good, payload):
    wire.send(framed(signer, good, payload, trailer=WRONG_TRAILER))
    refused(wire.answer(), 400, "BadDigest")


@pytest.mark.parametrize("payload", TRAILED)
@pytest.mark.parametrize("trailer", [
    b"x-amz-checksum-sha1:AAAA", b"no colon", b"", b"x-amz-meta-a:b", TRAILER + b"\r\n" + TRAILER])
def test_another_trailer_than_announced_stores_nothing(s3, signer, wire, name, payload, trailer):
    wire.send(framed(signer, name, payload, trailer=trailer))
    answer = wire.answer()
    assert (answer.status, answer.code) in [(400, "MalformedTrailerError"), (400, "InvalidRequest"),
                                            (400, "IncompleteBody"), (403, "SignatureDoesNotMatch")]
    absent(s3, name)


def test_a_wrong_trailer_signature_stores_nothing(s3, signer, wire, name):
    spoil = wrong_signature(3, b"trailer-signature:")
    wire.send(framed(signer, name, FRAMES_TRAILER, spoil))
    refused(wire.answer(), 403, "SignatureDoesNotMatch")
    absent(s3, name)


@pytest.mark.parametrize("payload", FRAMED)
def test_bytes_after_the_last_frame_store_nothing(s3, signer, wire, name, payload):
    wire.send(framed(signer, name, payload, lambda frames: [*frames, b"more"]))
    refused(wire.answer(), 400, "IncompleteBody")
    absent(s3, name)
