"""How are actors brought into the world?

Separate processes are forked from root, which has imported everything, opened no ZeroMQ context
and started no thread: that costs a few MB and some milliseconds an actor. In one process they are
threads. Either way root holds one end of a channel, and its end is the actor's end. Forked actors
end with root even while they are too busy to notice: the kernel kills them.
"""

import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

import zmq
from setproctitle import setproctitle

from habactors.config import Config
from habactors.node.body import Berth
from habactors.node.cast import embody
from habactors.node.channel import Channel
from habactors.node.clock import Clock
from habactors.node.counters import Counters
from habactors.node.immortal import make_immortal
from habactors.node.log import configure
from habactors.node.prctl import end_with
from habactors.protocol.lifecycle import Identity

FAILED = 70
"""Exit code of an actor whose role raised (EX_SOFTWARE of sysexits.h)."""


class Nursery:
    """Starts actors; `forget_parent` closes in a child what belongs to root."""

    def __init__(
        self,
        config: Config,
        me: Identity,
        clock: Clock,
        listener: socket.socket,
        expected: bool,
        forget_parent: Callable[[], None],
    ) -> None:
        self.counters = Counters()
        self._config = config
        self._me = me
        self._clock = clock
        self._expected = expected
        self._listener = listener
        self._life = os.urandom(8).hex()
        self._forget_parent = forget_parent

    def start(self, actor: str) -> tuple[int, Channel]:
        """The actor's pid and root's end of its channel.

        Raises:
            OSError: there are too many processes or open files.
        """
        ours, theirs = Channel.pair()
        berth = Berth(
            actor,
            self._config,
            self._me,
            self._clock,
            self.counters,
            theirs,
            self._expected,
            self._listener.fileno() if actor == "wire" else -1,
            self._life,
        )
        self.counters.add(actor, "body", "starts")
        try:
            if self._config.root.processes == "one":
                embody(berth)
                return os.getpid(), ours
            pid = self._fork(berth, ours)
        except BaseException:
            ours.close()
            theirs.close()
            raise
        theirs.close()
        return pid, ours

    def _fork(self, berth: Berth, ours: Channel) -> int:
        """Signals wait meanwhile: one that met the young child would be written to root's ear."""
        assert threading.active_count() == 1, "root forks, so it may not have threads"
        assert not zmq.Context._instance, "root forks, so it may have no context"  # noqa: SLF001
        sys.stdout.flush()
        root_pid = os.getpid()
        former = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            pid = os.fork()
            if pid == 0:
                self._live(berth, ours, root_pid)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, former)
        return pid

    def _live(self, berth: Berth, ours: Channel, root_pid: int) -> NoReturn:
        """The whole life of an actor in its own process."""
        code = FAILED
        try:
            end_with(root_pid, signal.SIGKILL)
            _leave_signals_to_root()
            ours.close()
            self._forget_parent()
            if berth.listener < 0:
                self._listener.close()
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            code = _act(berth)
        except BaseException:
            logging.getLogger(__name__).exception("%s failed", berth.actor)
        finally:
            logging.shutdown()
            os._exit(code)


def settle() -> None:
    """Call once before the first fork: what root has imported stays shared between all actors."""
    gc.collect()
    make_immortal()
    gc.freeze()


def _act(berth: Berth) -> int:
    """The exit code."""
    name = berth.config.node.name
    setproctitle(f"habactors: {berth.actor} ({name})")
    configure(berth.config.log, berth.actor, name)
    if embody(berth).wait():
        return FAILED
    zmq.Context.instance().term()
    return 0


def _leave_signals_to_root() -> None:
    """What a terminal, or systemd, tells the whole group, root acts upon."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
