"""What do the roles of a node and its wire say to each other?"""

from typing import Annotated

from msgspec import Meta

from habactors.protocol.ballots import AnyBallot
from habactors.protocol.gossip import Gossip
from habactors.protocol.letter import Letter
from habactors.protocol.lifecycle import Peer
from habactors.protocol.limits import WATCHED_MAX, Address, RingId
from habactors.protocol.probes import Probe


class Probed(Letter, frozen=True):
    """A detector elsewhere says this."""

    peer: Peer
    message: Probe


class Gossiped(Letter, frozen=True):
    """A disseminator elsewhere says this."""

    peer: Peer
    message: Gossip


class Balloted(Letter, frozen=True):
    """An election actor elsewhere says this."""

    peer: Peer
    message: AnyBallot


class Send(Letter, frozen=True):
    """Take this to a peer.

    Over the link that it spoke by if the peer has a route, else over a link to its address.
    """

    peer: Peer
    message: Probe | Gossip | AnyBallot


class LinkLost(Letter, frozen=True):
    """The kept link to this address broke: evidence, not yet a verdict.

    `refused`: the host is there and says that no node lives at the address.
    """

    address: str
    refused: bool


class Watch(Letter, frozen=True):
    """Keep a link with a heartbeat to each of these addresses, and to no others."""

    addresses: Annotated[tuple[Address, ...], Meta(max_length=WATCHED_MAX)]


class WireStarted(Letter, frozen=True):
    """The wire begins anew: whom to watch, and which ring is ours?"""


class RingIs(Letter, frozen=True):
    """This node belongs to that ring; empty while it has not found one."""

    ring: RingId


class RingMet(Letter, frozen=True):
    """A node of another ring than ours spoke to us, or of any while we are in none.

    `knocked`: it was sent here by its operator, not by what its ring remembers.
    """

    ring: RingId
    peer: Peer
    knocked: bool
