"""A row's request as bytes: signed, framed, and as wrong as the row wants it."""

import base64
import datetime
import hashlib
import re
import urllib.parse

from signing import FRAMES, FRAMES_TRAILER, UNSIGNED, UNSIGNED_FRAMES_TRAILER, Signer, frame, sha256

FRAMED = {"frames": FRAMES, "frames-trailer": FRAMES_TRAILER,
          "unsigned-frames-trailer": UNSIGNED_FRAMES_TRAILER}
PLACE = re.compile(r"\{(?:([a-z0-9]+)|([^{}]+)\*(\d+))\}")
PIECE = 65536  # of a body in frames


def fill(text, facts):
    """`text` with `{fact}` and `{x*5}` written out; other braces stay."""
    def written(found):
        return facts.get(found[1], found[0]) if found[1] else found[2] * int(found[3])
    return PLACE.sub(written, text)


class Request:
    """What goes out, and whether it says less than its head promises."""

    def __init__(self, row, said, facts):
        self.row = row
        self.facts = {"own": row.own, **facts}
        self.method, target = row.request.split(" ", 1)
        self.target = self.fill(target)
        self.body = self.fill(row.body or "").encode()
        self.facts |= digests(self.body)
        self.headers = {name: self.fill(value) for name, value in (row.headers or {}).items()}
        self.signer = Signer(said, datetime.timedelta(seconds=row.late or 0))
        self.frames_of = FRAMED.get(row.payload)
        head, wire = self.head(), self.wire()
        if row.alter:
            head = altered(head, row.alter)
        if row.spoil:
            wire = altered(wire, row.spoil)
        promised = self.headers.get("content-length")
        self.is_short = (promised or "").isdigit() and int(promised) > len(wire)
        self.bytes = head + self.rest(len(wire)) + b"\r\n" + wire

    def fill(self, text):
        return fill(text, self.facts)

    def payload(self):
        """The value of x-amz-content-sha256."""
        said = self.row.payload or "signed"
        if said == "signed":
            return sha256(self.body)
        return self.frames_of or (UNSIGNED if said == "unsigned" else self.fill(said))

    def head(self):
        """The signed part of the head, without its last line."""
        extra = {}
        if self.frames_of:
            extra = {"x-amz-decoded-content-length": str(len(self.body))}
        if self.row.trailer:
            extra["x-amz-trailer"] = self.row.trailer.partition(":")[0]
        signed = extra | {name: value for name, value in self.headers.items() if self.signs(name)}
        signed = {name: value for name, value in signed.items() if value != "-"}
        if self.row.presigned is not None:
            return presigned(self.signer, self.method, self.target, self.row.presigned)
        canon = canonical(self.target)
        head = self.signer.head(self.method, canon, self.payload(), signed)
        head = head.replace(f" {canon} ".encode(), f" {self.target} ".encode(), 1)
        for name in self.row.lacks or ():
            head = re.sub(rb"(?im)^%b:[^\r]*\r\n" % name.encode(), b"", head)
        return head[:-2]

    def sent_target(self):
        """The target as it goes out, which may be another than the row's."""
        return self.bytes.split(b" ", 2)[1].decode()

    def signs(self, name):
        return name in (self.row.signed or ()) or name.startswith("x-amz-")

    def rest(self, length):
        """The lines that no signature covers."""
        more = {name: value for name, value in self.headers.items() if not self.signs(name)}
        if self.frames_of:
            more.setdefault("content-encoding", "aws-chunked")
        if self.method in ("PUT", "POST"):
            more.setdefault("content-length", str(length))
        lines = [f"{name}: {value}\r\n" for name, value in more.items() if value != "-"]
        return "".join(lines).encode()

    def wire(self):
        """The body as it goes out; to be called after the head, which it is chained to."""
        if not self.frames_of:
            return self.body
        is_signed = self.frames_of != UNSIGNED_FRAMES_TRAILER
        make = self.signer.frame if is_signed else frame
        pieces = [self.body[at:at + PIECE] for at in range(0, len(self.body), PIECE)]
        framed = b"".join(make(piece) for piece in [*pieces, b""])
        if self.row.trailer:
            line = self.fill(self.row.trailer).encode()
            framed += self.signer.trailer(line) if is_signed else line + b"\r\n"
        return framed + b"\r\n"


def presigned(signer, method, target, expires):
    """A head whose signature is in its URL, AWS API reference, sigv4-query-string-auth."""
    path, _, query = target.partition("?")
    query = [*query.split("&"), "X-Amz-Algorithm=AWS4-HMAC-SHA256",
             f"X-Amz-Credential={once(signer.access_key + '/' + signer.scope)}",
             f"X-Amz-Date={signer.time}", f"X-Amz-Expires={expires}", "X-Amz-SignedHeaders=host"]
    asked = canonical(f"{path}?{'&'.join(sorted(filter(None, query)))}")
    text = "\n".join([method, *asked.split("?"), f"host:{signer.host}", "", "host", UNSIGNED])
    signer.sign(f"AWS4-HMAC-SHA256\n{signer.time}\n{signer.scope}\n{sha256(text.encode())}")
    line = f"{method} {asked}&X-Amz-Signature={signer.last} HTTP/1.1"
    return f"{line}\r\nhost: {signer.host}\r\n".encode()


def altered(sent, pair):
    """What is sent, with one place of it changed, which it really is."""
    changed = re.sub(pair[0].encode(), pair[1].encode(), sent, count=1)
    assert changed != sent, "nothing was altered"
    return changed


def canonical(target):
    """How a target is signed: each byte encoded once, whichever way it is written on the wire."""
    path, mark, query = target.partition("?")
    if re.search("%(?![0-9A-Fa-f]{2})", path):
        return target
    pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
    path = urllib.parse.quote(urllib.parse.unquote_to_bytes(path), safe="/~")
    return path + mark + "&".join(f"{once(name)}={once(value)}" for name, value in pairs)


def once(text):
    return urllib.parse.quote(urllib.parse.unquote_to_bytes(text), safe="~")


def digests(body):
    """Facts of the body: what its Content-MD5 and its x-amz-checksum-sha256 must be."""
    encoded = {"md5": hashlib.md5(body), "sha256base64": hashlib.sha256(body)}
    return {name: base64.b64encode(of.digest()).decode() for name, of in encoded.items()}
