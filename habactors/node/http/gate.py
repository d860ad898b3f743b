"""Who may ask, and how?

Stands before all paths: the token, the methods, and the count of what was asked, by route and
never by the path that a client made up.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from hmac import compare_digest
from http import HTTPStatus

from habactors.node.counters import Counters
from habactors.node.http.exchange import Answer, Request

METHODS = ("GET", "HEAD")
OPEN_PATHS = ("/healthz", "/readyz")
"""What an orchestrator asks without a token."""

NO_ROUTE = "none"

HEAD_BYTES_MAX = 16_384
"""The most that a request may take before its body."""

log = logging.getLogger(__name__)


class Gate:
    """Lets requests through to the paths, which answer with the route and the answer.

    `answered` counts by route and status code.
    """

    def __init__(
        self,
        paths: Callable[[str], tuple[str, Answer]],
        token: str,
        answered: Counter[tuple[str, int]],
        counters: Counters,
    ) -> None:
        self._paths = paths
        self._token = token.encode()
        self._answered = answered
        self._counters = counters

    def answer(self, request: Request) -> Answer:
        """The answer to a request. An error of ours is one too, so that it hurts nobody else."""
        self._counters.add("sidecar", "body", "requests")
        route, refusal = NO_ROUTE, self._refusal(request)
        try:
            route, answer = (NO_ROUTE, refusal) if refusal else self._paths(request.path)
        except Exception:
            log.exception("no answer to a request for %s", request.path)
            answer = Answer(HTTPStatus.INTERNAL_SERVER_ERROR)
        self._answered[route, answer.code] += 1
        return answer

    def count_malformed(self) -> None:
        """Count what was no request."""
        self._answered[NO_ROUTE, HTTPStatus.BAD_REQUEST] += 1

    def _refusal(self, request: Request) -> Answer | None:
        if request.head_bytes > HEAD_BYTES_MAX:
            too_large = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            return Answer(too_large, headers=(("connection", "close"),))
        if self._token and request.path not in OPEN_PATHS and not self._knows(request.headers):
            return Answer(HTTPStatus.UNAUTHORIZED, headers=(("www-authenticate", "Bearer"),))
        if request.method not in METHODS:
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED, headers=(("allow", ", ".join(METHODS)),))
        return None

    def _knows(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether there is exactly one authorization, and it is the token."""
        given = [value.split() for name, value in headers if name == b"authorization"]
        match given:
            case [[b"Bearer", word]]:
                return compare_digest(word, self._token)
        return False
