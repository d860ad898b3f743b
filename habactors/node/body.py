"""How does a role get a body?

A pykka actor whose inbox is a ZeroMQ mailbox. It lives in a process of its own, or in a thread
beside the others, and does not notice which. A role that raises ends its actor: root starts
another one.
"""

import contextlib
import logging
import threading
from pathlib import Path
from typing import Any, NamedTuple

import pykka
import zmq

from habactors.config import Config
from habactors.node.channel import Channel
from habactors.node.clock import Clock
from habactors.node.counters import Counters
from habactors.node.driver import Driver
from habactors.node.hands import Desk, Hands
from habactors.node.mailbox import Broken, Mailbox, Ready, RootGone
from habactors.node.post import Post
from habactors.node.store import Store
from habactors.protocol.lifecycle import Identity, Wake
from habactors.roles.role import Role

STATE = "state"
LAST_WORDS_SECONDS = 1.0
LINGER_MILLISECONDS = 200

log = logging.getLogger(__name__)


class Berth(NamedTuple):
    """All that an actor is given when it starts; `expected` tells that the node has run before.

    `listener` is the descriptor of the listening socket, for the wire only. `life` is another word
    after each start of the node.
    """

    actor: str
    config: Config
    me: Identity
    clock: Clock
    counters: Counters
    channel: Channel
    expected: bool
    listener: int = -1
    life: str = ""


class Outcome:
    """How an actor ended: `failed` counts once `ended` is set."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.failed = False
        self.thread: threading.Thread | None = None

    def wait(self) -> bool:
        """Wait for the end, and for what the thread still logs about it; whether it failed."""
        self.ended.wait()
        if self.thread:
            self.thread.join(LAST_WORDS_SECONDS)
        return self.failed


class Body(pykka.ThreadingActor):
    """One actor: a role, its driver, its mailbox, its post and its hands."""

    use_daemon_thread = True  # root knows when a node may end
    actor_inbox: Mailbox

    def __init__(
        self, berth: Berth, role: Role, hands: Hands, outcome: Outcome, *, keeps: bool
    ) -> None:
        super().__init__()
        self._berth = berth
        self._role = role
        self._hands = hands
        self._outcome = outcome
        self._keeps = keeps
        self._open_things = contextlib.ExitStack()

    @staticmethod
    def _create_actor_inbox() -> Mailbox:
        return Mailbox()

    def on_start(self) -> None:
        self._outcome.thread = threading.current_thread()
        self._outcome.thread.name = self._berth.actor
        try:
            self._open()
        except BaseException:
            self._end(failed=True)
            raise

    def on_receive(self, message: Any) -> None:
        match message:
            case RootGone():
                self.stop()
            case Ready(call):
                call()
            case Wake():
                self._driver.hear(message)
            case Broken(error):
                raise error
            case _:
                self._driver.receive(message)
        self.actor_inbox.deadline = self._driver.wake

    def on_failure(self, *_cause: Any) -> None:
        self._end(failed=True)

    def on_stop(self) -> None:
        self._end(failed=False)

    def _open(self) -> None:
        """Whatever is opened is closed in reverse, the channel last: then root may start anew.

        ZeroMQ gives addresses free some time after a socket was closed, but at the latest with the
        context; so where a successor may come in the same process, hands have one of their own.
        """
        berth, things = self._berth, self._open_things
        things.callback(berth.channel.close)
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
        door = _door(berth.config)
        self.actor_inbox.open(door.format(berth.actor), context, berth.channel, berth.clock)
        things.callback(self.actor_inbox.close)
        absent = absentees(berth.config)
        post = Post(berth.actor, context, door, berth.channel, berth.counters, absent)
        things.callback(post.close)
        store = _store(berth) if self._keeps else None
        if store:
            things.callback(store.close)
        self._driver = Driver(
            self._role, berth.clock, berth.counters, post.deliver, self._hands.do, store
        )
        if berth.config.root.processes == "one":
            context = zmq.Context()
            things.callback(context.destroy, LINGER_MILLISECONDS)
        desk = Desk(self._hear, self.actor_inbox, context, berth.counters, berth.clock.now)
        self._hands.open(desk)
        things.callback(self._hands.close)
        self._driver.start()
        self.actor_inbox.deadline = self._driver.wake

    def _hear(self, message: Any) -> None:
        self._driver.hear(message)

    def _end(self, *, failed: bool) -> None:
        self._outcome.failed = failed
        try:
            self._open_things.close()
        except Exception:
            log.exception("%s did not end in good order", self._berth.actor)
            self._outcome.failed = True
        self._outcome.ended.set()


def _door(config: Config) -> str:
    """The endpoint of a mailbox, with the actor's name left open."""
    separate = config.root.processes == "separate"
    return f"ipc://{config.node.run_dir}/{{}}.mail" if separate else "inproc://{}"


def absentees(config: Config) -> tuple[str, ...]:
    """The actors that this node does without."""
    return () if config.sidecar.listen else ("sidecar",)


def _store(berth: Berth) -> Store:
    folder = state_dir(berth.config)
    return Store(folder / f"{berth.actor}.sqlite", expected=berth.expected)


def state_dir(config: Config) -> Path:
    """Where the records of the roles are."""
    return config.node.data_dir / STATE
