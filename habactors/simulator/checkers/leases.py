"""Is there ever more than one leader?

The laws of elections, in true time: whatever the clocks of the hosts show.
"""

from typing import NamedTuple

from habactors.protocol.leadership import Leadership
from habactors.roles.election import Election
from habactors.roles.role import Outbox
from habactors.simulator.checkers.checker import Checker
from habactors.simulator.host import Host
from habactors.simulator.ring import Ring


class Lease(NamedTuple):
    """Who may lead in which term, and until when (virtual time)."""

    name: str
    term: int
    until: float


class Leases(Checker):
    """One leader a term, no two leases at once, and none without the word of a majority."""

    NAME = "leases"

    def __init__(self, ring: Ring) -> None:
        self.elected: dict[tuple[str, int], str] = {}
        self._leases: dict[tuple[str, str], Lease] = {}
        super().__init__(ring)

    def follow(self, host: Host, actor: str, out: Outbox) -> None:
        if actor != Election.NAME:
            return
        for letter in out.said:
            match letter:
                case Leadership(service_group=group, role="leader"):
                    until = _true_time(host, letter.lease_until)
                    self._hear(host, group, Lease(host.name, letter.term, until))
                case Leadership(service_group=group):
                    self._end(host, group)

    def _hear(self, host: Host, group: str, lease: Lease) -> None:
        leader = self.elected.setdefault((group, lease.term), lease.name)
        if leader != lease.name:
            self.note(f"{leader} and {lease.name} both lead {group} in term {lease.term}")
        now = self.ring.agenda.now
        for (other_group, name), other in self._leases.items():
            if other_group == group and name != lease.name and other.until > now:
                self.note(
                    f"{lease.name} leads {group} in term {lease.term} while {name} has a lease of "
                    f"term {other.term} for {other.until - now:.3f} s more"
                )
        self._leases[group, lease.name] = lease
        self._count(host, group, lease)

    def _count(self, host: Host, group: str, lease: Lease) -> None:
        """Those who may not vote for anybody else as long as the lease lasts are a majority.

        Of the electorate as it is, or, until the last change is agreed upon, as it was.
        """
        contest = _election(host).contests[group]
        agreed = contest.reign.agreed if contest.reign else None
        for electorate in filter(None, (contest.voter.record.electorate, agreed)):
            hosts = (one for one in self.ring.hosts.values() if one.me.id in electorate.members)
            bound = sum(_is_bound(one, group, contest.me, lease) for one in hosts)
            if bound >= electorate.majority:
                return
        self.note(f"{lease.name} leads {group} in term {lease.term} without a majority")

    def _end(self, host: Host, group: str) -> None:
        """Who resigns keeps the group until its service has stopped."""
        held = self._leases.get((group, host.name))
        contest = _election(host).contests.get(group)
        if held and contest and contest.reign is None:
            until = min(held.until, self.ring.agenda.now)
            self._leases[group, host.name] = held._replace(until=until)


def _is_bound(host: Host, group: str, leader: str, lease: Lease) -> bool:
    """Bound to that leader, or silent because it was started anew and does not remember."""
    if not host.up or Election.NAME not in host.actors:
        return True
    contest = _election(host).contests.get(group)
    if contest is None:
        return True
    bond = contest.voter.bond
    if bond.leader == leader and bond.term == lease.term:
        return _true_time(host, bond.until) >= lease.until
    return _true_time(host, contest.voter.free_at()) >= lease.until and bond.leader == ""


def _election(host: Host) -> Election:
    role = host.role(Election.NAME)
    assert isinstance(role, Election)
    return role


def _true_time(host: Host, time: float) -> float:
    return host.clock.when(time) if host.clock else time
