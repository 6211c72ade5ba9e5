#!/usr/bin/env python3
"""Open sealed objects: a second, independent implementation of crypto/FORMAT.md, version 1.

    open.py --bucket B --object NAME [--keyring FILE | --customer-key B64]
            --envelope JSON --mac MAC BODYFILE > plain
    open.py --vectors DIR

It was written from the text of the format and shares no code with the gateway, so that the two
can disagree. It opens; it does not seal, and it talks to no KMS: bucket keys open with a local
keyring only. A failed read exits 1 and names its defect on standard error; what was written to
standard output until then had verified. Section signs in comments are those of FORMAT.md.
"""

import argparse
import base64
import hashlib
import hmac
import io
import json
import re
import struct
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hmac import HMAC

HEADER, FOOTER, TAG = 64, 80, 16
GIB, TIB = 1 << 30, 1 << 40
LAST, ADDED, LIST = 1, 2, 4
MAX_SEGMENTS = MAX_PART = 10_000
MAX_CHUNKS = 1024
CHECKSUM_BYTES = {0: 0, 1: 4, 2: 4, 3: 8, 4: 20, 5: 32}
CHECKSUM_NAMES = {"CRC32": 4, "CRC32C": 4, "CRC64NVME": 8, "SHA1": 20, "SHA256": 32}


class Defect(Exception):
    """One of §8's defects; its text is the name given there."""


def require(condition, name):
    if not condition:
        raise Defect(name)


# --- §1, §2: suites and keys ---------------------------------------------------------------------


@dataclass(frozen=True)
class Suite:
    id: int
    name: str
    cipher: type
    key_len: int
    hash: type

    def hmac(self, key, data):
        mac = HMAC(key, self.hash())
        mac.update(data)
        return mac.finalize()

    def digest(self, data):
        h = hashes.Hash(self.hash())
        h.update(data)
        return h.finalize()

    def hkdf(self, secret, salt, info, length):
        prk = self.hmac(salt or bytes(32), secret)
        out = block = b""
        while len(out) < length:
            block = self.hmac(prk, block + info + bytes([len(out) // 32 + 1]))
            out += block
        return out[:length]

    def key_and_nonce(self, secret, salt, info):
        out = self.hkdf(secret, salt, info, self.key_len + 12)
        return out[: self.key_len], out[self.key_len :]

    def open(self, key, nonce, sealed, aad=b""):
        """The plaintext, or None where the tag does not verify."""
        if len(sealed) < TAG:
            return None
        mode = modes.GCM(nonce, sealed[-TAG:])
        opening = Cipher(self.cipher(key), mode).decryptor()
        opening.authenticate_additional_data(aad)
        try:
            return opening.update(sealed[:-TAG]) + opening.finalize()
        except InvalidTag:
            return None

    def unwrap(self, wrapping_key, blob, context):
        salt, sealed = blob[:16], blob[16:]
        key, nonce = self.key_and_nonce(wrapping_key, salt, b"sealgate/v1/wrap")
        return self.open(key, nonce, sealed, context)


SUITES = {
    s.name: s
    for s in (
        Suite(1, "AES256-GCM", algorithms.AES, 32, hashes.SHA256),
        Suite(2, "SM4-GCM", algorithms.SM4, 16, hashes.SM3),
    )
}


def lp(data):
    data = data.encode() if isinstance(data, str) else data
    return struct.pack(">I", len(data)) + data


def unwrap_bucket_key(suite, bucket, bk, master_keys):
    """§2, `local`: LP(master key id) ‖ blob."""
    require(len(bk) >= 4, "key_blob")
    id_len = int.from_bytes(bk[:4])
    key_id, blob = bk[4 : 4 + id_len], bk[4 + id_len :]
    require(re.fullmatch(rb"[A-Za-z0-9._-]{1,64}", key_id), "key_blob")
    master = master_keys.get(key_id.decode())
    require(master and len(blob) == 64, "key_blob")
    context = b"sealgate/v1/bucket-key" + lp(bucket) + lp(suite.name)
    key = suite.unwrap(master, blob, context)
    require(key is not None, "key_blob")
    return key


# --- §3: the envelope ----------------------------------------------------------------------------


def parse_b64(text, name="envelope_malformed"):
    require(isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9_-]*", text), name)
    require(len(text) % 4 != 1, name)
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    require(base64.urlsafe_b64encode(data).rstrip(b"=").decode() == text, name)
    return data


def parse_json(text, name):
    """A JSON object as its list of (name, value), so that nothing is lost before `v` is known.

    What the format calls an integer is an `int`, every other number a `float`.
    """

    def number(digits):
        return int(digits) if digits.isdigit() else float(digits)

    def refuse(_):
        raise Defect(name)  # NaN and Infinity are Python's, not JSON's

    try:
        pairs = json.loads(text, object_pairs_hook=tuple, parse_int=number, parse_constant=refuse)
        json.dumps(pairs, ensure_ascii=False).encode()  # lone surrogates do not encode
    except (ValueError, RecursionError):
        raise Defect(name) from None
    require(isinstance(pairs, tuple), name)
    return pairs


def members_of(pairs, name):
    require(isinstance(pairs, tuple) and len(dict(pairs)) == len(pairs), name)
    return dict(pairs)


MEMBERS = {
    "v": int, "suite": str, "layout": str, "sse": str, "key": str, "project": str,
    "bucket_key": bool, "context": str, "by": str, "bk": str, "dek": str, "size": int,
    "priv": str, "foot": list,
}  # fmt: skip


class Envelope:
    """The envelope as written. Only `open` makes its members trustworthy."""

    def __init__(self, text, mac):
        bad = "envelope_malformed"
        require(isinstance(text, str) and isinstance(mac, str), bad)
        require(len(text) <= 1536 and re.fullmatch(r"[!-~]+", text), bad)
        require("%" not in text and "+" not in text, bad)
        pairs = parse_json(text, bad)
        self._look_ahead(pairs, "v", int, {1}, "version_unknown")
        self._look_ahead(pairs, "suite", str, SUITES, "suite_unknown")
        m = members_of(pairs, bad)
        require(all(type(v) is MEMBERS.get(k) for k, v in m.items()), bad)
        require({"layout", "sse", "by", "dek"} <= m.keys(), bad)
        self.text, self.suite = text, SUITES[m["suite"]]
        self.layout, self.sse, self.by = m["layout"], m["sse"], m["by"]
        self.size, self.foot = m.get("size"), m.get("foot", [])
        self.mac, self.dek = parse_b64(mac), parse_b64(m["dek"])
        self.bk = parse_b64(m["bk"]) if "bk" in m else None
        self.priv = parse_b64(m["priv"]) if "priv" in m else None
        self._check(m, bad)

    @staticmethod
    def _look_ahead(pairs, member, kind, known, unknown):
        """Judge one member before the rest may make the envelope malformed."""
        values = [value for name, value in pairs if name == member]
        require(len(values) == 1 and type(values[0]) is kind, "envelope_malformed")
        require(values[0] in known, unknown)

    def _check(self, m, bad):
        require(len(self.mac) == 32 and len(self.dek) == 64, bad)
        require(self.layout in ("whole", "parts"), bad)
        require(self.sse in ("AES256", "kms", "dsse", "C"), bad)
        require((self.sse == "C") == (self.by == "customer") == (self.bk is None), bad)
        require(("key" in m) == (self.sse in ("kms", "dsse")), bad)
        if "bucket_key" in m:
            require(self.sse == "kms" and m["bucket_key"], bad)
        if "context" in m:
            require(len(parse_b64(m["context"])) <= 512, bad)
        if self.layout == "whole":
            require(self.size is not None and self.size <= 5 * TIB, bad)
        else:
            require(self.priv is None and "foot" not in m, bad)
            require((self.size or 0) <= MAX_SEGMENTS * 5 * GIB, bad)
        if "foot" in m:
            require(self.foot in (["md5"], ["sum"], ["md5", "sum"], ["sum", "md5"]), bad)

    def open(self, bucket, name, master_keys, customer_key):
        """The object's DEK, proven by the MAC to belong to this envelope (§2, §3)."""
        suite, no_key = self.suite, "key_blob"
        context = b"sealgate/v1/dek" + b"".join(
            lp(x) for x in (bucket, name, suite.name, self.layout, self.sse)
        )
        if self.by == "customer":
            require(customer_key, no_key)
            wrapping_key = customer_key
        else:
            wrapping_key = unwrap_bucket_key(suite, bucket, self.bk, master_keys)
        dek = suite.unwrap(wrapping_key, self.dek, context)
        require(dek is not None, no_key)
        mac_key = suite.hkdf(dek, b"", b"sealgate/v1/envelope", 32)
        mac = suite.hmac(mac_key, context + self.text.encode())
        require(hmac.compare_digest(mac, self.mac), "envelope_mac")
        if self.priv is not None:
            self._open_private(dek, context)
        return dek

    def _open_private(self, dek, context):
        bad = "private_members"
        key, nonce = self.suite.key_and_nonce(dek, self.dek[:16], b"sealgate/v1/private")
        plain = self.suite.open(key, nonce, self.priv, context)
        require(plain is not None, bad)
        members = members_of(parse_json(plain, bad), bad)
        require(members and members.keys() <= {"md5", "sum"} - set(self.foot), bad)
        if "md5" in members:
            require(len(parse_b64(members["md5"], bad)) == 16, bad)
        if "sum" in members:
            checksum = members_of(members["sum"], bad)
            require(checksum.keys() == {"alg", "type", "val"}, bad)
            require(all(isinstance(text, str) for text in checksum.values()), bad)
            require(checksum["type"] in ("FULL_OBJECT", "COMPOSITE"), bad)
            require(checksum["alg"] in CHECKSUM_NAMES, bad)
            val = parse_b64(checksum["val"], bad)
            require(len(val) == CHECKSUM_NAMES[checksum["alg"]], bad)


# --- §4: segments --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Header:
    raw: bytes
    suite: int
    layout: int
    flags: int
    number: int
    plain_len: int
    salt: bytes

    @classmethod
    def parse(cls, raw):
        bad = "header_malformed"
        magic, suite, layout, flags, number, zero, plain_len, salt, end = struct.unpack(
            ">4sBBHIIQ32sQ", raw
        )
        require(magic == b"SGS1" and zero == end == 0 and layout in (0, 1), bad)
        require(suite in (1, 2), bad)
        if layout == 0:
            require(flags == number == 0 and salt == bytes(32), bad)
            require(plain_len <= 5 * TIB, "length_impossible")
        else:
            # *last* without *list* is legal on number 10 000 only; *added* is all three.
            legal = (0, LAST | LIST, LAST | LIST | ADDED) + (LAST,) * (number == MAX_PART)
            require(flags in legal and 1 <= number <= MAX_PART, bad)
            require(plain_len <= 5 * GIB, "length_impossible")
            require(not flags & ADDED or plain_len == 0, "length_impossible")
        return cls(raw, suite, layout, flags, number, plain_len, salt)

    def chunk_len(self):
        if self.layout == 0:
            return 65_536
        return max(65_536, 4096 * -(-self.plain_len // (4096 * MAX_CHUNKS)))

    def chunks(self):
        return -(-self.plain_len // self.chunk_len())

    def padding(self):
        return 16 * (MAX_CHUNKS - self.chunks()) if self.layout else 0


def parse_digests(head, bad):
    """What F and L have in common: flags, algorithm, type, 5 zero, MD5, checksum (56 bytes)."""
    flags, algorithm, kind, zero, md5, checksum = struct.unpack(">BBB5s16s32s", head)
    require(flags in (0, 1) and algorithm in CHECKSUM_BYTES and kind in (0, 1, 2), bad)
    require(zero == bytes(5) and (flags or md5 == bytes(16)), bad)
    require((algorithm == 0) == (kind == 0), bad)
    require(not any(checksum[CHECKSUM_BYTES[algorithm] :]), bad)
    return bool(flags), bool(algorithm)


class Body:
    """The stored bytes, in order."""

    def __init__(self, file, size):
        self.file, self.left = file, size

    def take(self, count):
        data = self.file.read(min(count, self.left))
        self.left -= len(data)
        require(len(data) == count, "segment_truncated")
        return data


class Release:
    """Hands out verified plaintext and keeps back the last chunk (§6).

    A chunk leaves when a later one has verified, so that the last chunk of the object, in
    whatever segment it stands, waits for `finish`.
    """

    def __init__(self, sink):
        self.sink, self.held, self.released = sink, b"", 0

    def push(self, plain):
        self.finish()
        self.held = plain

    def finish(self):
        self.sink(self.held)
        self.released += len(self.held)
        self.held = b""


class Segment:
    def __init__(self, suite, secret, header):
        self.suite, self.header = suite, header
        info = b"sealgate/v1/segment" + header.raw
        self.key, self.iv = suite.key_and_nonce(secret, header.salt, info)

    def open_at(self, kind, index, sealed):
        mask = struct.pack(">IQ", kind, index)
        nonce = bytes(a ^ b for a, b in zip(self.iv, mask, strict=True))
        return self.suite.open(self.key, nonce, sealed)

    def sealed_chunk_len(self, index):
        h = self.header
        return min(h.chunk_len(), h.plain_len - index * h.chunk_len()) + TAG

    def diagnose(self, index, sealed):
        """Why no chunk `index` stands here: §8 bounds the search for the one that does."""
        for other in range(max(0, index - 4), min(self.header.chunks(), index + 5)):
            if self.open_at(0, other, sealed[: self.sealed_chunk_len(other)]) is not None:
                return "chunk_missing" if other == index + 1 else "chunk_swapped"
        return "chunk_altered"

    def read(self, body, release, first=True):
        """Release the chunks, the last one still held; return padding and footer's digests."""
        h = self.header
        for index in range(h.chunks()):
            sealed = body.take(self.sealed_chunk_len(index))
            plain = self.open_at(0, index, sealed)
            if plain is None:
                behind = index == 0 and not first
                raise Defect("chunk_altered" if behind else self.diagnose(index, sealed))
            release.push(plain)
        padding = body.take(h.padding())
        require(h.flags & LIST or not any(padding), "padding_not_zero")
        footer = self.open_at(1, 0, body.take(FOOTER))
        require(footer is not None, "footer_altered")
        (plain_len,) = struct.unpack(">Q", footer[56:])
        require(plain_len == h.plain_len, "footer_disagrees")
        present = parse_digests(footer[:56], "footer_disagrees")
        require(not h.flags & ADDED or not any(footer), "footer_disagrees")
        return padding, present


# --- §4.5: the list at the end of a parts object -------------------------------------------------


class PartList:
    """L, consistent in itself. It has `parts` only if it has `runs`."""

    def __init__(self, suite, closing_key, padding):
        frame, room = padding[-32:], len(padding) - 32
        require(room >= 120, "list_altered")
        salt, length, zero = struct.unpack(">16sI12s", frame)
        require(zero == bytes(12) and length % 16 == 8, "list_altered")
        require(120 <= length <= min(16_344, room), "list_altered")
        key, nonce = suite.key_and_nonce(closing_key, salt, b"sealgate/v1/list")
        plain = suite.open(key, nonce, padding[room - length : room])
        require(plain is not None, "list_altered")
        # Only now is the length, and with it where the zeros end, more than a claim.
        require(not any(padding[: room - length]), "padding_not_zero")
        self.runs_max = (room - 120) // 16
        self._parse(suite, plain)

    def _parse(self, suite, plain):
        bad = "list_disagrees"
        self.count, self.total, digests, self.digest, runs_len = struct.unpack(
            ">IQ56s32sI", plain[:104]
        )
        parse_digests(digests, bad)
        require(1 <= self.count <= MAX_PART and runs_len * 16 == len(plain) - 104, bad)
        self.runs = list(struct.iter_unpack(">IIQ", plain[104:]))
        if self.runs:
            require(sum(count for _, count, _ in self.runs) == self.count, bad)
            self.parts = [(f + i, size) for f, count, size in self.runs for i in range(count)]
            for number, size in self.parts:
                require(1 <= number <= MAX_PART and size <= 5 * GIB, bad)
            ascending = all(a[0] < b[0] for a, b in pairwise(self.parts))
            require(ascending and runs_of(self.parts) == self.runs, bad)
            self._compare(suite, self.parts, bad)

    def _compare(self, suite, parts, name):
        digest = suite.digest(b"".join(struct.pack(">IQ", *part) for part in parts))
        require(digest == self.digest, name)
        require(len(parts) == self.count, "list_disagrees")
        require(sum(size for _, size in parts) == self.total, "list_disagrees")

    def check(self, suite, parts):
        """§4.5, §6: the parts read are those of the list, and it has runs if they fit."""
        if self.runs:
            require(self.parts == parts, "part_sequence")
        else:
            self._compare(suite, parts, "part_sequence")
            require(len(runs_of(parts)) > self.runs_max, "list_disagrees")


def runs_of(parts):
    """Maximal runs of consecutive numbers of equal length."""
    runs = []
    for number, size in parts:
        if runs and runs[-1][2] == size and runs[-1][0] + runs[-1][1] == number:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1, size)
        else:
            runs.append((number, 1, size))
    return runs


# --- §6: reading an object in full ---------------------------------------------------------------


def possible(layout, sealed):
    """§5: some plaintext gives this stored size."""
    if layout == "parts":
        return 16_528 <= sealed <= MAX_SEGMENTS * (5 * GIB + 16_528)
    chunks = -(-(sealed - 144) // 65_552)
    plain = sealed - 144 - 16 * chunks
    return 0 <= plain <= 5 * TIB and -(-plain // 65_536) == chunks


def open_whole(envelope, dek, body, release):
    header = Header.parse(body.take(HEADER))
    expected = (envelope.suite.id, 0, envelope.size)
    require((header.suite, header.layout, header.plain_len) == expected, "header_other")
    _, (md5, checksum) = Segment(envelope.suite, dek, header).read(body, release)
    require(md5 == ("md5" in envelope.foot), "footer_disagrees")
    require(checksum == ("sum" in envelope.foot), "footer_disagrees")
    require(body.left == 0, "trailing_bytes")


def open_parts(envelope, dek, body, release):
    suite = envelope.suite
    closing_key = suite.hkdf(dek, b"", b"sealgate/v1/closing", 32)
    parts, number, padding = [], 0, b""
    for _ in range(MAX_SEGMENTS):
        require(body.left, "last_segment_missing")
        header = Header.parse(body.take(HEADER))
        require((header.suite, header.layout) == (suite.id, 1), "header_other")
        require(header.number > number, "part_sequence")
        number, added = header.number, header.flags & ADDED
        segment = Segment(suite, closing_key if added else dek, header)
        padding, _ = segment.read(body, release, first=not parts)
        if not added:
            parts.append((number, header.plain_len))
        if header.flags & LAST:
            break
    if body.left:
        behind = body.take(min(4, body.left))
        raise Defect("segment_after_last" if behind == b"SGS1" else "trailing_bytes")
    check_parts(envelope, header, closing_key, parts, padding)


def check_parts(envelope, last, closing_key, parts, padding):
    if last.flags & LIST:
        PartList(envelope.suite, closing_key, padding).check(envelope.suite, parts)
    else:
        require(len(parts) == MAX_PART, "part_sequence")
    total = sum(size for _, size in parts)
    require(envelope.size in (None, total), "list_disagrees")


def open_object(bucket, name, text, mac, keys, body, size, release):
    """Release the plaintext of a stored object, or raise its `Defect`."""
    master_keys, customer_key = keys
    if text is None and mac is None:
        sealed = body.read(4) == b"SGS1"
        raise Defect("envelope_missing" if sealed else "not_sealed")
    envelope = Envelope(text, mac)
    dek = envelope.open(bucket, name, master_keys, customer_key)
    require(possible(envelope.layout, size), "stored_size_impossible")
    read = open_whole if envelope.layout == "whole" else open_parts
    read(envelope, dek, Body(body, size), release)
    release.finish()


# --- keyring, vectors, command line --------------------------------------------------------------


def parse_keyring(text):
    """`active: ID` and `keys: [{id, key, created}]`, in block or in flow style."""
    keys = {}
    text = re.sub(r"(?m)(^|\s)#.*$", "", text)
    for entry in re.split(r"[{}]|^\s*-\s", text, flags=re.M):
        pairs = re.findall(r"""\b(id|key):\s*["']?([^\s"',}]+)""", entry)
        member = dict(pairs)
        if member.keys() == {"id", "key"}:
            keys[member["id"]] = base64.b64decode(member["key"], validate=True)
    return keys


def run_vector(vector):
    """What opening the vector gives: its verdict, the plaintext's hash, the bytes released."""
    body = base64.b64decode(vector["body"], validate=True)
    masters = {k: base64.b64decode(v) for k, v in (vector.get("master_keys") or {}).items()}
    customer_key = base64.b64decode(vector.get("customer_key") or "")
    plain = hashlib.sha256()
    release = Release(plain.update)
    try:
        open_object(
            vector["bucket"], vector["object"], vector.get("sealgate"),
            vector.get("sealgate_mac"), (masters, customer_key), io.BytesIO(body), len(body),
            release,
        )  # fmt: skip
        return "ok", plain.hexdigest(), release.released
    except Defect as defect:
        return str(defect), None, release.released


def run_vectors(folder):
    failed, paths = 0, sorted(Path(folder).rglob("*.json"))
    for path in paths:
        vector = json.loads(path.read_text())
        verdict, plain_sha256, released = run_vector(vector)
        problems = []
        if verdict != vector["expect"]:
            problems.append(f"expected `{vector['expect']}`")
        if verdict == "ok" and plain_sha256 != vector["plain_sha256"]:
            problems.append("plaintext differs")
        if released > vector["released_at_most"]:
            problems.append(f"released {released} of at most {vector['released_at_most']} bytes")
        failed += bool(problems)
        why = ": " + ", ".join(problems) if problems else ""
        print(f"{'FAIL' if problems else 'pass'} {vector['name']} `{verdict}`{why}")
    print(f"{len(paths) - failed} passed, {failed} failed")
    return 1 if failed or not paths else 0


def main():
    parser = argparse.ArgumentParser(description="open sealed objects (crypto/FORMAT.md)")
    parser.add_argument("--vectors", metavar="DIR")
    parser.add_argument("--bucket")
    parser.add_argument("--object", metavar="NAME")
    parser.add_argument("--keyring", metavar="FILE")
    parser.add_argument("--customer-key", metavar="B64", default="")
    parser.add_argument("--envelope", metavar="JSON")
    parser.add_argument("--mac")
    parser.add_argument("body", metavar="BODYFILE", nargs="?")
    args = parser.parse_args()
    if args.vectors:
        return run_vectors(args.vectors)
    if None in (args.bucket, args.object, args.body):
        parser.error("--bucket, --object and BODYFILE are needed, or --vectors")
    masters = parse_keyring(Path(args.keyring).read_text()) if args.keyring else {}
    keys = masters, base64.b64decode(args.customer_key, validate=True)
    with open(args.body, "rb") as body:
        size = Path(args.body).stat().st_size
        try:
            open_object(
                args.bucket, args.object, args.envelope, args.mac, keys, body, size,
                Release(sys.stdout.buffer.write),
            )  # fmt: skip
        except Defect as defect:
            sys.stdout.buffer.flush()
            print(f"open.py: {defect}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
