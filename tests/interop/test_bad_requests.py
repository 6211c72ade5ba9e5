"""Requests that no client should send: refused in S3's words, and nothing of them is stored."""

import datetime

import pytest
from signing import UNSIGNED, Signer, sha256, sized
from uploads import BUCKET, DATA, head, refused

# --- who asks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [16, -16])
def test_a_clock_may_not_be_wrong_by_more_than_a_quarter_of_an_hour(demo, wire, good, minutes):
    late = Signer(demo.credentials(), datetime.timedelta(minutes=minutes))
    wire.send(sized(head(late, "PUT", good), b"bad"))
    refused(wire.answer(), 403, "RequestTimeTooSkewed")


@pytest.mark.parametrize("minutes", [14, -14])
def test_a_clock_may_be_a_little_wrong(demo, wire, good, minutes):
    late = Signer(demo.credentials(), datetime.timedelta(minutes=minutes))
    wire.send(head(late, "GET", good))
    assert wire.answer().body == b"good"


@pytest.mark.parametrize("wrong, code", [
    ({"AWS_ACCESS_KEY_ID": "DEMOUNKNOWN"}, "InvalidAccessKeyId"),
    ({"AWS_SECRET_ACCESS_KEY": "x" * 40}, "SignatureDoesNotMatch")])
def test_wrong_credentials_store_nothing(demo, wire, good, wrong, code):
    stranger = Signer(demo.credentials() | wrong)
    wire.send(sized(head(stranger, "PUT", good), b"bad"))
    refused(wire.answer(), 403, code)


def test_a_region_that_is_not_ours_is_refused(demo, wire, good):
    elsewhere = Signer(demo.credentials() | {"AWS_REGION": "mars-north-1"})
    wire.send(sized(head(elsewhere, "PUT", good), b"bad"))
    refused(wire.answer(), 400, "AuthorizationHeaderMalformed")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_nobody_may_do_nothing(demo, wire, good, method):
    wire.send(sized(f"{method} /{BUCKET}/{good} HTTP/1.1\r\nhost: {demo.address()}\r\n\r\n"
                    .encode(), b"bad" if method == "PUT" else b""))
    refused(wire.answer(), 403, "AccessDenied")


def test_a_signature_is_good_for_its_own_object_only(signer, wire, good):
    signed = sized(head(signer, "PUT", "another"), b"bad")
    wire.send(signed.replace(b"/another ", f"/{good} ".encode()))
    refused(wire.answer(), 403, "SignatureDoesNotMatch")


def test_a_header_that_nobody_signed_is_refused(signer, wire, good):
    signed = sized(head(signer, "PUT", good), b"bad")
    wire.send(signed.replace(b"\r\n", b"\r\nx-amz-storage-class: GLACIER\r\n", 1))
    refused(wire.answer(), 403, "AccessDenied")


# --- what is asked for ---------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["x_amz_meta_sealgate", "x_amz_meta_sealgate_x",
                                    "x_obs_meta_sealgate_mac"])
def test_metadata_of_the_gateway_is_refused(signer, wire, good, header):
    wire.send(sized(head(signer, "PUT", good, **{header: "v"}), b"bad"))
    refused(wire.answer(), 400, "InvalidArgument")


@pytest.mark.parametrize("header", ["x_amz_teleport", "x_obs_teleport", "x_amz_rename_source",
                                    "x_amz_write_offset_bytes", "x_minio_extract"])
def test_headers_that_mean_something_unknown_are_refused(signer, wire, good, header):
    wire.send(sized(head(signer, "PUT", good, **{header: "v"}), b"bad"))
    refused(wire.answer(), 501, "NotImplemented")


@pytest.mark.parametrize("method, query", [
    ("GET", "?torrent"), ("GET", "?x-image-process=style"), ("GET", "?x-amz-copy-source=a"),
    ("PUT", "?append&position=0"), ("PUT", "?x-amz-copy-source=a"), ("PUT", "?truncate&length=1"),
    ("PUT", "?modify&position=0"), ("PUT", "?renameObject"), ("POST", "?append&position=0"),
    ("POST", "?select&select-type=2"), ("POST", "?rename&name=a"), ("DELETE", "?x-obs-a"),
    ("PATCH", "")])
def test_operations_that_are_not_known_are_refused(signer, wire, good, method, query):
    start = head(signer, method, good, query=query)
    wire.send(start if method in ("GET", "DELETE") else sized(start, b""))
    refused(wire.answer(), 501, "NotImplemented")


def test_reads_take_no_body(signer, wire, good):
    wire.send(sized(head(signer, "GET", good), b"body"))
    refused(wire.answer(), 400, "InvalidRequest")


# --- connections ---------------------------------------------------------------------------------


def test_a_client_that_waits_is_told_to_continue(s3, signer, wire, stored, name):
    stored.add(name)
    for body in [DATA, b"again"]:
        wire.send(sized(head(signer, "PUT", name, expect="100-continue"), b"", length=len(body)))
        assert wire.head().status == 100
        wire.send(body)
        assert wire.answer().status == 200
        assert s3.get_object(Bucket=BUCKET, Key=name)["Body"].read() == body
    wire.send(head(signer, "GET", name))
    assert wire.answer().body == b"again"


def test_a_client_that_waits_is_refused_before_its_body(demo, wire, good):
    stranger = Signer(demo.credentials() | {"AWS_SECRET_ACCESS_KEY": "x" * 40})
    wire.send(sized(head(stranger, "PUT", good, expect="100-continue"), b"", length=len(DATA)))
    refused(wire.answer(), 403, "SignatureDoesNotMatch")


def test_requests_in_a_row_are_answered_in_their_order_or_not_at_all(signer, wire, good):
    wire.send(*(head(signer, "GET", name) for name in [good, "nothing", good]))
    assert wire.answer().body == b"good"
    if second := wire.answer_if_any():
        assert second.code == "NoSuchKey"
        assert wire.answer().body == b"good"
    else:
        assert wire.has_ended()


def test_a_connection_goes_on_after_a_refusal(demo, signer, wire, good):
    stranger = Signer(demo.credentials() | {"AWS_SECRET_ACCESS_KEY": "x" * 40})
    for _ in range(3):
        wire.send(head(stranger, "GET", good))
        refused(wire.answer(), 403, "SignatureDoesNotMatch")
        wire.send(head(signer, "GET", good))
        assert wire.answer().body == b"good"


def test_a_client_that_wants_to_close_is_closed(signer, wire, good):
    wire.send(head(signer, "GET", good, connection="close"))
    assert wire.answer().body == b"good"
    assert wire.has_ended()


@pytest.mark.parametrize("wrong", ["secret", "header", "hash"])
def test_after_a_refused_upload_the_connection_goes_on_or_ends(demo, signer, wire, good, wrong):
    said = demo.credentials() | ({"AWS_SECRET_ACCESS_KEY": "x" * 40} if wrong == "secret" else {})
    teleport = {"x_amz_teleport": "1"} if wrong == "header" else {}
    payload = sha256(b"other") if wrong == "hash" else UNSIGNED
    wire.send(sized(head(Signer(said), "PUT", good, payload, **teleport), DATA))
    first = wire.answer()
    assert first.status >= 400 and first.whole
    if first.headers.get("connection") == "close":
        assert wire.has_ended()
    else:
        wire.send(head(signer, "GET", good))
        assert wire.answer().body == b"good"


@pytest.mark.parametrize("garbage", [
    b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nhost: a\r\nno colon\r\n\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nhost: a\r\n\r\n"])
def test_what_is_not_a_request_ends_the_connection(wire, garbage):
    wire.send(garbage)
    wire.finish_sending()
    answer = wire.answer_if_any()
    assert answer is None or 400 <= answer.status < 500
    assert wire.has_ended()


def test_errors_of_the_store_carry_the_id_that_our_log_has(demo, signer, wire):
    wire.send(head(signer, "GET", "nothing"))
    refused(answer := wire.answer(), 404, "NoSuchKey")
    assert answer.says("Resource") == f"/{BUCKET}/nothing"
    assert answer.headers["x-amz-request-id"] in demo.log_text()


def test_a_refusal_is_in_the_log_without_secrets(demo, signer, wire, good):
    wire.send(sized(head(signer, "PUT", good, sha256(b"other")), DATA))
    answer = wire.answer()
    line, = [line for line in demo.log_text().splitlines()
             if answer.headers["x-amz-request-id"] in line and "INFO" in line]
    assert "PutObject 400" in line and "XAmzContentSHA256Mismatch" in line
    told = demo.log_text()
    digests = [sha256(b"other"), sha256(DATA), sha256(b"good")]
    for secret in [*demo.secrets(), *Signer.made, signer.key.hex(), *digests]:
        assert secret not in told


@pytest.mark.parametrize("query, status, code", [
    ("?x-amz-acl=private", 400, "InvalidArgument"),
    ("?x-amz-copy-source=%2Fbucket%2Fother", 501, "NotImplemented"),
    ("?x-amz-meta-sealgate=%7B%7D", 400, "InvalidArgument"),
    ("?x-amz-meta-snowball-auto-extract=true", 501, "NotImplemented"),
    ("?x-amz-server-side-encryption-customer-key=a2V5", 400, "InvalidArgument"),
])
def test_parameters_are_no_way_round_headers(signer, wire, good, name, query, status, code):
    wire.send(head(signer, "PUT", name, query=query, x_amz_acl="public-read", content_length="3"),
              b"bad")
    refused(wire.answer(), status, code)
