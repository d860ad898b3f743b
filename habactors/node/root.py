"""How does root live?

One thread, no ZeroMQ, nothing but waiting: for a signal (a child's end among them), a letter from
an actor, the end of an adopted service, or the one deadline of its role. It is the parent of every
actor, hook and service.
"""

import contextlib
import logging
import os
import selectors
import signal
import socket
from collections.abc import Callable
from typing import Any

from habactors.node.channel import Channel
from habactors.node.clock import Clock
from habactors.node.counters import Counters
from habactors.node.driver import Driver
from habactors.node.nursery import Nursery
from habactors.node.prctl import become_subreaper
from habactors.node.processes import Processes
from habactors.protocol.errands import StopNode
from habactors.protocol.hands import (
    ActorEnded,
    EndActor,
    Finish,
    Fork,
    Forked,
    Launch,
    SignalJob,
)
from habactors.protocol.letters import AnyLetter
from habactors.protocol.lifecycle import Wake
from habactors.roles.root import Root

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

log = logging.getLogger(__name__)


class RootBody:
    """The body of the root role; `run` returns the exit code and the message of the end."""

    def __init__(self, role: Root, nursery: Nursery, clock: Clock, counters: Counters) -> None:
        self._nursery = nursery
        self._clock = clock
        self._counters = counters
        self._selector = selectors.DefaultSelector()
        self._channels: dict[str, Channel] = {}
        self._actors: dict[str, int] = {}
        self._finish: Finish | None = None
        self._driver = Driver(role, clock, counters, self._deliver, self._do)
        self._processes = Processes(self._driver.hear, clock.now, self._watch, self._unwatch)
        self._separate = role.settings.processes == "separate"

    def run(self) -> Finish:
        become_subreaper()  # services that double-fork stay our descendants, and are reaped
        self._listen_to_signals()
        self._driver.start()
        while self._finish is None:
            for key, _ in self._selector.select(self._seconds_left()):
                key.data()
            wake = self._driver.wake
            if wake is not None and wake <= self._clock.now():
                self._driver.hear(Wake())
        self._end_rest()
        return self._finish

    def forget(self) -> None:
        """In a forked actor: let go of what is root's."""
        self._selector.close()
        self._processes.forget()
        for channel in self._channels.values():
            channel.close()
        self._signals.close()
        self._alarm.close()

    def _end_rest(self) -> None:
        """After an end out of order no actor may outlive root."""
        for actor, channel in self._channels.items():
            channel.close()
            if self._separate:
                os.kill(self._actors[actor], signal.SIGKILL)
                os.waitpid(self._actors[actor], 0)

    def _seconds_left(self) -> float | None:
        wake = self._driver.wake
        return None if wake is None else max(0.0, wake - self._clock.now())

    def _deliver(self, hearers: tuple[str, ...], letter: AnyLetter) -> None:
        for hearer in hearers:
            channel = self._channels.get(hearer)
            if channel and not channel.send(letter):
                self._counters.add("root", "dropped", "letter")

    def _do(self, order: Any) -> None:
        match order:
            case Fork(actor):
                self._fork(actor)
            case EndActor(actor, kill):
                self._end(actor, kill=kill)
            case Launch(spawn):
                self._processes.launch(spawn)
            case SignalJob():
                self._processes.signal(order)
            case Finish():
                self._finish = order

    def _fork(self, actor: str) -> None:
        try:
            pid, channel = self._nursery.start(actor)
        except Exception as error:  # a role that cannot be made is its actor's failure, not ours
            log.exception("%s cannot be started", actor)
            self._driver.hear(ActorEnded(actor, 0, f"{type(error).__name__}: {error}"))
            return
        self._channels[actor] = channel
        self._actors[actor] = pid
        self._watch(channel.fileno(), lambda: self._take_letters(actor, channel))
        self._driver.hear(Forked(actor, pid))

    def _end(self, actor: str, *, kill: bool) -> None:
        if actor not in self._channels:
            return
        if not kill:
            self._channels[actor].hang_up()
        elif self._separate:
            os.kill(self._actors[actor], signal.SIGKILL)
        else:
            self._close(actor, "its thread does not end")

    def _take_letters(self, actor: str, channel: Channel) -> None:
        for letter in channel.receive():
            if letter is not None:
                self._driver.receive(letter)
                continue
            if self._channels.get(actor) is not channel:
                return  # its end was heard of by a signal a moment ago
            self._unwatch(channel.fileno())
            if not self._separate:
                self._close(actor, "its thread ended")

    def _close(self, actor: str, cause: str) -> None:
        channel = self._channels.pop(actor)
        with contextlib.suppress(KeyError):  # its end was seen before
            self._unwatch(channel.fileno())
        channel.close()
        self._driver.hear(ActorEnded(actor, self._actors.pop(actor), cause))

    def _listen_to_signals(self) -> None:
        self._signals, self._alarm = socket.socketpair()
        self._signals.setblocking(False)
        self._alarm.setblocking(False)
        for number in (*STOP_SIGNALS, signal.SIGCHLD):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup
                signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(self._alarm.fileno(), warn_on_full_buffer=False)
        self._watch(self._signals.fileno(), self._take_signals)

    def _take_signals(self) -> None:
        numbers = self._signals.recv(4096)
        if any(number in numbers for number in STOP_SIGNALS):
            self._driver.hear(StopNode(0))
        self._reap()

    def _reap(self) -> None:
        """What has ended keeps its pid until all that depends on it is done."""
        while True:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            pid = ended.si_pid
            actor = next((name for name, known in self._actors.items() if known == pid), None)
            if actor:
                self._reap_actor(actor, pid)
            else:
                self._processes.reap(pid)

    def _reap_actor(self, actor: str, pid: int) -> None:
        """What it still said before it died counts."""
        for letter in self._channels[actor].receive():
            if letter is not None:
                self._driver.receive(letter)
        _, status = os.waitpid(pid, 0)
        self._close(actor, _cause(status))

    def _watch(self, descriptor: int, call: Callable[[], None]) -> None:
        self._selector.register(descriptor, selectors.EVENT_READ, call)

    def _unwatch(self, descriptor: int) -> None:
        self._selector.unregister(descriptor)


def _cause(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"exit code {code}"
    known = {number.value: number.name for number in signal.Signals}
    return f"killed by {known.get(-code, f'signal {-code}')}"
