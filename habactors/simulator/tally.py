"""What did a run cost, and what did the ring find out?"""

from dataclasses import dataclass

from habactors.protocol.events import Event
from habactors.protocol.health import Health
from habactors.protocol.news import Accusation
from habactors.roles.role import Outbox
from habactors.simulator.checkers.costs import sealed_bytes
from habactors.simulator.host import Host
from habactors.simulator.ring import Ring

LOOK_SECONDS = 0.5


@dataclass
class Detection:
    """How long after its end a member was found out: in seconds, None for not yet.

    `suspected` and `first` by the first observer, `last` by the last one until now.
    """

    name: str
    ended: float
    suspected: float | None = None
    first: float | None = None
    last: float | None = None


class Tally:
    """Counts from the moment when it is made."""

    def __init__(self, ring: Ring) -> None:
        self.messages = 0
        self.bytes = 0
        self.member_seconds = 0.0
        self.refutations = 0
        self._ring = ring
        self._suspicions: dict[tuple[str, int], None] = {}
        self._verdicts: dict[tuple[str, int], bool] = {}
        self._detections: dict[tuple[str, float], Detection] = {}
        ring.watch(self._follow)
        self._look(None)

    @property
    def suspicions(self) -> int:
        """How many members were suspected, at each incarnation anew."""
        return len(self._suspicions)

    @property
    def rightly_confirmed(self) -> int:
        """How many members were said to be dead, and were down."""
        return sum(self._verdicts.values())

    @property
    def wrongly_confirmed(self) -> int:
        """How many members were said to be dead, at an incarnation at which they ran."""
        return len(self._verdicts) - self.rightly_confirmed

    @property
    def detections(self) -> list[Detection]:
        """The members whose node ended, in the order in which they were found out."""
        return list(self._detections.values())

    def _look(self, _: object) -> None:
        agenda = self._ring.agenda
        self.member_seconds += LOOK_SECONDS * len(self._ring.up)
        agenda.at(agenda.now + LOOK_SECONDS, self._look, None)

    def _follow(self, host: Host, actor: str, out: Outbox) -> None:
        self.messages += len(out.sent)
        self.bytes += sum(sealed_bytes(host, message) for _, message in out.sent)
        for letter in out.said:
            match letter:
                case Accusation(member_id=subject, incarnation=incarnation, level=level):
                    self._note_accusation(subject, incarnation, Health(level))
                case Event(kind="member", subject=subject) if subject == host.me.id:
                    self.refutations += 1
                case Event(kind="member", name=name, after=after):
                    self._note_health(name, after)

    def _note_accusation(self, subject: str, incarnation: int, level: Health) -> None:
        if level is Health.SUSPECT:
            self._suspicions[subject, incarnation] = None
        else:
            accused = (host for host in self._ring.hosts.values() if host.me.id == subject)
            is_down = not any(host.up for host in accused)
            self._verdicts.setdefault((subject, incarnation), is_down)

    def _note_health(self, name: str, after: str) -> None:
        host = self._ring.hosts.get(name)
        if host is None or host.up or after not in ("suspect", "confirmed"):
            return
        ended = self._ring.agenda.elapsed - (self._ring.agenda.now - host.since)
        found = self._detections.setdefault((name, host.since), Detection(name, ended))
        seconds = self._ring.agenda.now - host.since
        if found.suspected is None:
            found.suspected = seconds
        if after == Health.CONFIRMED.word:
            found.first = seconds if found.first is None else found.first
            found.last = seconds
