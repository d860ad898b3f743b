"""What do the roles of a node and its wire say to each other?"""

from habactors.protocol.gossip import Digest, Hello, Outline, Rumors, Want
from habactors.protocol.letter import Letter
from habactors.protocol.lifecycle import Peer
from habactors.protocol.probes import Ack, Ping, PingRequest


class Probed(Letter, frozen=True):
    """A detector elsewhere says this."""

    peer: Peer
    message: Ping | Ack | PingRequest


class Gossiped(Letter, frozen=True):
    """A disseminator elsewhere says this."""

    peer: Peer
    message: Hello | Rumors | Digest | Outline | Want


class Send(Letter, frozen=True):
    """Take this to a peer.

    Over the link that it spoke by if the peer has a route, else over a link to its address.
    """

    peer: Peer
    message: Ping | Ack | PingRequest | Hello | Rumors | Digest | Outline | Want


class LinkLost(Letter, frozen=True):
    """The kept link to this address broke or was refused: evidence, not yet a verdict."""

    address: str
    refused: bool
