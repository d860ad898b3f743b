"""How does a command run a node beside itself?

It forks: the node shares what is imported, and says in shared memory why it could not start.
"""

import contextlib
import json
import mmap
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from habactors.client import Control
from habactors.config import Config
from habactors.errors import UserError
from habactors.node.prctl import end_with

REPORT_BYTES = 8_192
READY_SECONDS = 30.0
LOOK_SECONDS = 0.02


class Launched:
    """A node in a process of its own, started by this one; its output goes to `log`."""

    def __init__(self, config: Config, log: Path, *, bound: bool) -> None:
        """Fork it; a `bound` node is told to stop when this process ends, however it ends."""
        self.config = config
        self.log = log
        self.exit_code: int | None = None
        self._report = mmap.mmap(-1, REPORT_BYTES)
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        self.pid = os.fork()
        if not self.pid:
            self._live(parent if bound else 0)

    def is_running(self) -> bool:
        if self.exit_code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.exit_code = os.waitstatus_to_exitcode(status)
        return self.exit_code is None

    def wait_until_ready(self) -> None:
        """Return when all actors run and the node knows itself.

        Raises:
            UserError: it ended instead, or took too long.
        """
        deadline = time.monotonic() + READY_SECONDS
        with Control(self.config.node.run_dir) as node:
            while not _is_ready(node, self.pid):
                self.check()
                if time.monotonic() > deadline:
                    message = f"{self.config.node.name} is not ready after {READY_SECONDS:g} s"
                    raise UserError("timed-out", message, f"look at {self.log}")
                time.sleep(LOOK_SECONDS)

    def check(self) -> None:
        """Raise what ended the node, if it has ended."""
        if self.is_running():
            return
        told = self._report[:].rstrip(b"\0")
        if told:
            error = json.loads(told)
            raise UserError(error["code"], error["message"], error["hint"])
        name = self.config.node.name
        raise UserError("failed", f"{name} ended (exit code {self.exit_code})", f"see {self.log}")

    def tell_to_stop(self) -> None:
        """Let it end in good order; `stop` waits for it."""
        if self.is_running():
            os.kill(self.pid, signal.SIGTERM)

    def stop(self, seconds: float) -> bool:
        """Whether the node ended in good order and in time."""
        self.tell_to_stop()
        deadline = time.monotonic() + seconds
        while self.is_running():
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_SECONDS)
        return True

    def _live(self, parent: int) -> None:
        """The whole life of the child."""
        code = 1
        try:
            os.setsid()
            if parent:
                end_with(parent, signal.SIGTERM)
            redirect_output(self.log)
            from habactors.node.start import run

            code = run(self.config)
        except UserError as error:
            written = json.dumps(error.as_dict()).encode()
            self._report[: len(written)] = written[:REPORT_BYTES]
            sys.stderr.write(f"{error}\n")
            code = error.exit_code
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def _is_ready(node: Control, pid: int) -> bool:
    """Whether the node of that process, and no other in the same run_dir, is all there."""
    try:
        rows = node.status()["actors"]
        runs = bool(rows) and all(row["state"] == "running" for row in rows)
        return runs and rows[0]["pid"] == pid and bool(node.members())
    except UserError:
        return False


def redirect_output(log: Path) -> None:
    """Let this process write to the log, and read nothing."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(nothing, 0)
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.close(nothing)
    os.close(written)


@contextlib.contextmanager
def signals_as_exit() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind like Ctrl-C, so that whatever has to be ended is ended."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, leave) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
