"""How does a process prove to a root that did not start it which job it is?

By two files that it writes before it becomes the service: `PID`, its number, for people and hooks;
and beside it `PID.proof`, which adds its start time (in clock ticks) and the boot. No other
process, ever, has all three.
"""

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

import psutil

BECOME = (
    "read -r boot </proc/sys/kernel/random/boot_id; read -r stat </proc/$$/stat; "
    'begun() { shift 19; echo "$$ $1 $boot"; }; '
    'begun ${stat##*) } >"$0.proof" && echo $$ >"$0" && exec "$@"'
)
"""For sh: write the pid file named first, then become the program named next.

Field 22 of stat is the start time (proc(5)).
"""


class Proved(NamedTuple):
    """A running process: `started` in epoch seconds, `pidfd` becomes readable at its end."""

    pid: int
    started: float
    pidfd: int


def prepare(pid_file: str, user: int, group: int) -> None:
    """Make both files anew, so that the process can write them as whoever it will be."""
    for path in _files(pid_file):
        path.unlink(missing_ok=True)
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            os.fchmod(made, 0o644)
            os.fchown(made, user, group)
        finally:
            os.close(made)


def find(pid_file: str) -> Proved | None:
    """The process that wrote the file, if that very process still runs."""
    proof = _read(pid_file)
    if proof is None:
        return None
    try:
        pidfd = os.pidfd_open(proof[0])
    except OSError:
        return None
    if _read(pid_file) == proof:  # the descriptor is that process's, not its successor's
        return Proved(*proof, pidfd)
    os.close(pidfd)
    return None


def remove(pid_file: str) -> None:
    """The process is gone: hooks that look for it shall find nobody else."""
    for path in _files(pid_file):
        with contextlib.suppress(OSError):
            path.unlink()


def _files(pid_file: str) -> tuple[Path, Path]:
    return Path(pid_file), Path(pid_file + ".proof")


def _read(pid_file: str) -> tuple[int, float] | None:
    """Pid and start of the process that the proof names, if it runs."""
    try:
        pid, ticks, boot = _files(pid_file)[1].read_text().split()
        stat = Path(f"/proc/{int(pid)}/stat").read_text()
        state, *fields = stat.rpartition(") ")[2].split()
        if fields[18] != ticks or state in "ZX" or boot != _boot():
            return None
        return int(pid), psutil.Process(int(pid)).create_time()
    except (OSError, ValueError, IndexError, psutil.Error):
        return None


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
