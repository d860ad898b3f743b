"""Who may ask, and how?

Stands before all paths: the token, the methods, and the count of what was asked, by route and
never by the path that a client made up.
"""

import secrets
from collections import Counter
from collections.abc import Iterable

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from habactors.node.counters import Counters

METHODS = ("GET", "HEAD")
OPEN_PATHS = ("/healthz", "/readyz")
"""What an orchestrator asks without a token."""

ROUTE = "habactors.route"
"""Where a route leaves its template in the scope of a request."""

NO_ROUTE = "none"

HEAD_BYTES_MAX = 16_384
"""The most that a request may take before its body."""


class Gate:
    """Lets requests through to the paths; `answered` counts by route and status code."""

    def __init__(
        self, paths: ASGIApp, token: str, answered: Counter[tuple[str, int]], counters: Counters
    ) -> None:
        self._paths = paths
        self._token = token.encode()
        self._answered = answered
        self._counters = counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        code = 500

        async def note(message: Message) -> None:
            nonlocal code
            if message["type"] == "http.response.start":
                code = message["status"]
            await send(message)

        self._counters.add("sidecar", "body", "requests")
        try:
            await self._choose(scope)(scope, receive, note)
        finally:
            self._answered[scope.get(ROUTE, NO_ROUTE), code] += 1

    def _choose(self, scope: Scope) -> ASGIApp:
        if _head_bytes(scope) > HEAD_BYTES_MAX:
            return Response(status_code=431, headers={"Connection": "close"})
        if self._token and scope["path"] not in OPEN_PATHS and not self._knows(scope["headers"]):
            return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
        if scope["method"] not in METHODS:
            return Response(status_code=405, headers={"Allow": ", ".join(METHODS)})
        return self._paths

    def _knows(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether there is exactly one authorization, and it is the token."""
        given = [value.split() for name, value in headers if name == b"authorization"]
        match given:
            case [[b"Bearer", word]]:
                return secrets.compare_digest(word, self._token)
        return False


def _head_bytes(scope: Scope) -> int:
    """About the size of the head; h11 limits only one that comes piecemeal."""
    target = len(scope["raw_path"]) + len(scope["query_string"])
    return target + sum(len(name) + len(value) for name, value in scope["headers"])
