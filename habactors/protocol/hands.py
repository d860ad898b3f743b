"""What do roles ask of the body that they are lent?

Like the messages of `files.py`, these never leave the process.
"""

from typing import Any

import msgspec

from habactors.protocol.envelope import RingMessage
from habactors.protocol.lifecycle import Peer


class Transmit(msgspec.Struct, frozen=True):
    """Put a message on the network (asked by the wire of its sockets)."""

    peer: Peer
    message: RingMessage
    ring: str = ""


class Arrived(msgspec.Struct, frozen=True):
    """A message came off the network."""

    peer: Peer
    message: RingMessage
    ring: str = ""
    target: str = ""


class Heed(msgspec.Struct, frozen=True):
    """Keep links with heartbeats to these addresses (asked by the wire of its sockets)."""

    addresses: tuple[str, ...]


class Drop(msgspec.Struct, frozen=True):
    """A message that arrived was not for us: count it under this reason."""

    reason: str


class LinkFell(msgspec.Struct, frozen=True):
    """A link that was up is down, or an attempt to connect was refused."""

    address: str
    refused: bool


class FindPeers(msgspec.Struct, frozen=True):
    """Look up the configured peers anew (asked by the disseminator of its hands)."""


class PeersFound(msgspec.Struct, frozen=True):
    """The addresses of the configured peers, with names resolved."""

    addresses: tuple[str, ...]


class Fork(msgspec.Struct, frozen=True):
    """Start an actor (asked by root of its nursery)."""

    actor: str


class Forked(msgspec.Struct, frozen=True):
    """The actor runs under this pid."""

    actor: str
    pid: int


class EndActor(msgspec.Struct, frozen=True):
    """End an actor: ask it to, or kill it."""

    actor: str
    kill: bool


class ActorEnded(msgspec.Struct, frozen=True):
    """The actor's process (or thread) is gone; `cause` in words."""

    actor: str
    pid: int
    cause: str


class Launch(msgspec.Struct, frozen=True):
    """Start a job's process, or adopt the one that its pid file proves."""

    spawn: Any


class SignalJob(msgspec.Struct, frozen=True):
    """Signal a job's process group; `tree` adds every descendant.

    Adopts the process by its pid file first if need be.
    """

    job: str
    pid_file: str
    signal: str
    tree: bool


class JobStarted(msgspec.Struct, frozen=True):
    """The job's process runs."""

    job: str
    pid: int
    started: float
    adopted: bool


class JobEnded(msgspec.Struct, frozen=True):
    """The job's process is gone, never came to be (`error`).

    Or was not there when it was to be signalled.
    """

    job: str
    pid: int
    code: int | None
    error: str = ""


class Finish(msgspec.Struct, frozen=True):
    """End root itself with this exit code."""

    code: int
    message: str = ""


class Asked(msgspec.Struct, frozen=True):
    """A client asks something of control.

    Its route, its own id for the request, the command and its arguments.
    """

    route: bytes
    id: Any
    command: str
    args: dict[str, Any]


class Reply(msgspec.Struct, frozen=True):
    """Answer a client of control; `more` when the stream goes on."""

    route: bytes
    id: Any
    ok: bool
    body: Any
    more: bool = False
