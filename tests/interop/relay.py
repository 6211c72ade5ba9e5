"""A TCP relay between gateway and store that breaks what it is told to.

A fault is a generator: it takes what one side sent and yields what the other side gets. Where it
ends, both connections end.
"""

import contextlib
import itertools
import socket
import threading

from wire import endpoint

PIECE = 65536


def passes(pieces):
    yield from pieces


def cut_body(after):
    """A head and `after` bytes of its body."""
    def cut(pieces):
        head = b""
        while b"\r\n\r\n" not in head and (piece := next(pieces, None)):
            head += piece
        left = head.find(b"\r\n\r\n") + 4 + after
        for piece in itertools.chain([head], pieces):
            yield piece[:left]
            left -= len(piece)
            if left <= 0:
                return
    return cut


def then_silence(fault):
    """What `fault` yields, and then nothing: the rest is read and lost."""
    def silent(pieces):
        yield from fault(pieces)
        for _ in pieces:
            pass
    return silent


def then_stuck(fault, until):
    """What `fault` yields, and then the rest is not even read, until an event."""
    def stuck(pieces):
        yield from fault(pieces)
        until.wait()
    return stuck


def nothing(_):
    yield from ()


def says(words):
    """These, at once, whatever was asked."""
    def say(_):
        yield words
    return say


class Relay:
    """Passes connections on to `target`, under the faults that are set when they are opened."""

    def __init__(self, target):
        self.target = endpoint(target)
        self.uploads = self.answers = passes
        self.open = 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:{1}".format(*self.listener.getsockname())
        threading.Thread(target=self.accept, daemon=True).start()

    def refuse(self):
        """From now on there is nobody who listens."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                gateway, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=[gateway], daemon=True).start()

    def serve(self, gateway):
        with self.lock:
            self.open += 1
        with gateway, socket.create_connection(self.target) as store:
            answers = threading.Thread(
                target=pump, args=(self.answers, store, gateway), daemon=True)
            answers.start()
            pump(self.uploads, gateway, store)
            answers.join()
        with self.lock:
            self.open -= 1


def pump(fault, source, sink):
    with contextlib.suppress(OSError):
        for piece in fault(iter(lambda: source.recv(PIECE), b"")):
            sink.sendall(piece)
    for end in source, sink:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
