"""What came back, without what must differ between the sides: that is checked, then left out."""

import datetime
import email.utils
import hashlib
import re
import urllib.parse
import xml.etree.ElementTree

# Of the connection, and of the software that answers.
OF_THE_HOP = {"connection", "server", "transfer-encoding", "x-amz-id-2"}
DATES = {"LastModified", "CreationDate"}
ETAG = re.compile(r'^"?([0-9a-f]{32})(-0)?"?$')
PATIENCE = datetime.timedelta(minutes=10)
# How the gateway says of an object that it is sealed. The store, which seals none, must not.
ADVERTISED = "x-amz-server-side-encryption"


class Answer:
    """One side's."""

    def __init__(self, answer, sealed, target):
        self.status, self.body, self.raw = answer.status, answer.body, answer.headers
        self.sealed, self.side = sealed, "the gateway" if sealed else "the store"
        self.path = urllib.parse.unquote(target.partition("?")[0], errors="replace")
        assert answer.whole
        tells = "etag" in self.raw and self.status < 300
        assert (ADVERTISED in self.raw) == (tells and sealed), (self.side, self.raw)
        self.headers = dict(self.comparable())

    def comparable(self):
        for name, value in self.raw.items():
            if name in OF_THE_HOP or (name == "content-length" and self.is_xml):
                continue
            if name == "x-amz-request-id":
                assert value
                continue
            if name == ADVERTISED:
                assert value == "AES256"
                continue
            if name in ("date", "last-modified"):
                value = recent(email.utils.parsedate_to_datetime(value))
            elif name == "etag":
                value = self.own_etag(value)
            yield name, value

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
        """A document's texts by path, in their order."""
        found = {}

        def walk(element, path):
            name = element.tag.split("}")[-1]
            text = element.text or ""
            if len(element):
                text = text.strip()
            elif name == "ETag":
                text = self.own_etag(text)
            elif name in DATES:
                text = recent(datetime.datetime.fromisoformat(text))
            if text or not len(element):
                found.setdefault(f"{path}/{name}", []).append(text)
            for child in element:
                walk(child, f"{path}/{name}")
        walk(self.document, "")
        return found

    def content(self):
        """What both must answer; of an error its code, for each has words of its own."""
        if self.code:
            return self.code
        return hashlib.sha256(self.body).digest() if self.document is None else self.elements()


def recent(time):
    assert abs(time - datetime.datetime.now(datetime.timezone.utc)) < PATIENCE, time
    return "a time"
