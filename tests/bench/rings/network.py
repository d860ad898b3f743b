"""A network that nothing else uses, and what is counted on it."""

import ctypes
import fcntl
import os
import shutil
import socket
import struct
import subprocess
from pathlib import Path

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP_RUNNING = 0x41
CUT = """
table ip bench {{
    chain input {{
        type filter hook input priority 0;
        ip saddr {address} drop
        ip daddr {address} drop
    }}
}}
"""


def isolate():
    """Move this thread, and what it starts from now on, to a network namespace of its own.

    Its only device is the loopback. Whether that was allowed: it takes root.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() != 0 or libc.unshare(CLONE_NEWNET) != 0:
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        fcntl.ioctl(device, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP_RUNNING))
    return True


def traffic():
    """(packets, bytes) that the loopback of this thread's namespace has carried so far."""
    for line in Path("/proc/thread-self/net/dev").read_text().splitlines():
        device, _, counts = line.partition(":")
        if device.strip() == "lo":
            received_bytes, received_packets = counts.split()[:2]
            return int(received_packets), int(received_bytes)
    raise AssertionError("a network namespace has a loopback")


def can_cut():
    return shutil.which("nft") is not None


def cut(address):
    """Let nothing through from or to an address of this namespace any more."""
    _nft(CUT.format(address=address))


def mend():
    """Let everything through again."""
    _nft("delete table ip bench")


def _nft(rules):
    subprocess.run(("nft", "-f", "-"), input=rules, text=True, check=True)
