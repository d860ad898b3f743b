"""What does the kernel do for a process and its descendants (prctl(2))?"""

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

_prctl = ctypes.CDLL(None, use_errno=True).prctl
"""Looked up before any fork: a child between fork and exec does as little as it can."""


def signal_at_parents_end(number: signal.Signals) -> None:
    """Have the kernel signal this process when its parent ends."""
    _prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


def end_with(parent: int, number: signal.Signals) -> None:
    """Have the kernel signal this process when that parent ends, also if it just has."""
    signal_at_parents_end(number)
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


def become_subreaper() -> None:
    """Be the parent of all descendants whose own parents end."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
