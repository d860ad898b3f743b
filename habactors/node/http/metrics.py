"""What does Prometheus see?

All counters of the node, and what the sidecar shows in numbers, read when somebody scrapes.
"""

import platform
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus

import psutil

from habactors import __version__
from habactors.node.counters import Counters
from habactors.node.http.exposition import Counted, Family, Gauge, exposed
from habactors.node.http.gate import NO_ROUTE
from habactors.protocol.health import Health
from habactors.roles.sidecar import Sidecar

STATES = ("down", "waiting", "initializing", "up", "stopping", "backoff", "parked")

LETTERS = "Messages between the actors of this node"
DROPPED = "Letters that could not be delivered"
DAMAGED = "Records that were lost to a damaged file"
RING = "Messages between the members of the ring"
RING_BYTES = "Bytes between the members of the ring"
MALFORMED = "What came in from outside and could not be understood"


class Metrics:
    """Reads memory that others write; `answered` counts requests by route and code."""

    def __init__(
        self,
        role: Sidecar,
        counters: Counters,
        answered: Counter[tuple[str, int]],
        now: Callable[[], float],
    ) -> None:
        self._role = role
        self._counters = counters
        self._answered = answered
        self._now = now

    def text(self) -> bytes:
        """All of them as Prometheus reads them."""
        return exposed(self._families())

    def _families(self) -> Iterator[Family]:
        yield from self._counted()
        yield self._requests()
        yield from self._shown()
        yield from self._actors()
        build = Gauge("habactors_build_info", "What runs here", ("version", "python"))
        build.add((__version__, platform.python_version()), 1)
        yield build

    def _counted(self) -> Iterable[Family]:
        """The counters of all bodies and roles, one family a name."""
        families: dict[str, Family] = {}
        for key, count in self._counters:
            name, explanation, labels = _family(*key)
            if name not in families:
                families[name] = Counted(name, explanation, tuple(labels))
            families[name].add(tuple(labels.values()), count)
        malformed = families["habactors_malformed"]
        malformed.add(("sidecar", "requests"), self._answered[NO_ROUTE, HTTPStatus.BAD_REQUEST])
        return families.values()

    def _requests(self) -> Family:
        family = Counted("habactors_http_requests", "Answered HTTP requests", ("route", "code"))
        for (route, code), count in sorted(self._answered.items()):
            family.add((route, str(code)), count)
        return family

    def _shown(self) -> Iterator[Family]:
        ledger = self._role.shown.ledger
        healths = Counter(view.health for view in ledger.members.values())
        members = Gauge(
            "habactors_members", "Members of the ring, as this node sees them", ("health",)
        )
        for health in Health:
            members.add((health.word,), healths[health])
        yield members
        states = Counter(status.state for status in ledger.board.services)
        services = Gauge("habactors_services", "Services that are loaded here", ("state",))
        for state in dict.fromkeys((*STATES, *states)):
            services.add((state,), states[state])
        yield services
        restarts = Counted(
            "habactors_service_restarts", "Restarts of services", ("service_group",)
        )
        for status in ledger.board.services:
            restarts.add((status.service_group,), status.restarts)
        yield restarts

    def _actors(self) -> Iterator[Family]:
        roster = self._role.shown.ledger.roster
        uptime = Gauge("habactors_uptime_seconds", "Since the node started")
        uptime.add((), self._now() - roster.started if roster.started else 0.0)
        one = ("actor",)
        running = Gauge("habactors_actor_up", "Whether an actor runs", one)
        restarts = Counted("habactors_actor_restarts", "Restarts of actors", one)
        used = Counted("habactors_actor_cpu_seconds", "Processor time of an actor's process", one)
        resident = Gauge(
            "habactors_actor_resident_bytes",
            "Memory of an actor's process, with what it shares with the others",
            one,
        )
        for row in roster.actors:
            running.add((row.name,), row.state == "running")
            restarts.add((row.name,), row.restarts)
            if usage := _usage(row.pid):
                used.add((row.name,), usage[0])
                resident.add((row.name,), usage[1])
        yield from (uptime, running, restarts, used, resident)


def _family(actor: str, happened: str, message: str) -> tuple[str, str, dict[str, str]]:
    """Name, explanation and labels of a counter.

    What only one body counts is a family of its own.
    """
    match happened, message.partition("_"):
        case "said" | "heard", _:
            labels = {"actor": actor, "direction": happened, "message": message}
            return "habactors_letters", LETTERS, labels
        case "sent" | "received", _:
            labels = {"message": message, "direction": happened}
            return "habactors_ring_messages", RING, labels
        case "dropped", _:
            return "habactors_letters_dropped", DROPPED, {"actor": actor}
        case "damaged", _:
            return "habactors_records_damaged", DAMAGED, {"actor": actor}
        case _, ("malformed", _, reason):
            return "habactors_malformed", MALFORMED, {"where": actor, "reason": reason}
        case _, ("sent" | "received" as direction, _, "bytes"):
            return "habactors_ring_bytes", RING_BYTES, {"direction": direction}
    return f"habactors_{actor}_{message}", f"{message.replace('_', ' ')}, counted by {actor}", {}


def _usage(pid: int) -> tuple[float, int] | None:
    """Processor seconds and resident bytes of a process; None when it is gone."""
    if not pid:
        return None
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            times = process.cpu_times()
            return times.user + times.system, process.memory_info().rss
    except psutil.Error:
        return None
