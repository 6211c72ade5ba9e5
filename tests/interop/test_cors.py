"""Pages of another origin: the store has the bucket's rules, and is asked."""

import contextlib

import pytest
from forms import post
from gateways import Server, eventually
from relay import Relay, says, then_silence
from signing import UNSIGNED, Signer
from wire import Wire

ORIGIN = "https://page.example"
ALLOWED = (b"HTTP/1.1 200 OK\r\naccess-control-allow-origin: https://page.example\r\n"
           b"vary: Origin\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")


def heads(relay):
    """The requests that the store heard."""
    return [piece for piece in relay.heard if b" HTTP/1.1\r\n" in piece]


@pytest.fixture
def relay(demo):
    relay = Relay(demo.address("BACKEND_ENDPOINT_URL"))
    relay.heard = []

    def listens(pieces):
        for piece in pieces:
            relay.heard.append(piece)
            yield b""

    def answers(pieces):
        """One to each connection, once it has asked."""
        relay.answered += 1
        eventually(lambda: len(heads(relay)) >= relay.answered, "nobody asked")
        yield from then_silence(says(ALLOWED))(pieces)

    relay.answered, relay.uploads, relay.answers = 0, listens, answers
    yield relay
    relay.refuse()


@pytest.fixture
def gateway(demo, relay, tmp_path):
    with Server(tmp_path / "server", demo, relay.address,
                demo.folder / "keyring.yaml") as gateway:
        yield gateway


@pytest.fixture
def wire(gateway):
    with contextlib.closing(Wire(gateway.address())) as wire:
        yield wire


def test_a_preflight_is_passed_on_without_a_signature(relay, wire):
    wire.send(b"OPTIONS /cors/key HTTP/1.1\r\nhost: gateway\r\norigin: https://page.example\r\n"
              b"access-control-request-method: PUT\r\ncookie: secret\r\n\r\n")
    answer = wire.answer()
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    heard = b"".join(relay.heard).lower()
    assert heard.startswith(b"options /cors/key http/1.1\r\n")
    assert b"access-control-request-method: put" in heard
    assert b"authorization" not in heard and b"cookie" not in heard


def test_a_page_can_read_our_own_errors(relay, wire, gateway):
    stranger = Signer(gateway.credentials() | {"AWS_SECRET_ACCESS_KEY": "x" * 40})
    wire.send(stranger.head("GET", "/cors/key", UNSIGNED, {"origin": ORIGIN}))
    answer = wire.answer()
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert b"".join(relay.heard).startswith(b"OPTIONS /cors/key ")


def test_without_an_origin_nobody_is_asked(relay, wire, gateway):
    stranger = Signer(gateway.credentials() | {"AWS_SECRET_ACCESS_KEY": "x" * 40})
    wire.send(stranger.head("GET", "/cors/key", UNSIGNED, {}))
    assert "access-control-allow-origin" not in wire.answer().headers
    assert relay.heard == []


def test_a_page_can_read_what_became_of_its_form(relay, gateway):
    fields = gateway.client().generate_presigned_post("cors", "key")["fields"]
    answer, _ = post(gateway.address(), "cors", fields, b"file", {"Origin": ORIGIN})
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    put, options = heads(relay)
    assert put.startswith(b"PUT /cors/key ") and options.startswith(b"OPTIONS /cors ")
    assert b"access-control-request-method: post" in options.lower()
