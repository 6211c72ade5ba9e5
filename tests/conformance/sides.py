"""The two that are asked: the store itself, and the gateway in front of another one of its kind."""

import datetime
import email.utils
import hashlib
import re
import xml.etree.ElementTree

import objects
from signing import UNSIGNED, Signer, sha256
from wire import Wire

# Differ with every answer, or name who answered.
OWN_HEADERS = {"date", "server", "x-amz-request-id", "x-amz-id-2", "last-modified", "connection",
               "x-amz-server-side-encryption", "vary"}
OWN_ELEMENTS = {"RequestId", "HostId", "LastModified", "Owner", "Initiator", "CreationDate"}
ETAG = re.compile(r'^"?([0-9a-f]{32})(-0)?"?$')


class Side:
    """One of the two."""

    def __init__(self, demo, endpoint, sealed):
        self.said = demo.credentials() | {"AWS_ENDPOINT_URL": demo.credentials()[endpoint]}
        self.address, self.sealed = demo.address(endpoint), sealed
        self.s3 = demo.client(endpoint)
        objects.store(self.s3)

    def ask(self, row):
        """Sends the row's request."""
        method, target = row.request.split(" ", 1)
        target = re.sub(r"\{(.)\*(\d+)\}", lambda found: found[1] * int(found[2]), target)
        facts = self.facts(row.object) if row.object else {}
        headers = {name: value.format_map(facts) for name, value in (row.headers or {}).items()}
        body = (row.body or "").encode()
        with Wire(self.address) as wire:
            wire.send(self.head(row, method, target, headers, body), body)
            return Answer(wire.answer(method), self.sealed)

    def head(self, row, method, target, headers, body):
        signer = Signer(self.said, datetime.timedelta(seconds=(row.broken or {}).get("late", 0)))
        broken = row.broken or {}
        if "access_key" in broken:
            signer.access_key = broken["access_key"]
        payload = UNSIGNED if row.unsigned else sha256(body)
        signed = {name: value for name, value in headers.items()
                  if name in (row.signed or ()) or name.startswith("x-amz-")}
        head = signer.head(method, target, payload, signed)
        if "region" in broken:
            head = head.replace(b"/us-east-1/s3", f"/{broken['region']}/s3".encode())
        for name in row.lacks or ():
            head = re.sub(rb"(?im)^%b:[^\r]*\r\n" % name.encode(), b"", head)
        more = {name: value for name, value in headers.items() if name not in signed}
        if method in ("PUT", "POST") and "content-length" not in more \
                and "content-length" not in (row.lacks or ()):
            more["content-length"] = str(len(body))
        lines = "".join(f"{name}: {value}\r\n" for name, value in more.items())
        return head[:-2] + lines.encode() + b"\r\n"

    def facts(self, name):
        """What headers may quote of an object."""
        head = self.s3.head_object(Bucket=objects.BUCKET, Key=name)
        def date(days):
            then = head["LastModified"].astimezone(datetime.timezone.utc)
            then += datetime.timedelta(days=days)
            return email.utils.format_datetime(then, usegmt=True)
        return {"etag": head["ETag"], "bare": head["ETag"].strip('"'), "modified": date(0),
                "before": date(-1), "after": date(1)}


class Answer:
    """What came back, without what must differ between the sides."""

    def __init__(self, answer, sealed):
        self.status, self.body, self.raw = answer.status, answer.body, answer.headers
        self.sealed, self.side = sealed, "the gateway" if sealed else "the store"
        self.headers = {name: value for name, value in answer.headers.items()
                        if name not in OWN_HEADERS and name != "transfer-encoding"}
        self.headers.pop("content-length", None) if self.is_xml else None
        if etag := self.headers.get("etag"):
            self.headers["etag"] = self.own_etag(etag)

    def own_etag(self, etag):
        """The ETag without the mark of a sealed object, which must be there."""
        found = ETAG.match(etag)
        assert found and bool(found[2]) == self.sealed, etag
        return "an ETag"

    @property
    def is_xml(self):
        return self.raw.get("content-type") == "application/xml"

    @property
    def document(self):
        return xml.etree.ElementTree.fromstring(self.body) if self.is_xml and self.body else None

    @property
    def code(self):
        return None if self.document is None else self.document.findtext("Code")

    def elements(self):
        """A document as paths and texts; an error as its code only."""
        if self.code:
            return [("Code", self.code)]
        found = []

        def walk(element, path):
            name = element.tag.split("}")[-1]
            if name in OWN_ELEMENTS:
                return
            text = (element.text or "").strip()
            if name == "ETag":
                text = self.own_etag(text)
            if text or not len(element):
                found.append((f"{path}/{name}", text))
            for child in element:
                walk(child, f"{path}/{name}")
        walk(self.document, "")
        return sorted(found)

    def content(self):
        return self.elements() if self.document is not None else hashlib.sha256(self.body).digest()
