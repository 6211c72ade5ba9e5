"""A relay between gateway and store that counts what the gateway asks for."""

import contextlib
import re

from relay import Relay


class Counter(Relay):
    """Passes everything on, and keeps the requests and how many bytes went either way."""

    def __init__(self, target):
        super().__init__(target)
        self.asked, self.sizes = [], []
        self.uploads, self.answers = self.requests, self.measured

    @contextlib.contextmanager
    def counting(self):
        """The requests of a while, each as method and target."""
        before, asked = len(self.asked), []
        yield asked
        asked += self.asked[before:]

    def passed(self):
        """Bytes so far, both ways, heads and bodies."""
        return sum(self.sizes)

    def measured(self, pieces):
        for piece in pieces:
            self.sizes.append(len(piece))
            yield piece

    def requests(self, pieces):
        """A fault that breaks nothing: a request counts before the store hears of it."""
        reading = reads(self.asked)
        next(reading)
        for piece in self.measured(pieces):
            reading.send(piece)
            yield piece


def reads(asked):
    """Takes a connection's requests in pieces of any size; notes each when its head is there."""
    held = bytearray()

    def line():
        while b"\r\n" not in held:
            held.extend((yield))
        end = held.index(b"\r\n")
        text = held[:end].decode()
        del held[:end + 2]
        return text

    def skip(length):
        while length > len(held):
            length -= len(held)
            held.clear()
            held.extend((yield))
        del held[:length]

    while True:
        method, target, _ = (yield from line()).split(" ")
        headers = {}
        while text := (yield from line()):
            name, value = text.split(":", 1)
            headers[name.lower()] = value.strip()
        if not re.search("prefix=(encryption|policy)%2F", target):
            # What is asked in the background, whatever clients do, is no request's.
            asked.append((method, target))
        if headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int((yield from line()).partition(";")[0], 16):
                yield from skip(size + 2)
            while (yield from line()):
                pass
        else:
            yield from skip(int(headers.get("content-length", 0)))
