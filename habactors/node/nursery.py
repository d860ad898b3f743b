"""How are actors brought into the world?

Separate processes are forked from root, which has imported everything, opened no ZeroMQ context
and started no thread: that costs a few MB and some milliseconds an actor. In one process they are
threads. Either way root holds one end of a channel, and its end is the actor's end.
"""

import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable

import zmq
from setproctitle import setproctitle

from habactors.config import Config
from habactors.node.body import Berth
from habactors.node.cast import embody
from habactors.node.channel import Channel
from habactors.node.clock import Clock
from habactors.node.counters import Counters
from habactors.node.log import configure
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
        expected: bool,
        forget_parent: Callable[[], None],
    ) -> None:
        self.counters = Counters()
        self._config = config
        self._me = me
        self._clock = clock
        self._expected = expected
        self._forget_parent = forget_parent

    def start(self, actor: str) -> tuple[int, Channel]:
        """The actor's pid and root's end of its channel."""
        ours, theirs = Channel.pair()
        berth = Berth(
            actor, self._config, self._me, self._clock, self.counters, theirs, self._expected
        )
        if self._config.root.processes == "one":
            embody(berth)
            return os.getpid(), ours
        assert threading.active_count() == 1, "root forks, so it may not have threads"
        assert not zmq.Context._instance, "root forks, so it may not have a ZeroMQ context"
        sys.stdout.flush()
        pid = os.fork()
        if pid:
            theirs.close()
            return pid, ours
        code = FAILED
        try:
            ours.close()
            self._forget_parent()
            code = _live(berth)
        except BaseException:
            logging.getLogger(__name__).exception("%s failed", actor)
        finally:
            logging.shutdown()
            os._exit(code)


def settle() -> None:
    """Call once before the first fork: what root has imported stays shared between all actors."""
    gc.collect()
    gc.freeze()


def _live(berth: Berth) -> int:
    """The whole life of an actor in its own process; its exit code."""
    name = berth.config.node.name
    setproctitle(f"habactors: {berth.actor} ({name})")
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    configure(berth.config.log, berth.actor, name)
    outcome = embody(berth)
    outcome.ended.wait()
    if outcome.failed:
        return FAILED
    zmq.Context.instance().term()
    return 0
