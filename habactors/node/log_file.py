"""Where is a service's output kept? A log file that moves on to a new one when it is full.

Output goes from the pipe to the file inside the kernel, so whoever kills this process loses no
line and repeats none. Every file but the current one ends at a line's end, also when a rotation
was killed halfway: the next life finishes it.
"""

import errno
import logging
import os
from pathlib import Path

NAME = "output.log"
NEXT = "output.log.next"
MODE = 0o640
KEPT_MAX = 5
"""How many full files are kept: output.log.1, the latest, to output.log.5."""

ROTATE_BYTES = 10 * 1_048_576
LINE_BYTES_MAX = 65_536
"""A line that is longer may be cut by a rotation."""

log = logging.getLogger(__name__)


class LogFile:
    """The log of one service in its folder `logs`."""

    def __init__(self, folder: Path, rotate_bytes: int = ROTATE_BYTES) -> None:
        """Raises OSError when the file cannot be opened."""
        self._path = folder / NAME
        self._next = folder / NEXT
        self._rotate_bytes = rotate_bytes
        self._lost_bytes = 0
        self._splices = True
        self._recover()
        self._descriptor = self._open()

    def take(self, pipe: int, bytes_max: int) -> int:
        """Move what is in the pipe, at most `bytes_max`, into the file; how many bytes that was.

        What a full or broken disk does not take is lost, with a warning: else the service would
        have to wait for it.
        """
        try:
            self._renew()
            count = self._move(pipe, bytes_max)
        except BlockingIOError:
            return 0
        except OSError as error:
            return self._lose(pipe, bytes_max, error)
        if self._lost_bytes:
            log.warning("%s: %d bytes of output were lost before", self._path, self._lost_bytes)
            self._lost_bytes = 0
        return count

    def close(self) -> None:
        os.close(self._descriptor)

    def _move(self, pipe: int, bytes_max: int) -> int:
        end = os.fstat(self._descriptor).st_size
        if self._splices:
            try:
                return os.splice(
                    pipe, self._descriptor, bytes_max, offset_dst=end, flags=os.SPLICE_F_NONBLOCK
                )
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
                self._splices = False  # this file system cannot; copying is nearly as good
        return _write_all(self._descriptor, os.read(pipe, bytes_max), end)

    def _lose(self, pipe: int, bytes_max: int, error: OSError) -> int:
        if not self._lost_bytes:
            log.warning("%s takes no more output, which is lost (%s)", self._path, error)
        try:
            count = len(os.read(pipe, bytes_max))
        except BlockingIOError:
            count = 0
        self._lost_bytes += count
        return count

    def _renew(self) -> None:
        """Go on in a new file when this one is full, or when somebody took it away."""
        found = os.fstat(self._descriptor)
        if self._is_in_place(found):
            if found.st_size < self._rotate_bytes:
                return
            self._rotate()
        fresh = self._open()
        os.close(self._descriptor)
        self._descriptor = fresh

    def _is_in_place(self, found: os.stat_result) -> bool:
        try:
            return os.path.samestat(found, self._path.stat())
        except FileNotFoundError:
            return False

    def _open(self) -> int:
        # Without O_APPEND, because splice refuses it; all writing is at the end all the same.
        return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, MODE)

    def _rotate(self) -> None:
        """Whatever follows the last line's end begins the next file."""
        self._next.touch(MODE)
        self._next.write_bytes(unfinished(self._descriptor))
        for number in range(self._first_gap(), 1, -1):
            self._numbered(number - 1).replace(self._numbered(number))
        self._path.replace(self._numbered(1))
        self._finish_rotation()

    def _recover(self) -> None:
        if self._path.exists():
            self._next.unlink(missing_ok=True)
        self._finish_rotation()

    def _finish_rotation(self) -> None:
        if self._next.exists():
            self._next.replace(self._path)
        if self._numbered(1).exists():
            with self._numbered(1).open("r+b") as full:
                end = os.fstat(full.fileno()).st_size
                full.truncate(end - len(unfinished(full.fileno())))

    def _first_gap(self) -> int:
        """The lowest free number, or the highest of all; a killed rotation may have left a gap."""
        numbers = range(1, KEPT_MAX)
        return next(
            (number for number in numbers if not self._numbered(number).exists()), KEPT_MAX
        )

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{NAME}.{number}")


def unfinished(descriptor: int) -> bytes:
    """What follows the last line's end of a file; nothing when that line is too long."""
    size = os.fstat(descriptor).st_size
    end = os.pread(descriptor, LINE_BYTES_MAX, max(0, size - LINE_BYTES_MAX))
    return end[end.rfind(b"\n") + 1 :] if b"\n" in end else b""


def _write_all(descriptor: int, body: bytes, offset: int) -> int:
    written = 0
    while written < len(body):
        written += os.pwrite(descriptor, body[written:], offset + written)
    return written
