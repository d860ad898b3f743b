"""What does ZeroMQ tell about a socket's connections?

pyzmq reads that too, but in a module that imports asyncio: 3 MB PSS for a node that has no use
for it.
"""

import struct
from typing import NamedTuple

import zmq

WRITTEN = struct.Struct("=Hi")
"""Event and value, as zmq_socket_monitor(3) lays them out."""


class Told(NamedTuple):
    """One of `zmq.EVENT_...`, and its value: a descriptor or an error number, for most."""

    event: int
    value: int


def hear(monitor: "zmq.Socket[bytes]") -> Told:
    """The next event that waits at a monitor."""
    written, _endpoint = monitor.recv_multipart()
    return Told(*WRITTEN.unpack(written))
