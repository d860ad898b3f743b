"""What crosses the network?

The wire knows message families, not what they mean: probes go to the detector, gossip to the
disseminator. Its hands hold the sockets.
"""

from typing import Any

from habactors.protocol.hands import Arrived, LinkFell, Transmit
from habactors.protocol.transport import LinkLost, Send
from habactors.roles.role import Role
from habactors.roles.wiring import SENT


class Wire(Role):
    """Sorts what arrives, passes on what leaves."""

    NAME = "wire"

    def hear(self, message: Any, now: float) -> None:
        match message:
            case Arrived(peer, content):
                _, wrap = SENT[type(content)]
                self.say(wrap(peer, content))
            case Send(peer, content):
                self.say(Transmit(peer, content))
            case LinkFell(address, refused):
                self.say(LinkLost(address, refused))
