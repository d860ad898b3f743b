"""How are the processes of services run?

Each job leads a session and a process group of its own. Its output goes into a pipe that root
holds open too: what nobody has read yet waits there, whoever dies.
"""

import contextlib
import fcntl
import grp
import os
import pwd
import shutil
import signal
import stat
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from habactors.node import kin, proof
from habactors.node.prctl import signal_at_parents_end
from habactors.protocol.errands import Spawn
from habactors.protocol.hands import JobEnded, JobStarted, SignalJob

F_SETPIPE_SZ = 1031
DIE_WITH_ROOT = partial(signal_at_parents_end, signal.SIGKILL)
PIPE_BYTES = 1_048_576


class Process(NamedTuple):
    """A running job.

    `pidfd` watches an adopted one, which is no child of ours (-1 for a child).
    """

    job: str
    pid: int
    pid_file: str
    pidfd: int


class Account(NamedTuple):
    """Whom a job runs as: numbers for user, group and further groups, -1 and None for our own."""

    user: int = -1
    group: int = -1
    groups: list[int] | None = None


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
        try:
            account = _account(spawn)
            output = self._hold_fifo(spawn.fifo, account)
            if self._adopt(spawn.job, spawn.pid_file):
                return
            pid = _start(spawn, account, output)
        except (OSError, LookupError, ValueError, subprocess.SubprocessError) as error:
            self._hear(JobEnded(spawn.job, 0, None, _reason(error)))
            return
        self._jobs[spawn.job] = Process(spawn.job, pid, spawn.pid_file, -1)
        self._hear(JobStarted(spawn.job, pid, self._now(), adopted=False))

    def signal(self, order: SignalJob) -> None:
        process = self._jobs.get(order.job) or self._adopt(order.job, order.pid_file)
        if process is None:
            self._hear(JobEnded(order.job, 0, None))
        elif order.tree:
            kin.kill_tree(process.pid)
        else:
            name = f"SIG{order.signal.removeprefix('SIG')}"
            number = getattr(signal.Signals, name, signal.SIGTERM)
            kin.signal_group(process.pid, number)

    def reap(self, pid: int) -> None:
        """A child of root has ended: a job, or an orphan that a job left to us.

        Until it is waited for, nobody else can have its number, nor that of its group.
        """
        process = next((job for job in self._jobs.values() if job.pid == pid), None)
        if process:
            kin.signal_group(pid, signal.SIGKILL)
            kin.kill_marked(process.pid_file, kin.own_children)
        _, status = os.waitpid(pid, 0)
        if process:
            self._bury(process, os.waitstatus_to_exitcode(status))

    def forget(self) -> None:
        """In a forked actor: let go of what is root's."""
        for descriptor in self._fifos.values():
            os.close(descriptor)
        for process in self._jobs.values():
            if process.pidfd >= 0:
                os.close(process.pidfd)

    def _adopt(self, job: str, pid_file: str) -> Process | None:
        found = proof.find(pid_file)
        if found is None:
            return None
        process = self._jobs[job] = Process(job, found.pid, pid_file, found.pidfd)
        self._watch(found.pidfd, lambda: self._end_adopted(process))
        self._hear(JobStarted(job, found.pid, found.started, adopted=True))
        return process

    def _end_adopted(self, process: Process) -> None:
        """Its parent may have waited for it already; then its number may be another's."""
        if self._jobs.get(process.job) is not process:
            return
        if not psutil.pid_exists(process.pid):
            kin.signal_group(process.pid, signal.SIGKILL)
        kin.kill_marked(process.pid_file, psutil.pids)
        self._bury(process, None)

    def _bury(self, process: Process, code: int | None) -> None:
        if process.pidfd >= 0:
            self._unwatch(process.pidfd)
            os.close(process.pidfd)
        del self._jobs[process.job]
        proof.remove(process.pid_file)
        self._hear(JobEnded(process.job, process.pid, code))

    def _hold_fifo(self, fifo: str, account: Account) -> int:
        """As long as root holds it open, what a service wrote stays there until it is read."""
        held = self._fifos.get(fifo)
        if held is not None:
            if _is_at(held, Path(fifo)):
                return held
            os.close(self._fifos.pop(fifo))
        try:
            os.mkfifo(fifo, 0o600)
        except FileExistsError:
            pass
        except OSError as error:
            raise OSError(error.errno, error.strerror, fifo) from None
        held = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        if not stat.S_ISFIFO(os.fstat(held).st_mode):
            os.close(held)
            raise FileExistsError(None, "This is no pipe, remove it", fifo)
        self._fifos[fifo] = held
        if account.user >= 0:  # its process may want to open it by the name of /dev/stdout
            os.fchown(held, account.user, -1)
        with contextlib.suppress(OSError):  # over this user's limit; the default serves too
            fcntl.fcntl(held, F_SETPIPE_SZ, PIPE_BYTES)
        return held


def _start(spawn: Spawn, account: Account, fifo: int) -> int:
    """Start the process; its pid."""
    program = shutil.which(spawn.argv[0], path=spawn.environment.get("PATH"))
    if program is None:
        raise FileNotFoundError(None, "No such program, or not executable", spawn.argv[0])
    proof.prepare(spawn.pid_file, account.user, account.group)
    output = os.open(f"/proc/self/fd/{fifo}", os.O_RDWR | os.O_CLOEXEC)
    try:
        started = subprocess.Popen(
            ["/bin/sh", "-c", proof.BECOME, spawn.pid_file, *spawn.argv],
            cwd=spawn.cwd,
            env={**spawn.environment, kin.MARK: spawn.pid_file},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            user=account.user if account.user >= 0 else None,
            group=account.group if account.group >= 0 else None,
            extra_groups=account.groups,
            preexec_fn=DIE_WITH_ROOT if spawn.dies_with_root else None,  # noqa: PLW1509
        )
    finally:
        os.close(output)
    started.returncode = 0  # root itself reaps it
    return started.pid


def _account(spawn: Spawn) -> Account:
    """Numbers for the names; LookupError when the host does not know them.

    Only root can become somebody else: any other user runs everything as itself.
    """
    user = pwd.getpwnam(spawn.user) if spawn.user else None
    group = grp.getgrnam(spawn.group).gr_gid if spawn.group else -1
    if os.geteuid() != 0:
        if user and user.pw_uid != os.geteuid():
            raise PermissionError(None, "Only root can run a service as this user", spawn.user)
        return Account()
    if user is None:
        return Account(-1, group, None if group < 0 else [])
    group = user.pw_gid if group < 0 else group
    return Account(user.pw_uid, group, os.getgrouplist(spawn.user, group))


def _is_at(held: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(held), path.stat())
    except FileNotFoundError:
        return False


def _reason(error: Exception) -> str:
    """In words: "No such file or directory: /srv/redis/hooks/run"."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error.args[0]) if error.args else type(error).__name__
