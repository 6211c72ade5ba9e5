"""HTTP/1.1 on a bare socket: every byte in the test's hand, also the ones that are missing."""

import dataclasses
import select
import socket
import struct
import xml.etree.ElementTree


def endpoint(address):
    """Host and port of `HOST:PORT`."""
    host, port = address.rsplit(":", 1)
    return host, int(port)


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    body: bytes = b""
    whole: bool = True  # or the connection ended before the announced length

    @property
    def code(self):
        """An error's code."""
        return self.says("Code")

    def says(self, element):
        document = xml.etree.ElementTree.fromstring(self.body)
        assert document.tag == "Error" and self.headers["content-type"] == "application/xml"
        return document.findtext(element)


class Wire:
    """One connection."""

    def __init__(self, address, timeout=15):
        self.socket = socket.create_connection(endpoint(address), timeout=timeout)
        self.reader = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, *pieces):
        self.socket.sendall(b"".join(pieces))

    def readable(self, seconds):
        """Whether an answer begins within that time."""
        return bool(select.select([self.socket], [], [], seconds)[0])

    def finish_sending(self):
        self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        self.reader.close()
        self.socket.close()

    def reset(self):
        """Closes with RST instead of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def answer(self, method="GET"):
        """The next answer; the connection must live until its head is whole."""
        answer = self.head()
        if answer.headers.get("transfer-encoding") == "chunked":
            return self.chunks(answer)
        length = int(answer.headers.get("content-length", 0))
        if method != "HEAD" and answer.status not in (204, 304):
            answer.body = self.read(length)
            answer.whole = len(answer.body) == length
        return answer

    def chunks(self, answer):
        assert "content-length" not in answer.headers
        while size := int(self.reader.readline(), 16):
            answer.body += self.read(size)
            assert self.reader.readline() == b"\r\n"
        assert self.reader.readline() == b"\r\n"
        return answer

    def answer_if_any(self):
        """The next answer, or nothing when the connection ends instead."""
        try:
            return self.answer() if self.reader.peek(1) else None
        except ConnectionResetError:
            return None

    def head(self):
        status = self.reader.readline().split(None, 2)
        assert status and status[0] == b"HTTP/1.1", status
        headers = {}
        while line := self.reader.readline().decode().rstrip("\r\n"):
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
        return Answer(int(status[1]), headers)

    def read(self, length):
        """As many bytes as come."""
        read = bytearray()
        try:
            while len(read) < length and (piece := self.reader.read1(length - len(read))):
                read += piece
        except ConnectionResetError:
            pass
        return bytes(read)

    def has_ended(self):
        """Whether the other side ends the connection, in a time that is waited for."""
        return self.read(1) == b""
