"""Who belongs to a job, and how is all of it ended?

Its process group; the descendants of its process; and, because both can be left (setsid, a double
fork), everything that inherited the mark in its environment.
"""

import contextlib
import os
import select
import signal
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

MARK = "HABACTORS_PID_FILE"
"""The environment variable that names the pid file of the job a process belongs to."""

ROUNDS_MAX = 5
ROUND_MILLISECONDS = 20


def signal_group(pid: int, number: signal.Signals) -> None:
    """Signal the process group that this process leads; no group is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def kill_tree(pid: int) -> None:
    """Kill a process with its group and its descendants."""
    descendants = _descendants(pid)
    signal_group(pid, signal.SIGKILL)
    for descendant in reversed(descendants):
        with contextlib.suppress(psutil.Error):
            descendant.kill()


def kill_marked(pid_file: str, pids: Callable[[], Iterable[int]]) -> None:
    """Kill those of the processes that bear the job's mark, and what they start meanwhile.

    A process has no environment for the moment in which it becomes another program.
    """
    mark = f"{MARK}={pid_file}".encode()
    for _ in range(ROUNDS_MAX):
        met = [descriptor for pid in pids() if (descriptor := _kill(pid, mark)) is not None]
        for descriptor in met:
            ended = select.poll()
            ended.register(descriptor, select.POLLIN)
            ended.poll(ROUND_MILLISECONDS)
            os.close(descriptor)
        if not met:
            return


def own_children() -> list[int]:
    """Our children, adopted orphans among them (Linux tells them at little cost)."""
    me = os.getpid()
    try:
        written = Path(f"/proc/{me}/task/{me}/children").read_text()
    except FileNotFoundError:  # a kernel without CONFIG_PROC_CHILDREN
        return list(psutil.pids())
    return [int(pid) for pid in written.split()]


def _kill(pid: int, mark: bytes) -> int | None:
    """Kill the process if it bears the mark; its pidfd while it is worth another look."""
    if pid == os.getpid():
        return None
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return None
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        if mark in environment.split(b"\0"):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            return descriptor
        if not environment and _has_memory(pid):
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None


def _has_memory(pid: int) -> bool:
    """Unlike a zombie or a thread of the kernel, which have no environment for good."""
    return Path(f"/proc/{pid}/statm").read_text().split()[0] != "0"


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return list(psutil.Process(pid).children(recursive=True))
    except psutil.Error:
        return []
