"""What do disseminators say to each other?

A newcomer says `Hello` and gets the whole table as `Rumors`; hot rumors travel as `Rumors`; from
time to time a `Digest` asks whether two tables are equal, and if not, an `Outline`, the missing
`Rumors` and a `Want` make them so (anti-entropy, Demers 1987).
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from habactors.protocol.limits import RUMORS_MAX, OutlineBytes, Whole
from habactors.protocol.rumors import AnyRumor, Membership

Checksum = Annotated[int, Meta(ge=0)]


class Hello(msgspec.Struct, frozen=True, array_like=True, tag=21):
    """Here I am; my table has this checksum. Whoever holds another table sends it."""

    member: Membership
    checksum: Checksum


class Rumors(msgspec.Struct, frozen=True, array_like=True, tag=22):
    """Rumors: `hot` ones are news to tell on, the others answer a Hello with the whole table."""

    rumors: Annotated[tuple[AnyRumor, ...], Meta(max_length=RUMORS_MAX)]
    hot: bool = True


class Digest(msgspec.Struct, frozen=True, array_like=True, tag=23):
    """My table has this checksum; if yours differs, send its outline."""

    checksum: Checksum


class Outline(msgspec.Struct, frozen=True, array_like=True, tag=24):
    """My whole table, 16 bytes a rumor: hash of its key, fingerprint of its content."""

    entries: OutlineBytes


class Want(msgspec.Struct, frozen=True, array_like=True, tag=25):
    """Send me the rumors of these key hashes, 8 bytes each."""

    key_hashes: OutlineBytes


class Noted(msgspec.Struct, frozen=True, array_like=True, tag=26):
    """You said at that incarnation that you leave: I know."""

    incarnation: Whole


Gossip = Noted | Hello | Rumors | Digest | Outline | Want
