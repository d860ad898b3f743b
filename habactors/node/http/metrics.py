"""What does Prometheus see?

All counters of the node, and what the sidecar shows in numbers, read when somebody scrapes.
"""

import platform
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import psutil
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from habactors import __version__
from habactors.node.counters import Counters
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


class Metrics(Collector):
    """Collects from memory that others write; `answered` counts requests by route and code."""

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
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> bytes:
        """In Prometheus' text format 0.0.4."""
        return generate_latest(self._registry)

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        yield from self._counted().values()
        yield self._requests()
        yield from self._shown()
        yield from self._actors()
        build = GaugeMetricFamily(
            "habactors_build_info", "What runs here", labels=("version", "python")
        )
        build.add_metric((__version__, platform.python_version()), 1)
        yield build

    def _counted(self) -> dict[str, CounterMetricFamily]:
        """The counters of all bodies and roles, one family a name."""
        families: dict[str, CounterMetricFamily] = {}
        for key, count in self._counters:
            name, help_text, labels = _family(*key)
            if name not in families:
                families[name] = CounterMetricFamily(name, help_text, labels=list(labels))
            families[name].add_metric(list(labels.values()), count)
        malformed = families["habactors_malformed"]
        malformed.add_metric(["sidecar", "requests"], self._answered[NO_ROUTE, 400])
        return families

    def _requests(self) -> Metric:
        family = CounterMetricFamily(
            "habactors_http_requests", "Answered HTTP requests", labels=("route", "code")
        )
        for (route, code), count in sorted(self._answered.items()):
            family.add_metric((route, str(code)), count)
        return family

    def _shown(self) -> Iterator[Metric]:
        ledger = self._role.shown.ledger
        healths = Counter(view.health for view in ledger.members.values())
        members = GaugeMetricFamily(
            "habactors_members", "Members of the ring, as this node sees them", labels=("health",)
        )
        for health in Health:
            members.add_metric((health.word,), healths[health])
        yield members
        states = Counter(status.state for status in ledger.board.services)
        services = GaugeMetricFamily(
            "habactors_services", "Services that are loaded here", labels=("state",)
        )
        for state in dict.fromkeys((*STATES, *states)):
            services.add_metric((state,), states[state])
        yield services
        restarts = CounterMetricFamily(
            "habactors_service_restarts", "Restarts of services", labels=("service_group",)
        )
        for status in ledger.board.services:
            restarts.add_metric((status.service_group,), status.restarts)
        yield restarts

    def _actors(self) -> Iterator[Metric]:
        roster = self._role.shown.ledger.roster
        seconds = self._now() - roster.started if roster.started else 0.0
        yield GaugeMetricFamily("habactors_uptime_seconds", "Since the node started", seconds)
        one = ("actor",)
        running = GaugeMetricFamily("habactors_actor_up", "Whether an actor runs", labels=one)
        restarts = CounterMetricFamily(
            "habactors_actor_restarts", "Restarts of actors", labels=one
        )
        used = CounterMetricFamily(
            "habactors_actor_cpu_seconds", "Processor time of an actor's process", labels=one
        )
        resident = GaugeMetricFamily(
            "habactors_actor_resident_bytes",
            "Memory of an actor's process, with what it shares with the others",
            labels=one,
        )
        for row in roster.actors:
            running.add_metric((row.name,), row.state == "running")
            restarts.add_metric((row.name,), row.restarts)
            if usage := _usage(row.pid):
                used.add_metric((row.name,), usage[0])
                resident.add_metric((row.name,), usage[1])
        yield from (running, restarts, used, resident)


def _family(actor: str, happened: str, message: str) -> tuple[str, str, dict[str, str]]:
    """Name, help and labels of a counter; what only one body counts is a family of its own."""
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
