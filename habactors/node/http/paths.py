"""What is at which path?

Habitat's paths, with its codes and shapes, and those that an orchestrator asks. Every answer comes
from what the sidecar shows; nothing here waits for anybody.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple

import msgspec

from habactors.node.http.exchange import Answer
from habactors.node.http.gate import NO_ROUTE
from habactors.node.http.page import CONTENT_SECURITY_POLICY, page
from habactors.protocol.commands import ServiceStatus
from habactors.roles.service_document import HEALTH_CODES, health_document
from habactors.roles.sidecar import Sidecar

HTML = "text/html; charset=utf-8"
JSON = "application/json"
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"

FORBIDDEN_IN_NAMES = "#@."


class Route(NamedTuple):
    """A path with {holes}, and who answers: with what stands in the holes, in their order."""

    template: str
    answer: Callable[[list[str]], Answer]

    def holes(self, path: str) -> list[str] | None:
        """What stands in the holes, perhaps nothing; None when this is no such path."""
        parts = list(zip(self.template.split("/"), path.split("/"), strict=False))
        if self.template.count("/") != path.count("/"):
            return None
        if any(known != found for known, found in parts if not known.startswith("{")):
            return None
        return [found for known, found in parts if known.startswith("{")]


class Paths:
    """The answers; each is quick, so they are given in the server's own loop."""

    def __init__(
        self, role: Sidecar, metrics: Callable[[], bytes], now: Callable[[], float]
    ) -> None:
        self._role = role
        self._now = now
        service = "/services/{svc}/{group}"
        with_org = f"{service}/{{org}}"
        self._routes = [
            Route("/", self._page),
            Route("/healthz", lambda _: Answer()),
            Route("/readyz", self._readiness),
            Route("/metrics", lambda _: Answer.of(PROMETHEUS, metrics())),
            Route("/census", lambda _: Answer.of(JSON, role.shown.census.body)),
            Route("/services", lambda _: Answer.of(JSON, role.shown.services.body)),
            Route(service, self._for_service(self._item)),
            Route(f"{service}/config", self._for_service(_configuration)),
            Route(f"{service}/health", self._for_service(_health)),
            Route(with_org, self._for_service(self._item)),
            Route(f"{with_org}/config", self._for_service(_configuration)),
            Route(f"{with_org}/health", self._for_service(_health)),
        ]

    def answer(self, path: str) -> tuple[str, Answer]:
        """The template of the route that the path takes, and its answer."""
        for route in self._routes:
            holes = route.holes(path)
            if holes is not None:
                return route.template, route.answer(holes)
        return NO_ROUTE, Answer(HTTPStatus.NOT_FOUND)

    def _page(self, _: list[str]) -> Answer:
        shown = page(self._role.shown.ledger, self._role.me, self._now())
        answer = Answer.of(HTML, shown.encode())
        policy = ("content-security-policy", CONTENT_SECURITY_POLICY)
        return answer._replace(headers=(*answer.headers, policy))

    def _readiness(self, _: list[str]) -> Answer:
        ready = self._role.shown.ready
        return Answer(HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)

    def _for_service(
        self, answer: Callable[[ServiceStatus], Answer]
    ) -> Callable[[list[str]], Answer]:
        """The answer about a loaded service; 400 for what can be no name, 404 for no other."""

        def find(parts: list[str]) -> Answer:
            if not all(map(_is_name, parts)):
                return Answer(HTTPStatus.BAD_REQUEST)
            status = self._role.shown.service("@".join([".".join(parts[:2]), *parts[2:]]))
            return answer(status) if status else Answer(HTTPStatus.NOT_FOUND)

        return find

    def _item(self, status: ServiceStatus) -> Answer:
        return Answer.of(JSON, msgspec.json.encode(self._role.document(status)))


def _configuration(status: ServiceStatus) -> Answer:
    return Answer.of(JSON, status.config)


def _health(status: ServiceStatus) -> Answer:
    health = health_document(status)
    return Answer.of(JSON, msgspec.json.encode(health), HEALTH_CODES[health["status"]])


def _is_name(part: str) -> bool:
    return part != "" and not any(character in part for character in FORBIDDEN_IN_NAMES)
