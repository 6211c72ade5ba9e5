"""Requests with the headers of server-side encryption, signed by the letter."""

import base64
import hashlib

from signing import Signer, sha256, sized
from wire import Wire

KEY = b"0123456789abcdef0123456789abcdef"
OTHER = b"fedcba9876543210fedcba9876543210"
S3, OBS = "x-amz-", "x-obs-"
SSE = "server-side-encryption"
# What a name of Huawei's is with Amazon, where it is more than another beginning.
TWINS = {f"{OBS}{SSE}-kms-key-id": f"{S3}{SSE}-aws-kms-key-id"}


def base(data):
    return base64.b64encode(data).decode()


def md5(key):
    return base(hashlib.md5(key).digest())


def customer(key=KEY, dialect=S3, source=False, **other):
    """The three headers of a key; `other` replaces one, or leaves it out as None."""
    values = {"algorithm": "AES256", "key": base(key), "key-md5": md5(key)}
    values |= {name.replace("_", "-"): value for name, value in other.items()}
    start = f"{dialect}copy-source-{SSE}" if source else f"{dialect}{SSE}"
    return {f"{start}-customer-{name}": value for name, value in values.items()
            if value is not None}


def kms(key_id=None, dialect=S3, cipher=None):
    mode = "kms" if dialect == OBS else "aws:kms"
    headers = {f"{dialect}{SSE}": mode}
    if key_id is not None:
        headers[key_id_name(dialect)] = key_id
    if cipher:
        headers[f"{OBS}server-side-data-encryption"] = cipher
    return headers


def key_id_name(dialect):
    obs = f"{OBS}{SSE}-kms-key-id"
    return obs if dialect == OBS else TWINS[obs]


def plain(dialect=S3):
    return {f"{dialect}{SSE}": "AES256"}


def told(answer):
    """What an answer says of encryption."""
    return {name.lower(): value for name, value in answer.headers.items()
            if "server-side-" in name.lower() or "sse-kms" in name.lower()}


class Caller:
    """Calls one gateway, each time over a connection of its own."""

    def __init__(self, gateway, said=None):
        self.address, self.said = gateway.address(), said or gateway.credentials()

    def call(self, method, target, headers=None, body=b"", unsigned=None):
        signed = {"host": self.address} | (headers or {})
        head = Signer(self.said).head(method, target, sha256(body), signed)
        extra = "".join(f"{name}: {value}\r\n" for name, value in (unsigned or []))
        head = head[:-2] + extra.encode() + b"\r\n"
        with Wire(self.address) as wire:
            if method in ("PUT", "POST"):
                wire.send(sized(head, body))
            else:
                wire.send(head)
            return wire.answer(method)

    def put(self, target, headers=None, body=b"hello"):
        return self.call("PUT", target, headers, body)

    def get(self, target, headers=None):
        return self.call("GET", target, headers)
