"""How does a role get a body?

A pykka actor whose inbox is a ZeroMQ mailbox. It lives in a process of its own, or in a thread
beside the others, and does not notice which. A role that raises ends its actor: root starts
another one.
"""

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
from habactors.node.mailbox import Mailbox, Ready, RootGone
from habactors.node.post import Post
from habactors.node.store import Store
from habactors.protocol.lifecycle import Identity, Wake
from habactors.roles.role import Role

STATE = "state"


class Berth(NamedTuple):
    """All that an actor is given when it starts; `expected` tells that the node has run before."""

    actor: str
    config: Config
    me: Identity
    clock: Clock
    counters: Counters
    channel: Channel
    expected: bool


class Outcome:
    """How an actor ended: `failed` counts once `ended` is set."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.failed = False


class Body(pykka.ThreadingActor):
    """One actor: a role, its driver, its mailbox, its post and its hands."""

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

    @staticmethod
    def _create_actor_inbox() -> Mailbox:
        return Mailbox()

    def on_start(self) -> None:
        try:
            self._open()
        except Exception:
            self._end(failed=True)
            raise

    def _open(self) -> None:
        berth = self._berth
        separate = berth.config.root.processes == "separate"
        run_dir = berth.config.node.run_dir
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
        self.actor_inbox.open(berth.actor, context, run_dir, berth.channel, berth.clock)
        door = f"ipc://{run_dir}/{{}}.mail" if separate else "inproc://{}"
        self._post = Post(berth.actor, context, door, berth.channel, berth.counters)
        self._store = _store(berth) if self._keeps else None
        self._driver = Driver(
            self._role,
            berth.clock,
            berth.counters,
            self._post.deliver,
            self._hands.do,
            self._store,
        )
        self._hands.open(
            Desk(self._hear, self.actor_inbox, context, berth.counters, berth.clock.now)
        )
        self._driver.start()
        self.actor_inbox.deadline = self._driver.wake

    def on_receive(self, message: Any) -> None:
        match message:
            case RootGone():
                self.stop()
            case Ready(call):
                call()
            case Wake():
                self._driver.hear(message)
            case _:
                self._driver.receive(message)
        self.actor_inbox.deadline = self._driver.wake

    def _hear(self, message: Any) -> None:
        self._driver.hear(message)

    def on_failure(self, *_cause: Any) -> None:
        self._end(failed=True)

    def on_stop(self) -> None:
        self._close()
        self._end(failed=False)

    def _close(self) -> None:
        self._hands.close()
        self._post.close()
        self.actor_inbox.close()
        if self._store:
            self._store.close()

    def _end(self, *, failed: bool) -> None:
        """After a failure nothing is put in order: what is left goes with the process."""
        self._outcome.failed = failed
        self._berth.channel.close()
        self._outcome.ended.set()


def _store(berth: Berth) -> Store:
    folder = state_dir(berth.config)
    return Store(folder / f"{berth.actor}.sqlite", expected=berth.expected)


def state_dir(config: Config) -> Path:
    """Where the records of the roles are."""
    return config.node.data_dir / STATE
