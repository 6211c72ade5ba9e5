"""What the backend does to stored objects: never a plaintext byte of it, never a clean end."""

import pytest
from signing import UNSIGNED, Signer
from wire import Wire

CHUNK = 65536


@pytest.fixture(scope="module")
def sealed(s3, backend):
    """A sealed object, and how to store what was made of it."""
    s3.create_bucket(Bucket="tamper")
    data = bytes(range(256)) * 1024
    s3.put_object(Bucket="tamper", Key="good", Body=data)
    stored = backend.get_object(Bucket="tamper", Key="good")
    return data, stored["Body"].read(), stored["Metadata"]


def get(demo, key):
    with Wire(demo.address()) as wire:
        wire.send(Signer(demo.credentials()).head("GET", f"/tamper/{key}", UNSIGNED))
        return wire.answer()


def stored_is_refused(demo, backend, sealed, body, metadata=None, key="good", released=0):
    data, _, original = sealed
    backend.put_object(Bucket="tamper", Key=key, Body=body, Metadata=metadata or original)
    answer = get(demo, key)
    if answer.status == 200:
        assert not answer.whole, "a failed body ended cleanly"
        assert data.startswith(answer.body) and len(answer.body) <= released, len(answer.body)
    else:
        assert answer.code in ("AccessDenied", "InternalError") and answer.whole
    backend.put_object(Bucket="tamper", Key="good", Body=sealed[1], Metadata=original)


@pytest.mark.parametrize("at", [0, 20, 64, 70, 64 + CHUNK + 16, -1, -81, -97])
def test_an_altered_byte_is_never_released(demo, backend, sealed, at):
    body = bytearray(sealed[1])
    body[at] ^= 1
    position = at % len(body)
    chunk = max(0, (position - 64) // (CHUNK + 16))
    stored_is_refused(demo, backend, sealed, bytes(body), released=min(chunk, 3) * CHUNK)


def test_truncation_at_every_kind_of_place(demo, backend, sealed):
    body = sealed[1]
    for length in [0, 10, 64, 64 + CHUNK, 64 + 2 * (CHUNK + 16), len(body) - 80, len(body) - 1]:
        stored_is_refused(demo, backend, sealed, body[:length])


def test_swapped_chunks(demo, backend, sealed):
    body = sealed[1]
    one, two = slice(64, 64 + CHUNK + 16), slice(64 + CHUNK + 16, 64 + 2 * (CHUNK + 16))
    swapped = body[:64] + body[two] + body[one] + body[two.stop:]
    stored_is_refused(demo, backend, sealed, swapped)


def test_trailing_bytes(demo, backend, sealed):
    stored_is_refused(demo, backend, sealed, sealed[1] + b"x")


def test_another_objects_ciphertext(demo, backend, sealed):
    stored_is_refused(demo, backend, sealed, sealed[1], key="other")


def test_an_altered_envelope(demo, backend, sealed):
    _, body, metadata = sealed
    for name in ["sealgate", "sealgate-mac"]:
        text = metadata[name]
        altered = text[:-3] + ("A" if text[-3] != "A" else "B") + text[-2:]
        stored_is_refused(demo, backend, sealed, body, metadata | {name: altered})
        without = {key: value for key, value in metadata.items() if key != name}
        stored_is_refused(demo, backend, sealed, body, without)
    stored_is_refused(demo, backend, sealed, body, {"other": "x"})


def test_an_object_that_was_never_sealed_is_refused(demo, backend):
    backend.put_object(Bucket="tamper", Key="plain", Body=b"plain")
    answer = get(demo, "plain")
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert "object is not sealed" in answer.says("Message")
