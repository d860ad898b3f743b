"""What does every actor hear about its own life?"""

import msgspec

from habactors.protocol.limits import Address, MemberId


class Start(msgspec.Struct, frozen=True):
    """First start and restart alike: the records that the role kept, by key.

    `damaged` when some were lost with their file.
    """

    kept: dict[str, bytes] = {}
    damaged: bool = False


class Wake(msgspec.Struct, frozen=True):
    """The time asked for with `wake_at` has come."""


class Peer(msgspec.Struct, frozen=True, array_like=True):
    """A member as the wire reaches it.

    Its id ("" when unknown), its address, and the route of the link that it spoke over.
    """

    id: str
    address: Address
    route: bytes = b""


class Identity(msgspec.Struct, frozen=True):
    """Who this node is.

    Member id, name, advertised address `host:port`, whether it is a permanent member.
    """

    id: MemberId
    name: str
    address: str
    permanent: bool = False
