"""What do detectors say to each other?

    ada                     bob                     cyd
     │── Ping(7, cyd) ─────────────────────────────▶ │     every period, one member in turn
     │◀──────────────────────────────── Ack(7) ───── │
     │── PingRequest(7, cyd) ─▶ │                    │     no Ack in time: ask helpers
     │                          │── Ping(31, cyd) ─▶ │
     │                          │◀──── Ack(31) ───── │
     │◀──────────── Ack(7) ──── │                    │     the helper passes it on
     │◀─────────── Nack(7) ──── │                    │     or says that it heard nothing

Each message also introduces a few members: fresh news of them, and what the sender holds against
the receiver.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from habactors.protocol.limits import INTRODUCTIONS_MAX, Address, MemberId, Whole
from habactors.protocol.rumors import Membership

Introductions = Annotated[tuple[Membership, ...], Meta(max_length=INTRODUCTIONS_MAX)]


class Ping(msgspec.Struct, frozen=True, array_like=True, tag=11):
    """Are you there, `target`? Whoever is somebody else does not answer."""

    sequence: Whole
    target: MemberId
    introductions: Introductions = ()


class Ack(msgspec.Struct, frozen=True, array_like=True, tag=12):
    """`target` is there: the answer to the Ping, or to the PingRequest, of that sequence."""

    sequence: Whole
    target: MemberId
    introductions: Introductions = ()


class PingRequest(msgspec.Struct, frozen=True, array_like=True, tag=13):
    """Please ping `target` at `address` for me."""

    sequence: Whole
    target: MemberId
    address: Address
    introductions: Introductions = ()


class Nack(msgspec.Struct, frozen=True, array_like=True, tag=14):
    """I could not reach `target` for you: the answer to the PingRequest of that sequence.

    `refused`: its own host refused the connection. A helper that says so is itself well, and so is
    the way to it (Lifeguard 2018, section IV-A).
    """

    sequence: Whole
    target: MemberId
    refused: bool = False


Probe = Ping | Ack | PingRequest | Nack
