"""How does what the services write get into their logs?

Root starts each service with its output on a pipe in the service's folder and keeps that open, so
nothing is lost while this actor is down. Here the pipes are emptied, a bounded amount at a time.
"""

import logging
import os
from collections.abc import Callable
from pathlib import Path

from habactors.node.hands import Desk
from habactors.node.log_file import ROTATE_BYTES, LogFile
from habactors.node.rendering import FIFO, FOLDER_MODE

TAKE_BYTES_MAX = 1_048_576
"""How much one service may bring before the others have their turn; also all that a pipe holds."""

log = logging.getLogger(__name__)


class Outputs:
    """The outputs of the services, by the names of their folders below `svc_dir`."""

    def __init__(self, svc_dir: Path, rotate_bytes: int = ROTATE_BYTES) -> None:
        self._svc_dir = svc_dir
        self._rotate_bytes = rotate_bytes
        self._outputs: dict[str, Output] = {}
        self._desk: Desk | None = None

    def open(self, desk: Desk) -> None:
        self._desk = desk

    def listen(self, folder: str) -> None:
        """Begin to empty a service's pipe; one that cannot be opened costs a warning."""
        assert self._desk, "listens before it is open"
        if folder in self._outputs:
            return
        counters = self._desk.counters
        try:
            output = Output(
                self._svc_dir / folder,
                self._rotate_bytes,
                lambda count: counters.add("services", "body", "log_bytes", count),
            )
        except OSError as error:
            log.warning("no output of %s is logged (%s)", folder, error)
            return
        self._outputs[folder] = output
        self._desk.mailbox.watch(output.pipe, output.take)

    def unlisten(self, folder: str) -> None:
        """Take in what is left and let go."""
        assert self._desk, "ends to listen before it is open"
        output = self._outputs.pop(folder, None)
        if output:
            self._desk.mailbox.unwatch(output.pipe)
            output.close()

    def close(self) -> None:
        for folder in list(self._outputs):
            self.unlisten(folder)


class Output:
    """The output of one service; `count` is told how many bytes were taken. Raises OSError."""

    def __init__(self, folder: Path, rotate_bytes: int, count: Callable[[int], None]) -> None:
        self._count = count
        folder.parent.mkdir(0o700, exist_ok=True)
        for path in (folder, (folder / FIFO).parent):
            path.mkdir(FOLDER_MODE, exist_ok=True)
        self._file = LogFile((folder / FIFO).parent, rotate_bytes)
        try:
            self.pipe = _open_pipe(folder / FIFO)
        except OSError:
            self._file.close()
            raise

    def take(self) -> None:
        """Empty the pipe, up to the limit; what is left makes it readable again."""
        if self.pipe != -1:
            self._count(self._file.take(self.pipe, TAKE_BYTES_MAX))

    def close(self) -> None:
        self.take()
        os.close(self.pipe)
        self._file.close()
        self.pipe = -1


def _open_pipe(path: Path) -> int:
    """The pipe, made if need be.

    It is opened for writing too: once its last writer is gone, a pipe is for ever readable.
    """
    if not path.exists():
        os.mkfifo(path, 0o600)
    elif not path.is_fifo():
        raise FileExistsError(f"{path} is no pipe: remove it")
    return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
