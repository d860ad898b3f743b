"""How does the HTTP server wait? It sleeps until somebody connects, says something or is late."""

import contextlib
import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable

import h11

from habactors.config import SidecarConfig
from habactors.node.counters import Counters
from habactors.node.http.connection import Connection, Line
from habactors.node.http.gate import Gate
from habactors.node.http.metrics import Metrics
from habactors.node.http.paths import Paths
from habactors.roles.sidecar import Sidecar

CONNECTIONS_MAX = 64


class Listener:
    """A server that is made in one thread, runs in another and is stopped from the first.

    Raises:
        OSError: a TLS file cannot be read or understood.
    """

    def __init__(
        self,
        role: Sidecar,
        settings: SidecarConfig,
        token: str,
        counters: Counters,
        now: Callable[[], float],
    ) -> None:
        self.connections: set[Connection] = set()
        answered: Counter[tuple[str, int]] = Counter()
        metrics = Metrics(role, counters, answered, now)
        self._gate = Gate(Paths(role, metrics.text, now).answer, token, answered, counters)
        self._line = _lines(settings)
        self._selector = selectors.DefaultSelector()
        self._bell, self._ear = socket.socketpair()

    def run(self, door: socket.socket) -> None:
        """Serve at the door, a listening socket, until told to stop; then hang up on everybody."""
        with door, self._selector, self._ear:
            door.setblocking(False)
            self._selector.register(door, selectors.EVENT_READ)
            self._selector.register(self._ear, selectors.EVENT_READ)
            try:
                while self._turn(door):
                    pass
            finally:
                for connection in self.connections:
                    connection.line.close()
                self.connections.clear()

    def stop(self) -> None:
        """Have `run` return; from any thread, at any time."""
        self._bell.close()

    def _turn(self, door: socket.socket) -> bool:
        for key, _ in self._selector.select(self._seconds_left()):
            if key.fileobj is self._ear:
                return False
            if key.fileobj is door:
                self._let_in(door)
            elif key.data in self.connections:  # it was not among those that made room just now
                self._go_on(key.data)
        for connection in [one for one in self.connections if one.is_lost()]:
            self._hang_up(connection)
        return True

    def _seconds_left(self) -> float | None:
        if not self.connections:
            return None
        first = min(connection.deadline for connection in self.connections)
        return max(0.0, first - time.monotonic())

    def _let_in(self, door: socket.socket) -> None:
        """When there are too many, the one goes that was answered least recently."""
        try:
            end, _ = door.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError:  # too many open files, perhaps
            if not self.connections:
                raise
            self._make_room()
            return
        if len(self.connections) >= CONNECTIONS_MAX:
            self._make_room()
        end.setblocking(False)
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            line = self._line(end)
        except OSError:  # gone already
            end.close()
            return
        connection = Connection(line, self._gate.answer, self._gate.count_malformed)
        self.connections.add(connection)
        self._selector.register(line, connection.go_on(), connection)

    def _go_on(self, connection: Connection) -> None:
        event = 0
        with contextlib.suppress(OSError, h11.LocalProtocolError):
            event = connection.go_on()
        if event:
            self._selector.modify(connection.line, event, connection)
        else:
            self._hang_up(connection)

    def _make_room(self) -> None:
        self._hang_up(min(self.connections, key=lambda connection: connection.answered))

    def _hang_up(self, connection: Connection) -> None:
        self.connections.remove(connection)
        self._selector.unregister(connection.line)
        connection.line.close()


def _lines(settings: SidecarConfig) -> Callable[[socket.socket], Line]:
    """What makes a line of an accepted socket."""
    if not settings.tls_certificate:
        return lambda end: end
    from habactors.node.http.tls import TlsLine, tls_context

    context = tls_context(settings)
    return lambda end: TlsLine(end, context)
