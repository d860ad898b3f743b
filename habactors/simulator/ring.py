"""What can befall a ring of imagined hosts?

    ring = Ring(5, seed=7)
    ring.start()
    ring.run(3)
    ring.cut(["m4"], ["m0", "m1", "m2", "m3"])

Hosts are called m0, m1, and so on; equal seeds and equal faults give equal runs, to the last
message.
"""

from collections.abc import Iterable
from itertools import combinations
from typing import Any

from habactors.protocol.lifecycle import Identity
from habactors.protocol.news import Leave
from habactors.simulator.agenda import Agenda
from habactors.simulator.cast import CAST, Cast
from habactors.simulator.conditions import Way
from habactors.simulator.host import Host, Watcher
from habactors.simulator.network import Network

PORT = 9638
ACTOR_DOWN_SECONDS = 0.03
"""How long a crashed actor is away: root needs that to notice and to start it anew."""
PARTING_SECONDS = 0.3
"""How long a node that leaves still lives to say so."""


def member_id(name: str) -> str:
    """The member id of an imagined host: unlike its name, but of the same order."""
    return f"id-{name}"


def address(name: str) -> str:
    """Where an imagined host listens."""
    return f"{name}:{PORT}"


class Ring:
    """Hosts on one network, all down. Each greets the `peers`; both lists are of names.

    `sealed`, messages and letters go through their bytes: slower, and it checks their limits.
    """

    def __init__(
        self,
        count: int,
        seed: int,
        *,
        peers: Iterable[str] = ("m0",),
        permanent: Iterable[str] = (),
        cast: Cast = CAST,
        sealed: bool = True,
    ) -> None:
        self.agenda = Agenda()
        self.network = Network(self.agenda, seed, sealed=sealed)
        self._greeted = tuple(address(peer) for peer in peers)
        self._cast = cast
        self._seed = seed
        self._watchers: list[Watcher] = []
        self._flips: dict[int, None] = {}
        self._made = count
        self.hosts: dict[str, Host] = {}
        forever = tuple(permanent)
        for name in (f"m{number}" for number in range(count)):
            self._add(name, address(name), permanent=name in forever)

    def _add(self, name: str, listen: str, *, permanent: bool = False) -> Host:
        me = Identity(member_id(name), name, listen, permanent)
        host = self.hosts[name] = Host(
            me,
            self._greeted,
            cast=self._cast,
            seed=self._seed,
            agenda=self.agenda,
            network=self.network,
        )
        host.watchers = self._watchers
        return host

    def watch(self, watcher: Watcher) -> None:
        """Let somebody see whatever the actors of all hosts say, send and keep."""
        self._watchers.append(watcher)

    @property
    def up(self) -> list[Host]:
        """The hosts whose node runs."""
        return [host for host in self.hosts.values() if host.up]

    def start(self, names: Iterable[str] | None = None, apart_seconds: float = 0.0) -> None:
        """Start these hosts, or all of them, one after the other."""
        for number, name in enumerate(self.hosts if names is None else names):
            time = self.agenda.now + number * apart_seconds
            self.agenda.at(time, Host.start, self.hosts[name])
        self.run(0)

    def run(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.agenda.run(seconds)

    def cut(self, sources: Iterable[str], targets: Iterable[str]) -> list[dict[Way, None]]:
        """Let nothing through from these hosts to those, both ways; the ways that this is."""
        one, other = list(sources), list(targets)
        return [self.cut_one_way(one, other), self.cut_one_way(other, one)]

    def cut_one_way(self, sources: Iterable[str], targets: Iterable[str]) -> dict[Way, None]:
        """Let nothing through from these hosts to those; the way back stays open."""
        return self.network.cut(self._listening(sources), self._listening(targets))

    def _listening(self, names: Iterable[str]) -> list[str]:
        return [self.hosts[name].me.address for name in names]

    def isolate(self, name: str) -> None:
        """Cut a host from all others."""
        self.cut([name], [other for other in self.hosts if other != name])

    def part(self, *sides: Iterable[str]) -> list[dict[Way, None]]:
        """Split the ring: nothing crosses from one side to another; hosts on no side reach all."""
        islands = [list(side) for side in sides]
        return [ways for one, other in combinations(islands, 2) for ways in self.cut(one, other)]

    def flip(self, *sides: Iterable[str], seconds: float) -> None:
        """Split the ring and heal it, again and again after that time, until all cuts heal."""
        islands = [tuple(side) for side in sides]
        number = self.agenda.noted
        self._flips[number] = None

        def flip(ways: list[dict[Way, None]]) -> None:
            if number not in self._flips:
                return
            for cut in ways:
                self.network.conditions.mend(cut)
            after = [] if ways else self.part(*islands)
            self.agenda.at(self.agenda.now + seconds, flip, after)

        flip([])

    def heal(self) -> None:
        """Undo all cuts."""
        self._flips.clear()
        self.network.conditions.heal()

    def replace(self, name: str, *, elsewhere: bool = False) -> str:
        """Lose a host for ever, and set up another, at its address unless elsewhere.

        The other has an id of its own; returned is its name.
        """
        old = self.hosts[name]
        self._lose(old)
        successor = f"m{self._made}"
        self._made += 1
        self._add(successor, address(successor) if elsewhere else old.me.address)
        self.start([successor])
        return successor

    def forget(self, name: str) -> None:
        """Lose a host for ever, and forget that it ever was."""
        self._lose(self.hosts.pop(name))

    def _lose(self, host: Host) -> None:
        if host.up:
            host.lose_power()
        if not host.buried:
            host.bury()

    def churn(self, count: int, seconds: float) -> None:
        """Replace the oldest hosts one after the other, so long apart, but not those greeted."""
        for number in range(count):
            time = self.agenda.now + number * seconds
            self.agenda.at(time, lambda _: self._replace_oldest(), None)

    def _replace_oldest(self) -> None:
        oldest = next((host for host in self.up if host.me.address not in self._greeted), None)
        if oldest:
            self.replace(oldest.name, elsewhere=True)

    def crash_actor(self, name: str, actor: str, seconds: float = ACTOR_DOWN_SECONDS) -> None:
        """Let one actor of a host die; it is back after that time."""
        self.hosts[name].crash(actor, seconds)

    def leave(self, name: str) -> None:
        """Stop a host gracefully: it says so, and is gone a moment later."""
        host = self.hosts[name]
        host.leaving = True
        host.tell("root", Leave())
        self.agenda.at(self.agenda.now + PARTING_SECONDS, Host.stop, host)

    def lose(self, share: float, *, burst: float = 1.0) -> None:
        """Lose that share of all messages, so many in a row of what one host sends."""
        conditions = self.network.conditions
        conditions.loss, conditions.burst = share, burst

    def lose_at(self, share: float, names: Iterable[str]) -> None:
        """Lose that share of what comes to these hosts and of what they send."""
        for listen in self._listening(names):
            self.network.conditions.loss_at[listen] = share

    def lose_one_way(self, share: float, source: str, targets: Iterable[str]) -> None:
        """Lose that share of what one host sends to these."""
        (begin,) = self._listening([source])
        for end in self._listening(targets):
            self.network.conditions.loss_on[begin, end] = share

    def tell(self, name: str, speaker: str, letter: Any) -> None:
        """Say a letter on a host in the place of an actor that it does not run."""
        self.hosts[name].tell(speaker, letter)
