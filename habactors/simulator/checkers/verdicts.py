"""Is everybody found out who is gone, and nobody who is not?

The two halves of what a failure detector promises (Chandra and Toueg 1996), with a time limit.
"""

from habactors.protocol.events import Event
from habactors.protocol.health import REACHABLE, Health
from habactors.roles.role import Outbox
from habactors.simulator import truth
from habactors.simulator.checkers.checker import Looker
from habactors.simulator.host import Host
from habactors.simulator.ring import Ring
from habactors.simulator.wellness import Wellness


class Judge(Looker):
    """Tells of each pair of observer and observed once, as long as the one is wrong."""

    def __init__(self, ring: Ring, seconds: float) -> None:
        self._seconds = seconds
        self._wellness = Wellness(ring)
        self._told: dict[tuple[str, str], None] = {}
        super().__init__(ring)

    def judge(self, observer: Host, host: Host, *, is_wrong: bool) -> None:
        """Tell of a pair that is wrong, and was not before."""
        pair = (observer.name, host.name)
        if not is_wrong:
            self._told.pop(pair, None)
        elif pair not in self._told:
            self._told[pair] = None
            self.note(f"{observer.name} holds {self.belief(observer, host)}")

    def belief(self, observer: Host, host: Host) -> str:
        """What an observer wrongly holds, in words."""
        raise NotImplementedError


class Completeness(Judge):
    """Who has been down for so long is confirmed by all who have been well for as long."""

    NAME = "completeness"

    def look(self) -> None:
        self._wellness.look()
        gone = self._wellness.down(self._seconds)
        observers = self._wellness.well(self._seconds) if gone else []
        for observer in observers:
            held = truth.table(observer)
            for host in gone:
                self.judge(observer, host, is_wrong=held.health(host.me.id) in REACHABLE)

    def belief(self, observer: Host, host: Host) -> str:
        standing = truth.standing(observer, host.name)
        return f"{host.name} {standing}, down for {self._seconds:g} s"


class Accuracy(Judge):
    """Who has been well for so long is held confirmed by nobody who has been well for as long."""

    NAME = "accuracy"

    def look(self) -> None:
        self._wellness.look()
        well = self._wellness.well(self._seconds)
        for observer in well:
            held = truth.table(observer)
            for host in well:
                is_wrong = held.health(host.me.id) is Health.CONFIRMED
                self.judge(observer, host, is_wrong=is_wrong)

    def follow(self, host: Host, actor: str, out: Outbox) -> None:
        """See also what lasts for less than the time between two looks."""
        for letter in out.said:
            if isinstance(letter, Event) and letter.after == Health.CONFIRMED.word:
                self._wellness.look()
                well = {each.me.id: each for each in self._wellness.well(self._seconds)}
                if letter.subject in well and host.me.id in well:
                    self.judge(host, well[letter.subject], is_wrong=True)

    def belief(self, observer: Host, host: Host) -> str:
        return f"{host.name} confirmed, well for {self._seconds:g} s"
