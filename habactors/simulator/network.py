"""What does the imagined network carry, and when does it arrive?

Every message takes its own seeded time, so messages overtake each other; some are lost; cuts
swallow all of one direction. An address at which nobody lives swallows too; a host whose node is
down, but whose machine is not, refuses.
"""

from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from habactors.protocol.envelope import Envelope, seal, unseal
from habactors.protocol.lifecycle import Peer
from habactors.protocol.transport import LinkLost
from habactors.roles.wiring import SENT
from habactors.simulator.agenda import Agenda

LATENCY_SECONDS = (0.001, 0.003)


class Unwired(Exception):
    """A role says or sends what `roles/wiring.py` does not list: our bug."""


class Network:
    """Carries messages between addresses; `sealed`, through their bytes, as on a real wire."""

    def __init__(self, agenda: Agenda, rng: Random, *, sealed: bool) -> None:
        self.latency_seconds = LATENCY_SECONDS
        self.loss = 0.0
        self.sealed = sealed
        self._agenda = agenda
        self._rng = rng
        self._doors: dict[str, Callable[[Any], None]] = {}
        self._cuts: dict[tuple[str, str], None] = {}

    def attach(self, address: str, door: Callable[[Any], None]) -> None:
        """Have what is sent to an address brought to that door."""
        self._doors[address] = door

    def cut(self, sources: Iterable[str], targets: Iterable[str]) -> None:
        """Swallow from now on whatever these addresses send to those."""
        ends = tuple(targets)
        self._cuts.update(((source, target), None) for source in sources for target in ends)

    def heal(self) -> None:
        """Undo all cuts."""
        self._cuts.clear()

    def carry(self, source: Peer, actor: str, peer: Peer, message: Any) -> None:
        """Take a message that an actor of `source` sends to `peer`.

        Raises:
            Unwired: actors of that kind do not send such messages.
        """
        kind: Any = type(message)
        if kind not in SENT or SENT[kind][0] != actor:
            raise Unwired(f"{actor} sends {kind.__name__}, which the wiring does not list")
        if self.sealed:
            message = unseal(seal(Envelope(source.id, source.address, message))).message
        self._deliver(source.address, peer.address, SENT[kind][1](source, message))

    def refuse(self, source: str, target: str) -> None:
        """Let a sender know that nobody listens at the target any more."""
        self._deliver(target, source, LinkLost(target, refused=True))

    def _deliver(self, source: str, target: str, letter: Any) -> None:
        door = self._doors.get(target)
        if door is None or (self._cuts and (source, target) in self._cuts):
            return
        if self.loss and self._rng.random() < self.loss:
            return
        low, high = self.latency_seconds
        agenda = self._agenda
        agenda.at(agenda.now + low + (high - low) * self._rng.random(), door, letter)
