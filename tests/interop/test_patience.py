"""Calls that take long: the client hears 200 and blanks, then how it ended."""

import threading
import xml.etree.ElementTree

import pytest
from gateways import Server
from parts import MIN, begin, data_of, listed, put
from relay import Relay
from signing import UNSIGNED, Signer, sha256, sized
from wire import Wire

BUCKET = "patience"
SILENCE = 3
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
RULES = """\
  - {name: sm4, match: {bucket: "sm4-*"}, default: {sse: AES256, algorithm: SM4}}
  - {name: everything, match: {bucket: "*"}}
"""


class Slow(Relay):
    """A relay whose answers can be held back."""

    def __init__(self, target):
        super().__init__(target)
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.answers = self.held

    def held(self, pieces):
        for piece in pieces:
            self.may_answer.wait(10 * SILENCE)
            yield piece


@pytest.fixture(scope="module")
def slow(demo):
    relay = Slow(demo.address("BACKEND_ENDPOINT_URL"))
    yield relay
    relay.refuse()


@pytest.fixture(scope="module")
def gateway(demo, slow, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("patience") / "server", demo, slow.address,
                demo.folder / "keyring.yaml", rules=RULES, state="sealgate-state",
                silence=f"{SILENCE}s") as gateway:
        s3 = gateway.client()
        for bucket in [BUCKET, "sm4-patience"]:
            s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=BUCKET, Key="source", Body=b"source")
        yield gateway


@pytest.fixture(scope="module")
def s3(gateway):
    return gateway.client()


def upload(s3, name):
    """An upload with its parts, and the query and body that complete it."""
    id = begin(s3, BUCKET, name)
    etags = {1: put(s3, BUCKET, name, id, 1, data_of(MIN)), 2: put(s3, BUCKET, name, id, 2, b"x")}
    return id, etags


def finish(etags):
    part = "".join(
        f"<Part><PartNumber>{part['PartNumber']}</PartNumber><ETag>{part['ETag']}</ETag>" +
        "".join(f"<{name}>{value}</{name}>" for name, value in part.items()
                if name.startswith("Checksum")) + "</Part>"
        for part in listed(etags))
    return f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>".encode()


def calls(s3, name):
    """Each call that may take long: method, path, headers, body, and what it ends with."""
    id, etags = upload(s3, name)
    source = {"x-amz-copy-source": f"/{BUCKET}/source"}
    copied = begin(s3, BUCKET, f"{name}-copied")
    return {
        "complete": ("POST", f"/{BUCKET}/{name}?uploadId={id}", {}, finish(etags),
                     "CompleteMultipartUploadResult"),
        "nothing to complete": ("POST", f"/{BUCKET}/{name}?uploadId=none", {}, finish(etags),
                                "Error"),
        "copy": ("PUT", f"/{BUCKET}/{name}-copy", source, b"", "CopyObjectResult"),
        "copy into another suite": ("PUT", f"/sm4-patience/{name}", source, b"",
                                    "CopyObjectResult"),
        "copy of nothing": ("PUT", f"/{BUCKET}/{name}-copy",
                            {"x-amz-copy-source": f"/{BUCKET}/none"}, b"", "Error"),
        "part copy": ("PUT", f"/{BUCKET}/{name}-copied?partNumber=1&uploadId={copied}", source,
                      b"", "CopyPartResult"),
    }


CALLS = ["complete", "nothing to complete", "copy", "copy into another suite", "copy of nothing",
         "part copy"]


@pytest.mark.parametrize("call", CALLS)
def test_a_slow_store_does_not_look_like_a_dead_one(gateway, slow, s3, name, call):
    method, path, headers, body, end = calls(s3, name)[call]
    head = Signer(gateway.credentials()).head(method, path, sha256(body), headers)
    with Wire(gateway.address()) as wire:
        slow.may_answer.clear()
        try:
            wire.send(sized(head, body))
            answer = wire.head()
            assert answer.status == 200 and answer.headers["content-type"] == "application/xml"
            assert int(wire.reader.readline(), 16) == len(DECLARATION)
            assert wire.read(len(DECLARATION)) == DECLARATION
            assert wire.read(2) == b"\r\n"
            assert wire.reader.readline() == b"1\r\n" and wire.read(3) == b" \r\n"
        finally:
            slow.may_answer.set()
        wire.chunks(answer)
        document = xml.etree.ElementTree.fromstring(DECLARATION + answer.body)
        assert document.tag.rpartition("}")[2] == end
        # The connection serves the next call.
        wire.send(Signer(gateway.credentials()).head("GET", f"/{BUCKET}/source", UNSIGNED))
        assert wire.answer().body == b"source"


def test_an_upload_is_completed_though_its_client_has_gone(gateway, slow, s3, name):
    method, path, headers, body, _ = calls(s3, name)["complete"]
    head = Signer(gateway.credentials()).head(method, path, sha256(body), headers)
    with Wire(gateway.address()) as wire:
        slow.may_answer.clear()
        try:
            wire.send(sized(head, body))
            assert wire.head().status == 200
            wire.reset()
        finally:
            slow.may_answer.set()
    s3.get_waiter("object_exists").wait(Bucket=BUCKET, Key=name, WaiterConfig={"Delay": 1})
    assert s3.head_object(Bucket=BUCKET, Key=name)["ContentLength"] == MIN + 1
