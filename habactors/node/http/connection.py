"""How much of a server may one client have?

uvicorn's HTTP/1.1 on top of h11, with the limits that it leaves to a proxy in front of it: how
many connections there are, and how long one may take for its request and for reading the answer.
"""

import asyncio
from collections.abc import Callable

import h11
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

CONNECTIONS_MAX = 64
PATIENCE_SECONDS = 20
"""Longer than Prometheus' usual 15 s between scrapes, so that it can keep its connection."""


class Connection(H11Protocol):
    """One client. When there are too many, the one goes that was answered least recently."""

    def __init__(
        self,
        config: Config,
        state: ServerState,
        loop: asyncio.AbstractEventLoop,
        count_malformed: Callable[[], None],
    ) -> None:
        super().__init__(config, state, {}, loop)
        self._count_malformed = count_malformed
        self._answered = loop.time()
        self._unread_bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        if len(self.connections) >= CONNECTIONS_MAX:
            self._make_room()
        super().connection_made(transport)
        self._timer = self.loop.call_later(PATIENCE_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._timer:
            self._timer.cancel()

    def on_response_complete(self) -> None:
        self._answered = self.loop.time()
        self._unread_bytes = self.transport.get_write_buffer_size()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse, unless it is too late because the garbage comes behind an answered request.

        Garbage in the rest of a request that is not answered yet is its answer.
        """
        self._count_malformed()
        if self.cycle and not self.cycle.response_started:
            self.cycle.disconnected = True
        try:
            super().send_400_response(msg)
        except h11.LocalProtocolError:
            self.transport.abort()

    def _look(self) -> None:
        """Hang up when no request was answered for too long and the last answer is not read on."""
        left_seconds = self._answered + PATIENCE_SECONDS - self.loop.time()
        unread_bytes = self.transport.get_write_buffer_size()
        if left_seconds <= 0 and not 0 < unread_bytes < self._unread_bytes:
            self.transport.abort()
            return
        self._unread_bytes = unread_bytes
        seconds = left_seconds if left_seconds > 0 else PATIENCE_SECONDS
        self._timer = self.loop.call_later(seconds, self._look)

    def _make_room(self) -> None:
        longest = min(self.connections, key=_answered)
        self.connections.discard(longest)
        longest.transport.abort()


def _answered(connection: object) -> float:
    assert isinstance(connection, Connection), "all connections of this server are ours"
    return connection._answered  # noqa: SLF001
