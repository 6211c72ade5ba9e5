"""AWS Signature Version 4 by the letter of its documentation, or as wrong as a test wants it."""

import datetime
import hashlib
import hmac

UNSIGNED = "UNSIGNED-PAYLOAD"
FRAMES = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
FRAMES_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_FRAMES_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def hmac_sha256(key, text):
    return hmac.digest(key, text.encode(), "sha256")


class Signer:
    """Signs one request and then the frames of its body: each signature covers the one before."""

    made = []  # by all of them: what must be in nobody's log

    def __init__(self, said, late=datetime.timedelta()):
        now = datetime.datetime.now(datetime.timezone.utc) - late
        self.time = now.strftime("%Y%m%dT%H%M%SZ")
        self.scope = f"{self.time[:8]}/{said['AWS_REGION']}/s3/aws4_request"
        self.access_key = said["AWS_ACCESS_KEY_ID"]
        self.host = said["AWS_ENDPOINT_URL"].removeprefix("http://")
        self.key = b"AWS4" + said["AWS_SECRET_ACCESS_KEY"].encode()
        for piece in self.scope.split("/"):
            self.key = hmac_sha256(self.key, piece)
        self.last = None

    def head(self, method, target, payload, headers=None):
        """A request's head as it goes out."""
        headers = {"host": self.host, "x-amz-date": self.time,
                   "x-amz-content-sha256": payload} | (headers or {})
        path, _, query = target.partition("?")
        pairs = sorted(pair.partition("=")[::2] for pair in query.split("&") if pair)
        names = ";".join(sorted(headers))
        canonical = "\n".join([
            method, path, "&".join(f"{name}={value}" for name, value in pairs),
            *(f"{name}:{headers[name]}" for name in sorted(headers)), "", names, payload])
        self.sign(f"AWS4-HMAC-SHA256\n{self.time}\n{self.scope}\n{sha256(canonical.encode())}")
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.access_key}/{self.scope},"
            f"SignedHeaders={names},Signature={self.last}")
        lines = [f"{method} {target} HTTP/1.1", *(f"{n}: {v}" for n, v in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode()

    def frame(self, data):
        """An aws-chunked frame; without data the last one, which lacks its final line."""
        self.chain("PAYLOAD", f"{sha256(b'')}\n{sha256(data)}")
        line = f"{len(data):x};chunk-signature={self.last}\r\n".encode()
        return line + data + (b"\r\n" if data else b"")

    def trailer(self, line):
        self.chain("TRAILER", sha256(line + b"\n"))
        return line + f"\r\nx-amz-trailer-signature:{self.last}\r\n".encode()

    def chain(self, kind, content):
        self.sign(f"AWS4-HMAC-SHA256-{kind}\n{self.time}\n{self.scope}\n"
                  f"{self.last}\n{content}")

    def sign(self, text):
        self.last = hmac_sha256(self.key, text).hex()
        Signer.made.append(self.last)


def frame(data):
    """An aws-chunked frame that nobody signed."""
    return b"%x\r\n" % len(data) + data + (b"\r\n" if data else b"")


def sized(head, body, length=None):
    """Head and body with a Content-Length, true or not; no signature covers it."""
    length = len(body) if length is None else length
    return head[:-2] + b"content-length: %d\r\n\r\n" % length + body
