"""Random schedules of everything that can befall a group with a leader."""

from random import Random

from habactors.protocol.leadership import (
    AskLeadership,
    AskStandings,
    Demoted,
    Leadership,
    Stand,
)
from habactors.protocol.lifecycle import Start
from habactors.protocol.news import Offer
from habactors.roles.election import Election
from habactors.roles.role import Role
from habactors.simulator.cast import CAST
from habactors.simulator.checkers import Leases
from habactors.simulator.ring import Ring

GROUP = "db.prod"
STOP_SECONDS = 0.2
ACTORS = ("election", "election", "disseminator", "census", "detector", "services", "wire")
SIZES = (3, 3, 4, 5, 5, 7)
DRIFT = 0.0049
"""Each clock; two of them differ by at most twice as much."""


class Services(Role):
    """Stands in for the services actor: one service, which stops when it may lead no more."""

    NAME = "services"

    def __init__(self, seat):
        super().__init__(seat.me)
        self.suitability = seat.rng.randrange(3)
        self.lease = None
        self.stops_at = None

    def hear(self, message, now):
        match message:
            case Start():
                self.say(Offer(GROUP, "core/db", "leader", b"{}", b"{}"))
                self.say(AskLeadership())
                self.stand()
            case AskStandings():
                self.stand()
            case Leadership(role="leader"):
                self.lease, self.stops_at = message, None
            case Leadership() if self.lease and self.stops_at is None:
                self.stops_at = now + STOP_SECONDS
        if self.stops_at is not None and now >= self.stops_at:
            self.say(Demoted(GROUP, self.lease.term))
            self.lease = self.stops_at = None
        if self.lease and now >= self.lease.lease_until:
            self.lease = self.stops_at = None
        times = [self.stops_at, self.lease and self.lease.lease_until]
        self.wake_at(min((time for time in times if time is not None), default=None))

    def stand(self):
        self.say(Stand(GROUP, True, self.suitability))


class Schedule:
    """One seed's faults upon one ring, one after the other; `leases` has seen them all."""

    def __init__(self, seed, **cast):
        self.rng = Random(f"{seed} schedule")
        size = self.rng.choice(SIZES)
        self.ring = Ring(size, seed, cast={**CAST, "services": Services, **cast}, sealed=False)
        self.leases = Leases(self.ring)
        names = list(self.ring.hosts)
        self.late = names[max(3, size - 1) :] if self.rng.random() < 0.5 else []
        self.ring.start([name for name in names if name not in self.late])
        for host in self.ring.hosts.values():
            if self.rng.random() < 0.5:
                host.set_clock(rate=1 + self.rng.uniform(-DRIFT, DRIFT))
        self.ring.run(self.rng.uniform(2, 6))

    def disturb(self, seconds):
        """Let faults happen for so long."""
        end = self.ring.agenda.elapsed + seconds
        while self.ring.agenda.elapsed < end and not self.leases.verdict():
            self._happen()
            self.ring.run(self.rng.uniform(0.05, 4))

    def _happen(self):
        rng, ring = self.rng, self.ring
        up = [host for host in ring.up if not host.paused]
        down = [host for host in ring.hosts.values() if not host.up and host.name not in self.late]
        luck = rng.random()
        if luck < 0.2 and len(up) > 1:
            host = rng.choice(up)
            rng.choice((host.stop, host.lose_power))()
        elif luck < 0.35 and down:
            ring.start([rng.choice(down).name])
        elif luck < 0.45 and self.late:
            ring.start([self.late.pop()])
        elif luck < 0.6 and up:
            ring.crash_actor(rng.choice(up).name, rng.choice(ACTORS))
        elif luck < 0.75:
            names = rng.sample(list(ring.hosts), len(ring.hosts))
            place = rng.randrange(1, len(names))
            ring.part(names[:place], names[place:])
        elif luck < 0.85:
            ring.heal()
        elif luck < 0.92 and up:
            rng.choice(up).pause(rng.uniform(0.2, 5))
        elif luck < 0.97:
            ring.lose(rng.choice((0.0, 0.1, 0.3)))

    def mend(self, seconds):
        """Undo all faults: after how long everybody knows one leader; None when nobody does."""
        ring = self.ring
        ring.heal()
        ring.lose(0.0)
        ring.start([host.name for host in ring.hosts.values() if not host.up])
        began = ring.agenda.elapsed
        while ring.agenda.elapsed < began + seconds:
            ring.run(0.1)
            if self.leader():
                return ring.agenda.elapsed - began
        return None

    def leader(self):
        """Whom all hosts hold to lead; empty when they do not agree."""
        leaders = {self._known_leader(host) for host in self.ring.up}
        return leaders.pop() if len(leaders) == 1 else ""

    def _known_leader(self, host):
        role = host.role("election")
        assert isinstance(role, Election)
        contest = role.contests.get(GROUP)
        now = host.clock.now() if host.clock else self.ring.agenda.now
        return contest.leadership(now).leader if contest else ""
