"""Clients and stores that fall silent, go away or talk nonsense in the middle of a call."""

import random
import threading
import time

import pytest
from gateways import Server, eventually
from relay import Relay, cut_body, nothing, passes, says, then_silence, then_stuck
from signing import UNSIGNED, Signer, sha256, sized
from wire import Wire

BUCKET = "broken"
CHUNK = 65536
DATA = random.Random(1).randbytes(3_000_000)
STORED = 64 + len(DATA) + 16 * -(-len(DATA) // CHUNK) + 80
# More than the sockets on the way hold.
LARGE = bytes(40 << 20)
CUTS = [0, 1, 63, 64, 65, 64 + CHUNK + 15, 64 + CHUNK + 16, STORED // 2, STORED - 81, STORED - 1]
# Seconds within which a call must have ended that somebody left a second without a word.
SOON = 10
HASTY = pytest.mark.parametrize("silence", [1])


@pytest.fixture(scope="module", autouse=True)
def objects(s3):
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="data", Body=DATA)
    s3.put_object(Bucket=BUCKET, Key="large", Body=LARGE)


@pytest.fixture
def relay(demo):
    relay = Relay(demo.address("BACKEND_ENDPOINT_URL"))
    yield relay
    relay.refuse()


@pytest.fixture
def silence():
    """Seconds that anybody may be silent."""
    return 60


@pytest.fixture
def gateway(demo, relay, silence, tmp_path):
    """A gateway behind the relay, with the demo's keys. It must be able to end afterwards."""
    with Server(tmp_path / "server", demo, relay.address, demo.folder / "keyring.yaml",
                silence=f"{silence}s") as gateway:
        yield gateway


@pytest.fixture
def wire(gateway):
    with Wire(gateway.address()) as wire:
        yield wire


@pytest.fixture
def old(s3):
    """An object that must stand as it is."""
    s3.put_object(Bucket=BUCKET, Key="old", Body=b"old")
    yield "old"
    assert s3.get_object(Bucket=BUCKET, Key="old")["Body"].read() == b"old"


def get(gateway, name, **headers):
    return Signer(gateway.credentials()).head("GET", f"/{BUCKET}/{name}", UNSIGNED, headers)


def put(gateway, name, body, length=None, hash=UNSIGNED):
    head = Signer(gateway.credentials()).head("PUT", f"/{BUCKET}/{name}", hash)
    return sized(head, body, length)


def serves(gateway, relay):
    """Whether all is well as soon as the store is."""
    relay.uploads = relay.answers = passes
    with Wire(gateway.address()) as wire:
        wire.send(put(gateway, "again", DATA))
        assert wire.answer().status == 200, gateway.log_text()
        wire.send(get(gateway, "again"))
        return wire.answer().body == DATA


def broken(answer, data=DATA):
    """Not the whole, but nothing false: an error, or less than was announced."""
    if answer.status == 200:
        assert not answer.whole and len(answer.body) < len(data)
        assert data.startswith(answer.body)
    else:
        unavailable(answer)


def unavailable(answer):
    assert (answer.status, answer.code) in [(503, "ServiceUnavailable"), (500, "InternalError")]
    assert answer.whole


@pytest.fixture
def soon():
    """A broken call ends before patience does."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SOON


# --- the store -----------------------------------------------------------------------------------


@pytest.mark.parametrize("after", CUTS)
def test_an_answer_that_is_cut_never_ends_cleanly(gateway, relay, wire, after):
    relay.answers = cut_body(after)
    wire.send(get(gateway, "data"))
    broken(wire.answer())
    assert wire.has_ended()
    assert serves(gateway, relay)


@pytest.mark.parametrize("after", [1, CHUNK, 2 * CHUNK])
def test_a_range_that_is_cut_never_ends_cleanly(gateway, relay, wire, after):
    relay.answers = cut_body(after)
    wire.send(get(gateway, "data", range="bytes=100000-400000"))
    answer = wire.answer()
    assert answer.status == 206 and not answer.whole
    assert DATA[100_000:400_000].startswith(answer.body)
    assert serves(gateway, relay)


@pytest.mark.parametrize("after", CUTS)
def test_an_upload_that_is_cut_stores_nothing(gateway, relay, wire, old, after):
    relay.uploads = cut_body(after)
    wire.send(put(gateway, old, DATA))
    unavailable(wire.answer())
    eventually(lambda: relay.open == 0, "the store is still held")
    assert serves(gateway, relay)


@HASTY
@pytest.mark.parametrize("call", ["get", "range", "put", "list", "buckets", "delete"])
@pytest.mark.parametrize("fault", ["refuses", "garbage", "silent"])
def test_a_store_that_does_not_answer_is_told_to_the_client(
        gateway, relay, wire, soon, old, call, fault):
    relay.uploads = then_silence(nothing)
    if fault == "refuses":
        relay.refuse()
    elif fault == "garbage":
        relay.answers = then_silence(says(b"220 mail.example ESMTP ready\r\n"))
    sign = Signer(gateway.credentials()).head
    wire.send({
        "get": lambda: get(gateway, "data"),
        "range": lambda: get(gateway, "data", range="bytes=5-9"),
        "put": lambda: put(gateway, old, DATA),
        "list": lambda: sign("GET", f"/{BUCKET}?list-type=2", UNSIGNED),
        "buckets": lambda: sign("GET", "/", UNSIGNED),
        "delete": lambda: sign("DELETE", f"/{BUCKET}/{old}", UNSIGNED),
    }[call]())
    unavailable(wire.answer())


@HASTY
@pytest.mark.parametrize("after", [0, 64, STORED // 2, STORED - 1])
def test_a_store_that_falls_silent_is_given_up(gateway, relay, wire, soon, after):
    relay.answers = then_silence(cut_body(after))
    wire.send(get(gateway, "data"))
    broken(wire.answer())
    assert wire.has_ended()
    eventually(lambda: relay.open == 0, "the store is still held")


@HASTY
def test_a_store_that_stops_reading_is_given_up(gateway, relay, wire, soon, old):
    released = threading.Event()
    relay.uploads = then_stuck(cut_body(100_000), released)
    wire.send(put(gateway, old, LARGE))
    unavailable(wire.answer())
    released.set()


@pytest.mark.parametrize("hash", [sha256(b"other"), UNSIGNED], ids=["wrong", "none"])
def test_a_store_that_is_content_too_early_is_not_believed(gateway, relay, wire, old, hash):
    """The body is proven at its end; until then nobody may say that it is stored."""
    relay.uploads = then_silence(nothing)
    relay.answers = then_silence(says(b'HTTP/1.1 200 OK\r\ncontent-length: 0\r\netag: "a"\r\n\r\n'))
    wire.send(put(gateway, old, b"", length=len(DATA), hash=hash), DATA[:1000])
    unavailable(wire.answer())


@pytest.mark.parametrize("words", [
    b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: a\r\n\r\nplain",
    b"HTTP/1.1 307 Temporary Redirect\r\nlocation: http://store/\r\ncontent-length: 0\r\n\r\n",
], ids=["protocol", "place"])
def test_what_the_store_says_to_the_gateway_is_not_passed_on(gateway, relay, wire, words):
    """To another protocol, or to another place."""
    relay.answers = then_silence(says(words))
    wire.send(get(gateway, "data"))
    unavailable(wire.answer())
    assert wire.has_ended()


@pytest.mark.parametrize("target", ["/", f"/{BUCKET}", f"/{BUCKET}/data"])
def test_a_refusal_of_our_own_credentials_is_not_told_as_the_clients(gateway, relay, wire, target):
    relay.answers = then_silence(says(
        b"HTTP/1.1 403 Forbidden\r\ncontent-type: application/xml\r\ncontent-length: 49\r\n\r\n"
        b"<Error><Code>SignatureDoesNotMatch</Code></Error>"))
    wire.send(Signer(gateway.credentials()).head("GET", target, UNSIGNED, {}))
    answer = wire.answer()
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert "backend refuses the gateway itself: 403 SignatureDoesNotMatch" in gateway.log_text()


@pytest.mark.parametrize("target", ["/", f"/{BUCKET}"])
def test_a_listing_that_is_none_is_not_the_clients_fault(gateway, relay, wire, target):
    relay.answers = then_silence(says(
        b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n<html>welcome</html>"))
    wire.send(Signer(gateway.credentials()).head("GET", target, UNSIGNED))
    unavailable(wire.answer())


# --- clients -------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["reset", "close", "finish_sending"])
@pytest.mark.parametrize("sent", [0, 1000, len(DATA) - 1])
def test_an_upload_whose_client_goes_away_stores_nothing(gateway, relay, wire, old, how, sent):
    wire.send(put(gateway, old, DATA[:sent], length=len(DATA)))
    eventually(lambda: relay.open == 1, "the upload does not begin")
    getattr(wire, how)()
    eventually(lambda: relay.open == 0, "the store is still held")
    assert serves(gateway, relay)


@pytest.mark.parametrize("how", ["reset", "close"])
def test_a_client_that_goes_away_frees_the_store(gateway, relay, wire, how):
    wire.send(get(gateway, "large"))
    assert wire.head().status == 200
    wire.read(100_000)
    getattr(wire, how)()
    eventually(lambda: relay.open == 0, "the store is still held")
    assert serves(gateway, relay)


@HASTY
def test_a_client_that_falls_silent_is_told_so(gateway, relay, wire, soon, old):
    wire.send(put(gateway, old, DATA[:100_000], length=len(DATA)))
    answer = wire.answer()
    assert (answer.status, answer.code) == (400, "RequestTimeout")
    assert wire.has_ended()
    eventually(lambda: relay.open == 0, "the store is still held")


@HASTY
def test_a_client_that_drips_less_than_a_chunk_in_all_that_time_is_told_so(gateway, wire, old):
    wire.send(put(gateway, old, b"", length=100))
    deadline = time.monotonic() + 10
    while not wire.readable(0.2):
        assert time.monotonic() < deadline
        wire.send(b"d")
    answer = wire.answer()
    assert (answer.status, answer.code) == (400, "RequestTimeout")


@HASTY
def test_a_client_that_does_not_read_is_given_up(gateway, relay, wire, soon):
    wire.send(get(gateway, "large"))
    eventually(lambda: relay.open == 1, "the download does not begin")
    eventually(lambda: relay.open == 0, "the store is still held")
    answer = wire.answer()
    assert answer.status == 200 and not answer.whole


@pytest.mark.parametrize("silence", [2])
def test_a_slow_client_that_never_falls_silent_is_served(gateway, wire, s3, silence):
    """Both ways, for longer than anybody may be silent."""
    steps, pause = 8, silence / 6
    wire.send(put(gateway, "slow", b"", length=len(DATA)))
    for at in range(0, len(DATA), len(DATA) // steps):
        time.sleep(pause)
        wire.send(DATA[at:at + len(DATA) // steps])
    assert wire.answer().status == 200
    assert s3.get_object(Bucket=BUCKET, Key="slow")["Body"].read() == DATA
    wire.send(get(gateway, "large"))
    assert wire.head().status == 200
    for _ in range(steps):
        time.sleep(pause)
        assert wire.read(len(LARGE) // steps) == LARGE[:len(LARGE) // steps]
