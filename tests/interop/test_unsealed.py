"""Rules with `protect: none`: what clients see is what the store would show them."""

import pytest
from gateways import Server
from parts import MIN, begin, complete, data_of, put
from signing import Signer, sha256, sized
from wire import Wire


@pytest.fixture(scope="module")
def gateway(demo, tmp_path_factory):
    rules = '  - {name: open, match: {bucket: "unsealed"}, protect: none}'
    with Server(tmp_path_factory.mktemp("unsealed") / "server", demo,
                demo.address("BACKEND_ENDPOINT_URL"), demo.folder / "keyring.yaml",
                rules=rules) as gateway:
        gateway.client().create_bucket(Bucket="unsealed")
        yield gateway


def test_parts_are_read_by_their_numbers(gateway, name):
    s3 = gateway.client()
    upload = begin(s3, "unsealed", name)
    parts = {1: data_of(MIN), 2: b"the end"}
    etags = {number: put(s3, "unsealed", name, upload, number, part)
             for number, part in parts.items()}
    complete(s3, "unsealed", name, upload, etags)
    got = s3.get_object(Bucket="unsealed", Key=name, PartNumber=2)
    assert got["Body"].read() == b"the end"


def test_nothing_under_another_hash_does_not_replace_an_object(gateway, name):
    s3 = gateway.client()
    s3.put_object(Bucket="unsealed", Key=name, Body=b"stays")
    head = Signer(gateway.credentials()).head("PUT", f"/unsealed/{name}", sha256(b"other"))
    with Wire(gateway.address()) as wire:
        wire.send(sized(head, b""))
        assert wire.answer().code == "XAmzContentSHA256Mismatch"
    assert s3.get_object(Bucket="unsealed", Key=name)["Body"].read() == b"stays"
