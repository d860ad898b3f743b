"""Election roles in virtual time: one alone in a seat, or an assembly whose ballots take a moment.

The assembly asserts the laws of elections all the while: one leader a term, and no two leases.
"""

import heapq
from itertools import count
from random import Random

from habactors.config import ElectionConfig
from habactors.protocol.electorate import Electorate
from habactors.protocol.health import Health
from habactors.protocol.leadership import AskStandings, Demoted, Elected, Leadership, Stand
from habactors.protocol.lifecycle import Identity, Peer, Wake
from habactors.protocol.transport import Balloted
from habactors.protocol.views import GroupView, MemberView, ServiceView, Views
from habactors.roles.election import Election
from tests.roles.stage import NOW, Stage, peer

GROUP = "db.prod"
LEASE = 3.0
SETTINGS = ElectionConfig(quorum_minimum=3, lease_seconds=LEASE)
NO_ELECTORATE = Electorate()


def member_view(name, health=Health.ALIVE):
    return MemberView(name, name, f"{name}:9638", 1, int(health), False, NOW, "")


def service_view(name, health=Health.ALIVE, group=GROUP, topology="leader"):
    return ServiceView(name, group, "core/db", 1, topology, b"{}", b"{}", int(health), False)


def group_view(serving, healths, term=0, leader="", electorate=NO_ELECTORATE):
    rows = tuple(service_view(one, healths.get(one, Health.ALIVE)) for one in sorted(serving))
    return GroupView(GROUP, 0, b"", "", rows, term, leader, electorate)


def voters(*names, term=0, serial=0):
    return Electorate(term, serial, tuple(sorted(names)))


class Seat(Stage):
    """One node's election role; `now` is the stage's, or the assembly's."""

    def __init__(self, name="ada", settings=SETTINGS, life="1", seed=1):
        self.me = Identity(name, name, f"{name}:9638")
        self.settings = settings
        self.epochs = count(1)
        self.seed = seed
        super().__init__(self.role_of(life))

    def role_of(self, life):
        return Election(self.me, self.settings, life, Random(f"{self.seed} {self.me.id}"))

    def restart_actor(self, life="1"):
        return self.restart(self.role_of(life))

    def see(self, *serving, dead=(), departed=(), idle=(), **outcome):
        """All of the census: who serves in the group, and who is not well."""
        healths = dict.fromkeys(dead, Health.CONFIRMED) | dict.fromkeys(departed, Health.DEPARTED)
        names = sorted(dict.fromkeys((*serving, *dead, *departed, *idle)))
        members = tuple(member_view(one, healths.get(one, Health.ALIVE)) for one in names)
        view = group_view(serving, healths, **outcome)
        return self.hear(Views(next(self.epochs), 1, True, members, (view,)))

    def stand(self, suitability=0, why="", measured_at=None):
        return self.hear(Stand(GROUP, not why, suitability, why, measured_at))

    def say_to(self, name, *ballots):
        """Another member says something to this one."""
        return self.hear(*(Balloted(peer(name), ballot) for ballot in ballots))

    @property
    def contest(self):
        return self.role.contests[GROUP]

    @property
    def record(self):
        return self.contest.voter.record

    def answer(self, kind):
        """The only ballot of that kind that was sent."""
        return self.take(kind)[1]


class Assembly:
    """Seats by name; `cut` holds pairs that do not hear each other, `silent` actors that are gone.

    The services of all stop as soon as they may lead no more, and the ring hears of outcomes.
    """

    LATENCY_SECONDS = 0.01
    STOP_SECONDS = 0.1

    def __init__(self, *names, suitability=None, settings=SETTINGS, serving=None, seed=1):
        self.now = NOW
        self.seats = {name: Seat(name, settings, seed=seed) for name in names}
        self.suitability = {name: (suitability or {}).get(name, 0) for name in names}
        self.serving = list(names if serving is None else serving)
        self.healths = {}
        self.cut = set()
        self.silent = set()
        self.outcome = {"term": 0, "leader": "", "electorate": NO_ELECTORATE}
        self.leaderships = {}
        self.terms = {}
        self.leases = {}
        self.ballots = []
        self._order = count()
        self._items = []
        for name in names:
            self.seats[name].start()
            self._empty(name)
        self.tell()
        for name in self.serving:
            self.stand(name)

    # What happens to them

    def stand(self, name, why=""):
        self.hear(name, Stand(GROUP, not why, self.suitability[name], why))

    def kill(self, name):
        """The node is gone, and all see it."""
        self.silent.add(name)
        self.leases.pop(name, None)
        return self.mark(name, Health.CONFIRMED)

    def mark(self, name, health):
        """All who can hear it learn how a member is."""
        self.healths[name] = health
        return self.tell()

    def revive(self, name, life="2"):
        """The node is back, in another life."""
        self.silent.discard(name)
        self.healths.pop(name, None)
        self.restart_actor(name, life)
        return self.tell()

    def restart_actor(self, name, life="1"):
        """The actor, or with another life the node, begins anew with what it kept."""
        seat = self.seats[name]
        seat.now = self.now
        seat.restart_actor(life)
        self._empty(name)
        self._see(name)
        if name in self.serving:
            self.stand(name)
        return self

    def join(self, name, suitability=0):
        """A new node serves in the group."""
        self.seats[name] = Seat(name, SETTINGS)
        self.seats[name].now = self.now
        self.suitability[name] = suitability
        self.serving.append(name)
        self.seats[name].start()
        self._empty(name)
        self.tell()
        self.stand(name)
        return self

    def part(self, *names):
        """Those names on one side, all others on the other."""
        self.cut = {
            (one, other)
            for one in self.seats
            for other in self.seats
            if (one in names) != (other in names)
        }
        return self.tell()

    def heal(self):
        self.cut = set()
        return self.tell()

    def tell(self):
        """The census of every node says what is so."""
        for name in self.seats:
            self._see(name)
        return self

    def _see(self, name):
        if name in self.silent:
            return
        healths = dict(self.healths)
        for other in self.seats:
            if (name, other) in self.cut:
                healths.setdefault(other, Health.CONFIRMED)
        members = tuple(member_view(one, healths.get(one, 1)) for one in sorted(self.seats))
        view = group_view(self.serving, healths, **self.outcome)
        self.hear(name, Views(next(self.seats[name].epochs), 1, True, members, (view,)))

    # Time

    def hear(self, name, message):
        if name in self.silent:
            return
        seat = self.seats[name]
        seat.now = self.now
        seat.hear(message)
        self._empty(name)

    def _empty(self, name):
        seat = self.seats[name]
        said, sent, seat.said, seat.sent, seat.kept = seat.said, seat.sent, [], [], []
        for receiver, ballot in sent:
            self.ballots.append((name, receiver.id, ballot))
            if (name, receiver.id) not in self.cut and receiver.id in self.seats:
                origin = Peer(name, f"{name}:9638")
                self._after(self.LATENCY_SECONDS, self.hear, receiver.id, Balloted(origin, ballot))
        for letter in said:
            self._follow(name, letter)
        if seat.role.out.wake is not None:
            self._after(seat.role.out.wake - self.now, self._ring, name, seat.role.out.wake)

    def _ring(self, name, wake):
        if self.seats[name].role.out.wake == wake:
            self.hear(name, Wake())

    def _follow(self, name, letter):
        match letter:
            case Elected(term=term, leader=leader, electorate=electorate):
                outcome = {"term": term, "leader": leader, "electorate": electorate}
                self._after(self.LATENCY_SECONDS, self._publish, outcome)
            case Leadership():
                self._check(name, letter)
            case AskStandings() if name in self.serving:
                self._after(self.LATENCY_SECONDS, self.stand, name)

    def _publish(self, outcome):
        if outcome["term"] >= self.outcome["term"]:
            self.outcome = outcome
            self.tell()

    def _check(self, name, letter):
        self.leaderships[name] = letter
        if letter.role == "leader":
            assert self.terms.setdefault(letter.term, name) == name, "two leaders in one term"
            others = {one: until for one, until in self.leases.items() if one != name}
            assert all(until <= self.now for until in others.values()), "two leases"
            self.leases[name] = letter.lease_until
        elif name in self.leases:
            term = letter.term
            self._after(self.STOP_SECONDS, self._stop, name, term)

    def _stop(self, name, term):
        self.leases.pop(name, None)
        self.hear(name, Demoted(GROUP, term))

    def _after(self, seconds, call, *arguments):
        item = (self.now + max(0.0, seconds), next(self._order), call, arguments)
        heapq.heappush(self._items, item)

    def run(self, seconds):
        end = self.now + seconds
        while self._items and self._items[0][0] <= end:
            self.now, _, call, arguments = heapq.heappop(self._items)
            call(*arguments)
        self.now = end
        return self

    def run_until_led(self, seconds=20.0):
        """Let time pass until all who are there know one leader; after how long."""
        began = self.now
        while self.now < began + seconds:
            self.run(0.1)
            if self.leader():
                return self.now - began
        raise AssertionError(f"nobody leads: {self.leaderships}")

    # What they know

    def leader(self):
        """Whom all who are there hold to lead; empty when they differ, or it does not lead."""
        there = [name for name in self.serving if name not in self.silent]
        known = {self.leaderships[name].leader for name in there if name in self.leaderships}
        leader = known.pop() if len(known) == 1 else ""
        return leader if leader and self.leads(leader) else ""

    def leads(self, name):
        return self.leaderships[name].role == "leader" and name not in self.silent

    def contest(self, name):
        return self.seats[name].contest

    def term(self):
        """The highest term that anybody knows."""
        return max(self.contest(name).voter.record.term for name in self.seats)

    def electorate(self, name):
        return self.contest(name).voter.record.electorate.members

    def said(self, kind):
        """Who sent ballots of that kind."""
        return [name for name, _, ballot in self.ballots if isinstance(ballot, kind)]
