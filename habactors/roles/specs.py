"""What is kept of a service?"""

from collections.abc import Callable
from typing import TypeVar

import msgspec

SPEC = "spec/"
PROCESS = "process/"
RECOVERING = "recovering"

Kept = TypeVar("Kept")


class Spec(msgspec.Struct, frozen=True, array_like=True):
    """What an operator wants of it.

    `order` is the number of the command that last wanted a fresh process.
    """

    package: str
    service_group: str
    topology: str
    folder: str
    desired: str = "up"
    shutdown_timeout_seconds: float | None = None
    order: int = 0
    unloading: bool = False


class Prints(msgspec.Struct, frozen=True, array_like=True):
    """What its process was started with: fingerprints of its files, and the order it obeyed.

    Kept from before the start (`pid` is 0 then) until the end; `since` in epoch seconds.
    """

    config: str = ""
    run: str = ""
    order: int = 0
    pid: int = 0
    since: float = 0.0


decode_spec = msgspec.msgpack.Decoder(Spec).decode
decode_prints = msgspec.msgpack.Decoder(Prints).decode


def read_records(
    kept: dict[str, bytes], prefix: str, decode: Callable[[bytes], Kept]
) -> tuple[dict[str, Kept], bool]:
    """The records under a prefix by their names, and whether one of them could not be read."""
    found = {}
    damaged = False
    for key, value in kept.items():
        if key.startswith(prefix):
            try:
                found[key.removeprefix(prefix)] = decode(value)
            except (msgspec.DecodeError, UnicodeDecodeError):
                damaged = True
    return found, damaged


def read_time(written: bytes) -> float:
    """A moment that was kept, 0 when there is none."""
    try:
        return msgspec.msgpack.decode(written, type=float)
    except msgspec.DecodeError:
        return 0.0
