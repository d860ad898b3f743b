"""What does the imagined network carry, and when does it arrive?

Every message takes its own seeded time, so messages overtake each other. It is lost when the
conditions are bad, when its link is no more, or when nobody lives at the address.
"""

from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from habactors.protocol.envelope import Envelope, seal, unseal
from habactors.protocol.hands import Arrived, LinkFell, Transmit
from habactors.protocol.lifecycle import Peer
from habactors.roles.wiring import SENT
from habactors.simulator.agenda import Agenda
from habactors.simulator.conditions import Conditions, Way
from habactors.simulator.links import Links


class Unwired(Exception):
    """A role says or sends what `roles/wiring.py` does not list: our bug."""


class Network:
    """Carries messages between addresses; `sealed`, through their bytes, as on a real wire."""

    def __init__(self, agenda: Agenda, seed: int, *, sealed: bool) -> None:
        self.sealed = sealed
        self.conditions = Conditions(seed)
        self.links = Links(agenda, Random(f"{seed} links"), self.conditions, self._hear_fallen)
        self._agenda = agenda
        self._doors: dict[str, Callable[[Any], None]] = {}

    def attach(self, address: str, door: Callable[[Any], None]) -> None:
        """Have what is sent to an address brought to that door."""
        self._doors[address] = door

    def detach(self, address: str) -> None:
        """Nobody lives at that address any more."""
        del self._doors[address]

    def cut(self, sources: Iterable[str], targets: Iterable[str]) -> dict[Way, None]:
        """Swallow from now on whatever these addresses send to those; the ways that this is."""
        ways = self.conditions.cut(sources, targets)
        self.links.hush(lambda one, other: (one, other) in ways or (other, one) in ways)
        return ways

    def carry(self, source: Peer, actor: str, transmit: Transmit) -> None:
        """Take a message that an actor of `source` sends.

        Raises:
            Unwired: actors of that kind do not send such messages.
        """
        peer, message, ring = transmit.peer, transmit.message, transmit.ring
        kind = type(message)
        if kind not in SENT or SENT[kind][0] != actor:
            raise Unwired(f"{actor} sends {kind.__name__}, which the wiring does not list")
        if self.sealed:
            envelope = Envelope(source.id, source.address, message, ring, peer.id)
            message = unseal(seal(envelope)).message
        links = self.links
        back = peer.route and links.stand(peer.address, source.address)
        if back or links.use(source.address, peer.address):
            arrived = Arrived(source, message, ring, peer.id)
            self._deliver(source.address, peer.address, arrived)

    def _deliver(self, source: str, target: str, letter: Any) -> None:
        door = self._doors.get(target)
        conditions = self.conditions
        if door is not None and not conditions.swallows(source, target):
            agenda = self._agenda
            agenda.at(agenda.now + conditions.latency(), door, letter)

    def _hear_fallen(self, address: str, fallen: LinkFell) -> None:
        """A host hears of its own links at once."""
        self._doors[address](fallen)
