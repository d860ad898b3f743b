"""How are the processes of services run?

Each job leads a session and a process group of its own. Before it becomes the service, its process
writes its pid and start time (in clock ticks since boot) to a file: by that a later root
recognizes and adopts it, and never a stranger with the same number.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from habactors.protocol.errands import Spawn
from habactors.protocol.hands import JobEnded, JobStarted, SignalJob

F_SETPIPE_SZ = 1031
PIPE_BYTES = 1_048_576

BECOME = (
    'read -r stat </proc/$$/stat; begun() { shift 19; echo "$$ $1"; }; '
    'begun ${stat##*) } >"$0" && exec "$@"'
)
"""For sh: write the pid file named first, then become the program named next.

Field 22 of stat is the start time (proc(5)).
"""


class Process(NamedTuple):
    """A running job.

    `pidfd` watches an adopted one, which is no child of ours (-1 for a child).
    """

    job: str
    pid: int
    pidfd: int


class Processes:
    """The processes of all jobs.

    `hear` takes what becomes of them, `watch` calls back when a descriptor is readable.
    """

    def __init__(
        self,
        hear: Callable[[Any], None],
        now: Callable[[], float],
        watch: Callable[[int, Callable[[], None]], None],
        unwatch: Callable[[int], None],
    ) -> None:
        self._hear = hear
        self._now = now
        self._watch = watch
        self._unwatch = unwatch
        self._jobs: dict[str, Process] = {}
        self._fifos: dict[str, int] = {}

    def launch(self, spawn: Spawn) -> None:
        """Adopt the process that the pid file proves, or start a new one."""
        if self._adopt(spawn.job, spawn.pid_file):
            self._hold_fifo(spawn.fifo)
            return
        try:
            pid = self._start(spawn)
        except (OSError, LookupError, ValueError, subprocess.SubprocessError) as error:
            self._hear(JobEnded(spawn.job, 0, None, str(error)))
            return
        self._jobs[spawn.job] = Process(spawn.job, pid, -1)
        self._hear(JobStarted(spawn.job, pid, self._now(), adopted=False))

    def signal(self, order: SignalJob) -> None:
        process = self._jobs.get(order.job)
        if process is None and self._adopt(order.job, order.pid_file):
            process = self._jobs[order.job]
        if process is None:
            self._hear(JobEnded(order.job, 0, None))
            return
        number = signal.Signals[f"SIG{order.signal}"]
        descendants = _descendants(process.pid) if order.tree else []
        _signal_group(process.pid, number)
        for descendant in reversed(descendants):
            try:
                descendant.send_signal(number)
            except psutil.Error:
                continue

    def reaped(self, pid: int, status: int) -> bool:
        """A child of root is gone; False when it is no job of ours."""
        process = next((process for process in self._jobs.values() if process.pid == pid), None)
        if process:
            self._bury(process, os.waitstatus_to_exitcode(status))
        return process is not None

    def _start(self, spawn: Spawn) -> int:
        _prepare_pid_file(spawn)
        self._hold_fifo(spawn.fifo)
        output = os.open(spawn.fifo, os.O_RDWR | os.O_CLOEXEC)
        try:
            started = subprocess.Popen(
                ["/bin/sh", "-c", BECOME, spawn.pid_file, *spawn.argv],
                cwd=spawn.cwd,
                env=spawn.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                user=spawn.user or None,
                group=spawn.group or None,
            )
        finally:
            os.close(output)
        started.returncode = 0  # root itself reaps it
        return started.pid

    def _hold_fifo(self, fifo: str) -> None:
        """As long as root holds it open, what a service wrote stays there until it is read."""
        if fifo not in self._fifos:
            path = Path(fifo)
            if not path.is_fifo():
                os.mkfifo(path, 0o600)
            held = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with contextlib.suppress(OSError):  # over this user's limit; the default serves too
                fcntl.fcntl(held, F_SETPIPE_SZ, PIPE_BYTES)
            self._fifos[fifo] = held

    def _adopt(self, job: str, pid_file: str) -> bool:
        proof = read_proof(Path(pid_file))
        if proof is None:
            return False
        pid, started = proof
        try:
            pidfd = os.pidfd_open(pid)
        except OSError:
            return False
        if read_proof(Path(pid_file)) != proof:
            os.close(pidfd)
            return False
        process = self._jobs[job] = Process(job, pid, pidfd)
        self._watch(pidfd, lambda: self._bury(process, None))
        self._hear(JobStarted(job, pid, started, adopted=True))
        return True

    def _bury(self, process: Process, code: int | None) -> None:
        if process.pidfd >= 0:
            self._unwatch(process.pidfd)
            os.close(process.pidfd)
        del self._jobs[process.job]
        _signal_group(process.pid, signal.SIGKILL)
        self._hear(JobEnded(process.job, process.pid, code))


def read_proof(pid_file: Path) -> tuple[int, float] | None:
    """The pid in the file and its process's start in epoch seconds.

    If that very process still runs.
    """
    try:
        pid, ticks = map(int, pid_file.read_text().split())
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        if int(fields[18]) != ticks or state in "ZX":
            return None
        return pid, psutil.Process(pid).create_time()
    except (OSError, ValueError, IndexError, psutil.Error):
        return None


def _prepare_pid_file(spawn: Spawn) -> None:
    path = Path(spawn.pid_file)
    path.write_text("")
    path.chmod(0o644)
    if spawn.user:
        shutil.chown(path, spawn.user)


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return list(psutil.Process(pid).children(recursive=True))
    except psutil.Error:
        return []


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return
