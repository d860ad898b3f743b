"""Does anybody go back on what it has already known?"""

from habactors.protocol.health import Health
from habactors.protocol.news import News, Snapshot
from habactors.protocol.rumors import AnyRumor, Departure, Membership
from habactors.roles.role import Outbox
from habactors.simulator import truth
from habactors.simulator.checkers.checker import Checker
from habactors.simulator.host import Host
from habactors.simulator.ring import Ring


def learned(out: Outbox) -> list[AnyRumor]:
    """The rumors that a disseminator is about to tell its node."""
    tellings = (letter for letter in out.said if isinstance(letter, News | Snapshot))
    return [item.rumor for letter in tellings for item in letter.known]


class Incarnations(Checker):
    """An observer never holds a member at a lower incarnation than before.

    Whoever loses power may forget what it heard of others, though never what it said of itself.
    """

    NAME = "incarnations"

    def __init__(self, ring: Ring) -> None:
        super().__init__(ring)
        self._highest: dict[tuple[str, int, str], int] = {}

    def follow(self, host: Host, actor: str, out: Outbox) -> None:
        for rumor in learned(out):
            if isinstance(rumor, Membership):
                life = 0 if rumor.id == host.me.id else host.powers_lost
                key = (host.name, life, rumor.id)
                before = self._highest.get(key, 0)
                if rumor.incarnation < before:
                    self.note(
                        f"{host.name} held {rumor.name} at incarnation {before}, "
                        f"then at {rumor.incarnation}"
                    )
                self._highest[key] = rumor.incarnation


class Departures(Checker):
    """Who is departed in somebody's eyes stays so."""

    NAME = "departures"

    def __init__(self, ring: Ring) -> None:
        super().__init__(ring)
        self._departed: dict[tuple[str, int, str], None] = {}

    def follow(self, host: Host, actor: str, out: Outbox) -> None:
        for rumor in learned(out):
            if isinstance(rumor, Departure):
                self._departed[host.name, host.powers_lost, rumor.member_id] = None

    def verdict(self) -> list[str]:
        for name, life, member_id in self._departed:
            host = self.ring.hosts[name]
            if host.up and host.powers_lost == life:
                health = truth.table(host).health(member_id)
                if health is not Health.DEPARTED:
                    self.note(f"{name} held {member_id} to be departed, then {health}")
        return super().verdict()
