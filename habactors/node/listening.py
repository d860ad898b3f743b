"""Who holds the port of the ring?

Root does, so that it stays open while the wire is away: whoever connects meanwhile waits in the
queue of the kernel. A connection is refused only when the whole node is gone, and that is how
other members tell the one from the other.
"""

import socket
import time

from habactors.config import Address
from habactors.errors import UserError

PATIENCE_SECONDS = 2.0
"""How long a port may still be held by actors whose root was just killed."""
QUEUE_MAX = 128
RETRY_SECONDS = 0.05


def listen(section: str, address: Address) -> socket.socket:
    """A listening socket at that address.

    It never blocks: of two wires that wake for one connection, the second is not held up.

    Raises:
        UserError: the address is not free, or not this host's.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    place = (address.host, address.port)
    while True:
        try:
            listener = socket.create_server(
                place, family=family, backlog=QUEUE_MAX, dualstack_ipv6=address.host == "::"
            )
        except OSError as error:
            reason = (error.strerror or str(error)).partition(" (while ")[0]  # what we say anyway
        else:
            listener.setblocking(False)
            return listener
        if time.monotonic() > deadline or "in use" not in reason:
            raise UserError(
                "port-in-use" if "in use" in reason else "bad-address",
                f"cannot listen on {address} ({reason})",
                f"set [{section}] listen to an address that is free on this host",
            )
        time.sleep(RETRY_SECONDS)
