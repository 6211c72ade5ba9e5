"""A bucket in the host's name or in the path: the same object, under the same signature rules."""

import pytest
from gateways import Server
from signing import UNSIGNED, Signer, sized
from wire import Wire

BUCKET = "virtual-hosts"
BODY = b"the same object"


@pytest.fixture(scope="module")
def gateway(demo, s3, tmp_path_factory):
    s3.create_bucket(Bucket=BUCKET)
    with Server(tmp_path_factory.mktemp("addressing") / "server", demo,
                demo.address("BACKEND_ENDPOINT_URL"), demo.folder / "keyring.yaml") as gateway:
        yield gateway


def call(gateway, host, method, target, body=None, signed_host=None):
    signer = Signer(gateway.credentials())
    signer.host = signed_host or host
    head = signer.head(method, target, UNSIGNED)
    if signed_host:
        head = head.replace(f"host: {signed_host}".encode(), f"host: {host}".encode())
    with Wire(gateway.address()) as wire:
        wire.send(head if body is None else sized(head, body))
        return wire.answer(method)


@pytest.mark.parametrize("host", [
    f"{BUCKET}.s3.example.com", f"{BUCKET}.s3.example.com:8080", f"{BUCKET}.S3.EXAMPLE.com",
    f"{BUCKET}.objects.test"])
def test_a_bucket_in_the_host_is_the_bucket_in_the_path(gateway, host):
    put = call(gateway, host, "PUT", "/a/b%20c", BODY)
    assert put.status == 200
    for other, target in [(host, "/a/b%20c"), ("s3.example.com", f"/{BUCKET}/a/b%20c"),
                          ("10.1.2.3:9000", f"/{BUCKET}/a/b%20c"), ("[::1]:9000", f"/{BUCKET}/a/b%20c")]:
        got = call(gateway, other, "GET", target)
        assert (got.status, got.body) == (200, BODY), other
    assert call(gateway, host, "DELETE", "/a/b%20c").status == 204


def test_a_listing_of_the_hosts_bucket(gateway):
    call(gateway, f"{BUCKET}.s3.example.com", "PUT", "/listed", BODY)
    listed = call(gateway, f"{BUCKET}.s3.example.com", "GET", "/?list-type=2")
    assert listed.status == 200 and b"<Key>listed</Key>" in listed.body
    assert f"<Size>{len(BODY)}</Size>".encode() in listed.body


def test_a_host_that_nobody_configured_names_no_bucket(gateway):
    got = call(gateway, f"{BUCKET}.elsewhere.example", "GET", "/listed")
    assert got.status in (403, 404) and BODY not in got.body


def test_another_host_than_the_signed_one_is_refused(gateway):
    got = call(gateway, "other.s3.example.com", "GET", "/listed",
               signed_host=f"{BUCKET}.s3.example.com")
    assert (got.status, got.code) == (403, "SignatureDoesNotMatch")
