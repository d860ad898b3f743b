"""How much of a server may one client have?

HTTP/1.1 as h11 reads and writes it, on a socket that never blocks. A request is read when the
answer before it has gone out, and a body is thrown away as it comes, so no client fills the
memory; and none may take for ever for its request, or for reading the answer.
"""

import contextlib
import socket
import time
from collections.abc import Callable, Generator, Iterator
from http import HTTPStatus
from selectors import EVENT_READ, EVENT_WRITE
from typing import Any, Protocol

import h11

from habactors.node.http.exchange import Answer, Request
from habactors.node.http.gate import HEAD_BYTES_MAX

PATIENCE_SECONDS = 20
"""Longer than Prometheus' usual 15 s between scrapes, so that it can keep its connection."""

PARTING_SECONDS = 1
CHUNK_BYTES = 65_536

HEADERS = (
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
)
"""What every answer bears."""


class Line(Protocol):
    """What a connection needs of its socket, which may be one with TLS."""

    def fileno(self) -> int: ...
    def recv(self, size: int, /) -> bytes: ...
    def send(self, chunk: bytes, /) -> int: ...
    def shutdown(self, how: int, /) -> None: ...
    def close(self) -> None: ...


class Connection:
    """One client; `count_malformed` is called when it sends what is no request."""

    def __init__(
        self, line: Line, answer: Callable[[Request], Answer], count_malformed: Callable[[], None]
    ) -> None:
        self.line = line
        self.answered = time.monotonic()
        self.deadline = self.answered + PATIENCE_SECONDS
        self._answer = answer
        self._count_malformed = count_malformed
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES_MAX)
        self._unsent = bytearray()
        self._unsent_before = 0
        self._life = self._live()

    def go_on(self) -> int:
        """Do the next step; the event of `selectors` to wait for before the next, 0 at the end.

        Raises:
            OSError: the client is gone.
        """
        return next(self._life, 0)

    def is_lost(self) -> bool:
        """Whether its time is over; who still reads a long answer is given more."""
        if time.monotonic() < self.deadline:
            return False
        if not 0 < len(self._unsent) < self._unsent_before:
            return True
        self._be_patient()
        return False

    def _live(self) -> Iterator[int]:
        try:
            yield from self._converse()
        except h11.RemoteProtocolError:
            self._count_malformed()
            if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                refusal = Answer(HTTPStatus.BAD_REQUEST, headers=(("connection", "close"),))
                yield from self._send(refusal, with_body=True)
        yield from self._part()

    def _converse(self) -> Iterator[int]:
        """Answer one request after the other, as soon as its head is there."""
        while self._http.our_state is not h11.MUST_CLOSE:
            match (yield from self._hear()):
                case h11.Request() as read:
                    request = Request.of(read)
                    yield from self._send(self._answer(request), request.method != "HEAD")
                case h11.ConnectionClosed():
                    return

    def _hear(self) -> Generator[int, None, Any]:
        """The next event of h11."""
        while True:
            if self._http.states == {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}:
                self._http.start_next_cycle()
            event = self._http.next_event()
            if event is not h11.NEED_DATA:
                return event
            self._http.receive_data((yield from self._receive()))

    def _send(self, answer: Answer, with_body: bool) -> Iterator[int]:
        """Write an answer, of which the client may read on for some time."""
        size = ("content-length", str(len(answer.body)))
        reason = HTTPStatus(answer.code).phrase.encode()
        head = h11.Response(
            status_code=answer.code, headers=[*HEADERS, size, *answer.headers], reason=reason
        )
        self._unsent += self._http.send(head) or b""
        if with_body:
            self._unsent += self._http.send(h11.Data(answer.body)) or b""
        self._http.send(h11.EndOfMessage())
        self.answered = time.monotonic()
        self._be_patient()
        while self._unsent:
            yield EVENT_WRITE
            with contextlib.suppress(BlockingIOError):
                del self._unsent[: self.line.send(bytes(self._unsent[:CHUNK_BYTES]))]

    def _receive(self) -> Generator[int, None, bytes]:
        """What comes next; nothing when the client has said all."""
        while True:
            yield EVENT_READ
            with contextlib.suppress(BlockingIOError):
                return self.line.recv(CHUNK_BYTES)

    def _part(self) -> Iterator[int]:
        """Hang up, but read what still comes: else the kernel takes back what was sent last."""
        self.deadline = time.monotonic() + PARTING_SECONDS
        self.line.shutdown(socket.SHUT_WR)
        while (yield from self._receive()):
            pass

    def _be_patient(self) -> None:
        self.deadline = time.monotonic() + PATIENCE_SECONDS
        self._unsent_before = len(self._unsent)
