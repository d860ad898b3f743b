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
ROUND_MILLISECONDS = 50


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
    """Kill those of the processes that bear the job's mark, and what they start meanwhile."""
    mark = f"{MARK}={pid_file}".encode()
    for _ in range(ROUNDS_MAX):
        killed = [descriptor for pid in pids() if (descriptor := _kill(pid, mark)) is not None]
        for descriptor in killed:
            ended = select.poll()
            ended.register(descriptor, select.POLLIN)
            ended.poll(ROUND_MILLISECONDS)
            os.close(descriptor)
        if not killed:
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
    """Kill the process if it bears the mark; its pidfd, to wait for its end."""
    if pid == os.getpid():
        return None
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return None
    try:
        if mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return list(psutil.Process(pid).children(recursive=True))
    except psutil.Error:
        return []
