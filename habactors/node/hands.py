"""What may a body do for its role besides mail?

The hands of an actor are its own input and output: the wire's sockets, the services actor's files,
the sidecar's HTTP server. They do what the role says to `NAME.hands`, and what they find out the
role hears like any other message.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import zmq

from habactors.node.counters import Counters
from habactors.node.mailbox import Mailbox


class Desk(NamedTuple):
    """What hands work with: `hear` feeds the role.

    `mailbox.watch` calls back when a socket or descriptor is readable.
    """

    hear: Callable[[Any], None]
    mailbox: Mailbox
    context: "zmq.Context[zmq.Socket[bytes]]"
    counters: Counters
    now: Callable[[], float]


class Hands:
    """The base: hands that have nothing to do."""

    def open(self, desk: Desk) -> None:
        """Take up work, in the actor's own thread, before the role hears `Start`."""

    def do(self, message: Any) -> None:
        """Do what the role said."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of everything."""
