"""How does a member help another one to reach a third?

It pings on behalf of the asker, passes the answer on under the asker's sequence number, and says
so when there is none: then the asker knows that at least this helper is well.
"""

from collections.abc import Callable
from typing import NamedTuple

from habactors.config import DetectorConfig
from habactors.protocol.lifecycle import Peer
from habactors.protocol.probes import Ack, Nack, Ping, PingRequest
from habactors.protocol.rumors import Membership
from habactors.roles.role import Role

ERRANDS_MAX = 256
PINGS_MAX = 3
PATIENCE = 0.8
"""The share of that time after which a helper says Nack, so that it is heard within it."""


class Errand(NamedTuple):
    """A ping on behalf of another member."""

    asker: Peer
    sequence: int
    target: str
    address: str
    pings: int = 1


def helping_seconds(settings: DetectorConfig) -> float:
    """How long a member that asks for help waits for it, when it is well itself."""
    spare_seconds = settings.period_seconds - settings.ping_timeout_seconds
    return min(spare_seconds, settings.ping_timeout_seconds)


class Helping:
    """The errands of one member; `introduce` gives what a message to a member may carry."""

    def __init__(self, role: Role, introduce: Callable[[str], tuple[Membership, ...]]) -> None:
        self._role = role
        self._introduce = introduce
        self._errands: dict[int, Errand] = {}

    def __contains__(self, sequence: int) -> bool:
        return sequence in self._errands

    def __len__(self) -> int:
        return len(self._errands)

    def begin(self, sequence: int, asker: Peer, request: PingRequest) -> bool:
        """Ping under `sequence`; False when there is too much to do already."""
        if len(self._errands) >= ERRANDS_MAX:
            return False
        errand = Errand(asker, request.sequence, request.target, request.address)
        self._errands[sequence] = errand
        self._ping(sequence, errand)
        return True

    def hear(self, ack: Ack) -> bool:
        """Pass an answer on; False when nobody asked for it."""
        errand = self._errands.get(ack.sequence)
        if errand is None or errand.target != ack.target:
            return False
        del self._errands[ack.sequence]
        introductions = self._introduce(errand.asker.id)
        self._role.send(errand.asker, Ack(errand.sequence, ack.target, introductions))
        return True

    def note_lost(self, address: str, *, refused: bool) -> list[int]:
        """The link to an address fell: the sequences that are settled by that.

        A ping that fell with it is sent again; one that was refused needs no waiting.
        """
        fallen = {number: one for number, one in self._errands.items() if one.address == address}
        if not refused:
            for sequence, errand in fallen.items():
                if errand.pings < PINGS_MAX:
                    self._errands[sequence] = errand._replace(pings=errand.pings + 1)
                    self._ping(sequence, errand)
            return []
        for sequence in fallen:
            self.give_up(sequence, refused=True)
        return list(fallen)

    def give_up(self, sequence: int, *, refused: bool = False) -> None:
        """Tell the asker that no answer came."""
        errand = self._errands.pop(sequence, None)
        if errand:
            self._role.send(errand.asker, Nack(errand.sequence, errand.target, refused))

    def _ping(self, sequence: int, errand: Errand) -> None:
        ping = Ping(sequence, errand.target, self._introduce(errand.target))
        self._role.send(Peer(errand.target, errand.address), ping)
