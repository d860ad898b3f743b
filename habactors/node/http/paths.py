"""What is at which path?

Habitat's paths, with its codes and shapes, and those that an orchestrator asks. Every answer comes
from what the sidecar shows; nothing here waits for anybody.
"""

from collections.abc import Callable

import msgspec
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from habactors.node.http.gate import ROUTE
from habactors.node.http.page import CONTENT_SECURITY_POLICY, page
from habactors.protocol.commands import ServiceStatus
from habactors.roles.service_document import HEALTH_CODES, health_document
from habactors.roles.sidecar import Sidecar

Answer = Callable[[Request], Response]

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FORBIDDEN_IN_NAMES = "#@."


class Part(Convertor[str]):
    """One part of a path; an empty one too, so that it can be refused by name."""

    regex = "[^/]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("part", Part())


class Paths:
    """The answers; each is quick, so they are given in the server's own loop."""

    def __init__(
        self, role: Sidecar, metrics: Callable[[], bytes], now: Callable[[], float]
    ) -> None:
        self._role = role
        self._metrics = metrics
        self._now = now

    def router(self) -> Router:
        service = "/services/{svc:part}/{group:part}"
        with_org = f"{service}/{{org:part}}"
        routes = [
            _route("/", self._page),
            _route("/healthz", lambda _: Response()),
            _route("/readyz", self._readiness),
            _route("/metrics", lambda _: Response(self._metrics(), media_type=METRICS_TYPE)),
            _route("/census", lambda _: _json(self._role.shown.census.body)),
            _route("/services", lambda _: _json(self._role.shown.services.body)),
            _route(service, self._for_service(self._item)),
            _route(f"{service}/config", self._for_service(self._configuration)),
            _route(f"{service}/health", self._for_service(self._health)),
            _route(with_org, self._for_service(self._item)),
            _route(f"{with_org}/config", self._for_service(self._configuration)),
            _route(f"{with_org}/health", self._for_service(self._health)),
        ]
        return Router(routes, redirect_slashes=False, default=_nothing_there)

    def _page(self, _: Request) -> Response:
        shown = page(self._role.shown.ledger, self._role.me, self._now())
        policy = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
        return Response(shown, media_type="text/html", headers=policy)

    def _readiness(self, _: Request) -> Response:
        return Response(status_code=200 if self._role.shown.ready else 503)

    def _for_service(self, answer: Callable[[ServiceStatus], Response]) -> Answer:
        """The answer about a loaded service; 400 for what can be no name, 404 for no other."""

        def find(request: Request) -> Response:
            parts = [request.path_params[name] for name in ("svc", "group")]
            org = request.path_params.get("org")
            if not all(_is_name(part) for part in (*parts, "-" if org is None else org)):
                return Response(status_code=400)
            name = ".".join(parts) + (f"@{org}" if org else "")
            status = self._role.shown.service(name)
            return answer(status) if status else Response(status_code=404)

        return find

    def _item(self, status: ServiceStatus) -> Response:
        return _json(msgspec.json.encode(self._role.document(status)))

    def _configuration(self, status: ServiceStatus) -> Response:
        return _json(status.config)

    def _health(self, status: ServiceStatus) -> Response:
        health = health_document(status)
        return _json(msgspec.json.encode(health), HEALTH_CODES[health["status"]])


def _route(template: str, answer: Answer) -> Route:
    async def endpoint(request: Request) -> Response:
        request.scope[ROUTE] = route.path_format
        return answer(request)

    route = Route(template, endpoint)
    return route


def _json(body: bytes, code: int = 200) -> Response:
    return Response(body, code, media_type="application/json")


def _is_name(part: str) -> bool:
    return part != "" and not any(character in part for character in FORBIDDEN_IN_NAMES)


async def _nothing_there(scope: Scope, receive: Receive, send: Send) -> None:
    await Response(status_code=404)(scope, receive, send)
