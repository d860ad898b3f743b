"""How does the HTTP server wait?

uvicorn's own server looks ten times a second whether it should end; this one sleeps until somebody
connects or it is told to stop.
"""

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Callable

from uvicorn import Config
from uvicorn.server import ServerState

from habactors.config import SidecarConfig
from habactors.node.counters import Counters
from habactors.node.http.connection import PATIENCE_SECONDS, Connection
from habactors.node.http.gate import HEAD_BYTES_MAX, NO_ROUTE, Gate
from habactors.node.http.metrics import Metrics
from habactors.node.http.paths import Paths
from habactors.roles.sidecar import Sidecar

HANDSHAKE_SECONDS = 5.0
ABORT_SECONDS = 0.01

HEADERS = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]
"""What every answer bears."""


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
        self.state = ServerState()
        self.state.default_headers = HEADERS
        self._answered: Counter[tuple[str, int]] = Counter()
        metrics = Metrics(role, counters, self._answered, now)
        paths = Paths(role, metrics.text, now)
        self._gate = Gate(paths.router(), token, self._answered, counters)
        self._config = self._prepare(settings)
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()

    def run(self, door: socket.socket) -> None:
        """Serve at the door, a listening socket, until told to stop; then hang up on everybody."""
        try:
            with door:
                self._loop.run_until_complete(self._serve(door))
        finally:
            self._loop.close()

    def stop(self) -> None:
        """Have `run` return; from any thread, while it runs."""
        self._loop.call_soon_threadsafe(self._stop.set)

    def _prepare(self, settings: SidecarConfig) -> Config:
        client_ca = settings.tls_client_ca
        config = Config(
            self._gate,
            http="h11",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            timeout_keep_alive=PATIENCE_SECONDS,
            h11_max_incomplete_event_size=HEAD_BYTES_MAX,
            ssl_certfile=settings.tls_certificate,
            ssl_keyfile=settings.tls_key,
            ssl_ca_certs=str(client_ca) if client_ca else None,
            ssl_cert_reqs=ssl.CERT_REQUIRED if client_ca else ssl.CERT_NONE,
        )
        config.load()
        return config

    async def _serve(self, door: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: Connection(self._config, self.state, loop, self._count_malformed),
            sock=door,
            ssl=self._config.ssl,
            ssl_handshake_timeout=HANDSHAKE_SECONDS if self._config.ssl else None,
        )
        await self._stop.wait()
        server.close()
        while self.state.connections or self.state.tasks:
            for connection in self.state.connections:
                connection.transport.abort()
            await asyncio.sleep(ABORT_SECONDS)

    def _count_malformed(self) -> None:
        self._answered[NO_ROUTE, 400] += 1
