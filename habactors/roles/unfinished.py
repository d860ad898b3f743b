"""Which answers of control can only its hands complete?

The role sees no process and no file. Where an answer needs one, the body of its `Reply` is one of
these, and the hands put in its place what they see.
"""

from typing import Any

import msgspec


class Unmeasured(msgspec.Struct, frozen=True):
    """The status of the node, to which addresses, memory and processor time are to be added."""

    status: dict[str, Any]


class Unread(msgspec.Struct, frozen=True):
    """The last lines of a service's log, to be read from its folder.

    A stream begins with them; whatever was written since is `Unfollowed`.
    """

    folder: str
    lines: int


class Unfollowed(msgspec.Struct, frozen=True):
    """The lines that a service wrote since its log was last read for this stream."""

    folder: str
