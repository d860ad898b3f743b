"""Where does an actor's mail arrive?

A pykka inbox that is a ZeroMQ mailbox: one PULL socket with a door (ipc for other processes,
inproc for other threads), the channel to root, the sockets that the actor's hands watch, and the
one deadline of its role. `get()` is where an idle actor sleeps.
"""

import os
from collections import deque
from collections.abc import Callable
from math import ceil
from queue import SimpleQueue
from typing import Any, NamedTuple

import zmq

from habactors.node.channel import Channel
from habactors.node.clock import Clock
from habactors.protocol.letters import read
from habactors.protocol.lifecycle import Wake

LETTERS_MAX = 10_000
LETTERS_AT_ONCE = 64


class Delivery(NamedTuple):
    """What pykka takes out of an inbox."""

    message: Any
    reply_to: None = None


class RootGone(NamedTuple):
    """The other end of the channel is closed: this actor has to end."""


class Ready(NamedTuple):
    """Something that the actor's hands watch has input for them."""

    call: Callable[[], None]


class Broken(NamedTuple):
    """The mailbox itself failed, or a letter cannot be read: the actor has to fail."""

    error: Exception


class Mailbox:
    """The inbox; made by pykka in the creator's thread, opened and read by the actor's own."""

    def __init__(self) -> None:
        self.deadline: float | None = None
        self._clock = Clock()
        self._local: SimpleQueue[Any] = SimpleQueue()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poller = zmq.Poller()
        self._watched: dict[Any, Callable[[], None]] = {}
        self._ready: deque[Any] = deque()
        self._pull: zmq.Socket[bytes] | None = None
        self._door = ""

    def __del__(self) -> None:
        """Not sooner: another thread may ring at any time."""
        os.close(self._bell)

    def open(
        self,
        door: str,
        context: "zmq.Context[zmq.Socket[bytes]]",
        channel: Channel,
        clock: Clock,
    ) -> None:
        """Bind the door. A stale socket file of a killed predecessor is replaced."""
        self._clock = clock
        self._door = door
        self._pull = context.socket(zmq.PULL)
        self._pull.set(zmq.LINGER, 0)
        self._pull.set(zmq.RCVHWM, LETTERS_MAX)
        self._pull.bind(door)
        self._collect_from(self._pull, self._take_letters)
        self._collect_from(channel.fileno(), lambda: self._take_from_root(channel))
        self._collect_from(self._bell, self._take_local)

    def watch(self, source: Any, call: Callable[[], None]) -> None:
        """Have `call` run in the actor when the ZeroMQ socket or the descriptor is readable."""
        self._collect_from(source, lambda: self._ready.append(Delivery(Ready(call))))

    def unwatch(self, source: Any) -> None:
        self._poller.unregister(source)
        del self._watched[source]

    def put(self, envelope: Any, /) -> None:
        """For pykka and other threads."""
        self._local.put(envelope)
        os.eventfd_write(self._bell, 1)

    def empty(self) -> bool:
        """Nothing is left to deliver; what a closed mailbox still held is dropped."""
        return self._pull is None or (not self._ready and self._local.empty())

    def get(self) -> Any:
        """The next delivery. Never raises, because pykka would not notice."""
        try:
            return self._next()
        except Exception as error:  # noqa: BLE001
            return Delivery(Broken(error))

    def close(self) -> None:
        """Give the door free at once for a successor in the same process."""
        if self._pull:
            self._pull.unbind(self._door)
            self._pull.close()
            self._pull = None

    def _next(self) -> Any:
        while not self._ready:
            if self.deadline is not None and self.deadline <= self._clock.now():
                self.deadline = None
                return Delivery(Wake())
            for source, _ in self._poller.poll(self._milliseconds_left()):
                self._watched[source]()
        return self._ready.popleft()

    def _collect_from(self, source: Any, collect: Callable[[], None]) -> None:
        self._poller.register(source, zmq.POLLIN)
        self._watched[source] = collect

    def _milliseconds_left(self) -> int | None:
        if self.deadline is None:
            return None
        return max(0, ceil((self.deadline - self._clock.now()) * 1000))

    def _take_letters(self) -> None:
        assert self._pull is not None, "an open mailbox has its socket"
        for _ in range(LETTERS_AT_ONCE):
            try:
                written = self._pull.recv(zmq.DONTWAIT)
            except zmq.Again:
                return
            self._ready.append(Delivery(read(written)))

    def _take_from_root(self, channel: Channel) -> None:
        for letter in channel.receive():
            if letter is None:
                self.unwatch(channel.fileno())
            self._ready.append(Delivery(RootGone() if letter is None else letter))

    def _take_local(self) -> None:
        os.eventfd_read(self._bell)
        while not self._local.empty():
            self._ready.append(self._local.get())
