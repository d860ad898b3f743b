"""What has a service written? The end of its log, and what comes after.

Reads the files of `log_file.py` while they are written and rotated, without asking anybody.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from habactors.node.log_file import KEPT_MAX, NAME, unfinished

READ_BYTES = 65_536
TAIL_BYTES_MAX = 16 * 1_048_576
FOLLOW_BYTES_MAX = 1_048_576


class Position(NamedTuple):
    """A place between two lines: the file by its inode (0: the oldest there is), and an offset."""

    inode: int = 0
    offset: int = 0


class Log(NamedTuple):
    """One of the files, open; in all but the latest, `end` is at a line's end."""

    descriptor: int
    inode: int
    end: int


def tail(folder: Path, lines: int) -> tuple[list[str], Position]:
    """The last lines of the service in that folder, and the position behind them.

    A last line that is not finished yet is told too, but the position is before it.
    """
    with _opened(folder) as logs:
        if not logs or lines <= 0:
            return [], Position(logs[-1].inode, logs[-1].end) if logs else Position()
        body = b""
        for log in reversed(logs):
            body = _end_of(log, lines - body.count(b"\n"), TAIL_BYTES_MAX - len(body)) + body
            if body.count(b"\n") > lines or len(body) >= TAIL_BYTES_MAX:
                break
        behind = logs[-1].end - len(body.rpartition(b"\n")[2])
        return _lines(body)[-lines:], Position(logs[-1].inode, behind)


def follow(folder: Path, position: Position) -> tuple[list[str], Position]:
    """Whole lines after the position, up to about a megabyte, and the position behind them.

    When that place is gone, because the log has moved on, the oldest lines there are come next.
    """
    with _opened(folder) as logs:
        number, offset = _find(logs, position)
        for log in logs[number:]:
            body = os.pread(log.descriptor, min(FOLLOW_BYTES_MAX, log.end - offset), offset)
            whole = body.rfind(b"\n") + 1
            if log is not logs[-1] and offset + len(body) == log.end:
                whole = len(body)
            if not whole and len(body) == FOLLOW_BYTES_MAX:
                whole = len(body)
            position = Position(log.inode, offset + whole)
            if whole:
                return _lines(body[:whole]), position
            offset = 0
    return [], position


@contextmanager
def _opened(folder: Path) -> Iterator[list[Log]]:
    """The files, the oldest first. One that is moved while they are opened is there once."""
    names = (NAME, *(f"{NAME}.{number}" for number in range(1, KEPT_MAX + 1)))
    found: dict[int, Log] = {}
    with ExitStack() as stack:
        for name in names:
            try:
                file = stack.enter_context((folder / "logs" / name).open("rb"))
            except FileNotFoundError:
                continue
            descriptor = file.fileno()
            status = os.fstat(descriptor)
            end = status.st_size - (len(unfinished(descriptor)) if found else 0)
            found.setdefault(status.st_ino, Log(descriptor, status.st_ino, end))
        yield list(reversed(found.values()))


def _find(logs: list[Log], position: Position) -> tuple[int, int]:
    """The number of the file that the position is in, and the offset there."""
    for number, log in enumerate(logs):
        if log.inode == position.inode:
            return number, position.offset if position.offset <= log.end else 0
    return 0, 0


def _end_of(log: Log, lines: int, bytes_max: int) -> bytes:
    """The end of a file with more than that many line ends, or all of it."""
    body, start = b"", log.end
    while start > 0 and body.count(b"\n") <= lines and len(body) < bytes_max:
        size = min(READ_BYTES, start)
        start -= size
        body = os.pread(log.descriptor, size, start) + body
    return body


def _lines(body: bytes) -> list[str]:
    lines = body.decode(errors="replace").split("\n")
    return lines if lines[-1] else lines[:-1]
