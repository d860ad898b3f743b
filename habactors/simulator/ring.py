"""What can befall a ring of imagined hosts?

    ring = Ring(5, seed=7)
    ring.start()
    ring.run(3)
    ring.cut(["m4"], ["m0", "m1", "m2", "m3"])

Hosts are called m0, m1, and so on; equal seeds and equal faults give equal runs, to the last
message.
"""

from collections.abc import Iterable
from typing import Any

from habactors.protocol.lifecycle import Identity
from habactors.protocol.news import Leave
from habactors.simulator.agenda import Agenda
from habactors.simulator.cast import CAST, Cast
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
        greeted = tuple(address(peer) for peer in peers)
        forever = tuple(permanent)
        self.hosts: dict[str, Host] = {}
        for name in (f"m{number}" for number in range(count)):
            me = Identity(member_id(name), name, address(name), permanent=name in forever)
            self.hosts[name] = Host(
                me, greeted, cast=cast, seed=seed, agenda=self.agenda, network=self.network
            )

    def watch(self, watcher: Watcher) -> None:
        """Let somebody see whatever the actors of all hosts say, send and keep."""
        for host in self.hosts.values():
            host.watchers.append(watcher)

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

    def cut(self, sources: Iterable[str], targets: Iterable[str]) -> None:
        """Let nothing through from these hosts to those, both ways."""
        one, other = list(sources), list(targets)
        self.cut_one_way(one, other)
        self.cut_one_way(other, one)

    def cut_one_way(self, sources: Iterable[str], targets: Iterable[str]) -> None:
        """Let nothing through from these hosts to those; the way back stays open."""
        self.network.cut(map(address, sources), map(address, targets))

    def isolate(self, name: str) -> None:
        """Cut a host from all others."""
        self.cut([name], [other for other in self.hosts if other != name])

    def part(self, *sides: Iterable[str]) -> None:
        """Split the ring: nothing crosses from one side to another; hosts on no side reach all."""
        islands = [list(side) for side in sides]
        for number, island in enumerate(islands):
            for other in islands[number + 1 :]:
                self.cut(island, other)

    def heal(self) -> None:
        """Undo all cuts."""
        self.network.conditions.heal()

    def crash_actor(self, name: str, actor: str, seconds: float = ACTOR_DOWN_SECONDS) -> None:
        """Let one actor of a host die; it is back after that time."""
        self.hosts[name].crash(actor, seconds)

    def leave(self, name: str) -> None:
        """Stop a host gracefully: it says so, and is gone a moment later."""
        host = self.hosts[name]
        host.tell("root", Leave())
        self.agenda.at(self.agenda.now + PARTING_SECONDS, Host.stop, host)

    def tell(self, name: str, speaker: str, letter: Any) -> None:
        """Say a letter on a host in the place of an actor that it does not run."""
        self.hosts[name].tell(speaker, letter)
