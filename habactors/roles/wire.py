"""What crosses the network?

Sorts what arrives by family: probes to the detector, gossip to the disseminator. It knows nothing
of SWIM, so an ack proves that wire and detector live. What comes from another ring, or was meant
for another member, goes no further. Its hands hold the sockets.
"""

from typing import Any

from habactors.protocol.gossip import Hello
from habactors.protocol.hands import Arrived, Drop, Heed, LinkFell, Transmit
from habactors.protocol.lifecycle import Identity, Start
from habactors.protocol.transport import LinkLost, RingIs, RingMet, Send, Watch, WireStarted
from habactors.roles.role import Role
from habactors.roles.wiring import SENT

EARLY_MAX = 256


class Wire(Role):
    """Sorts what arrives, passes on what leaves.

    `ring` is None until the disseminator has told: what comes in before has to wait.
    """

    NAME = "wire"

    def __init__(self, me: Identity) -> None:
        super().__init__(me)
        self.ring: str | None = None
        self._early: list[Arrived] = []

    def hear(self, message: Any, now: float) -> None:
        match message:
            case Arrived():
                self._sort(message)
            case Send(peer, content):
                self.say(Transmit(peer, content, self.ring or ""))
            case LinkFell(address, refused):
                self.say(LinkLost(address, refused))
            case Watch(addresses):
                self.say(Heed(addresses))
            case RingIs(ring):
                self.ring = ring
                self._sort_early()
            case Start():
                self.say(WireStarted())

    def _sort_early(self) -> None:
        early, self._early = self._early, []
        for arrived in early:
            self._sort(arrived)

    def _sort(self, arrived: Arrived) -> None:
        if self.ring is None:
            self._hold(arrived)
        elif arrived.target not in ("", self.me.id):
            self.say(Drop("misdirected"))
        elif arrived.ring != self.ring and not self._meet(arrived):
            self.say(Drop("foreign"))
        else:
            _, wrap = SENT[type(arrived.message)]
            self.say(wrap(arrived.peer, arrived.message))

    def _hold(self, arrived: Arrived) -> None:
        if len(self._early) < EARLY_MAX:
            self._early.append(arrived)
        else:
            self.say(Drop("early"))

    def _meet(self, arrived: Arrived) -> bool:
        """Whether a node outside our ring may speak to us: whoever is in none, or while we are.

        The disseminator, who hears of the others, may join our rings; then they speak again.
        """
        if arrived.ring:
            knocked = isinstance(arrived.message, Hello) and not arrived.target
            self.say(RingMet(arrived.ring, arrived.peer, knocked))
        return not arrived.ring or not self.ring
