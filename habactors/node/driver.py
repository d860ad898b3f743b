"""How does a role live in the real world?

It hears one message at a time; afterwards its outbox is emptied in the order that makes promises
good: what it keeps is written before anything is said, and what it says goes to those whom the
wiring names.
"""

import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from habactors.node.clock import Clock
from habactors.node.counters import Counters
from habactors.node.log import show_event
from habactors.node.store import Store
from habactors.protocol.events import Event
from habactors.protocol.letters import AnyLetter
from habactors.protocol.lifecycle import Start
from habactors.protocol.transport import Send
from habactors.roles.role import Outbox, Role
from habactors.roles.wiring import HEARERS, SENT

WIRE = ("wire",)

log = logging.getLogger(__name__)


class Driver:
    """Drives one role: `deliver(hearers, letter)` is its post, `do(message)` its hands."""

    def __init__(
        self,
        role: Role,
        clock: Clock,
        counters: Counters,
        deliver: Callable[[tuple[str, ...], AnyLetter], None],
        do: Callable[[Any], None],
        store: Store | None = None,
    ) -> None:
        self.role = role
        self.wake: float | None = None
        self._clock = clock
        self._counters = counters
        self._deliver = deliver
        self._do = do
        self._store = store
        self._hands = (f"{role.NAME}.hands",)
        self._waiting: deque[Any] = deque()

    def start(self) -> None:
        """Let the role hear its first message."""
        kept = self._store.load() if self._store else {}
        damaged = bool(self._store and self._store.damaged)
        if damaged:
            self._counters.add(self.role.NAME, "damaged", "record")
        self.hear(Start(kept, damaged))

    def receive(self, letter: Any) -> None:
        """Let the role hear a letter from another actor of the node."""
        self._counters.add(self.role.NAME, "heard", type(letter).__name__)
        self.hear(letter)

    def hear(self, message: Any) -> None:
        """Let the role hear.

        What its hands find out meanwhile it hears next, one after the other.
        """
        self._waiting.append(message)
        if len(self._waiting) > 1:
            return
        while self._waiting:
            self.role.hear(self._waiting[0], self._clock.now())
            self._empty(self.role.out)
            self._waiting.popleft()

    def _empty(self, out: Outbox) -> None:
        if out.kept:
            assert self._store is not None, f"{self.role.NAME} keeps records but has no store"
            kept, out.kept = out.kept, []
            self._store.write(kept)
        sent, out.sent = out.sent, []
        for peer, content in sent:
            assert SENT[type(content)][0] == self.role.NAME, "another actor's message"
            self._counters.add(self.role.NAME, "sent", type(content).__name__)
            self._deliver(WIRE, Send(peer, content))
        self.wake = out.wake
        said, out.said = out.said, []
        for message in said:
            self._say(message)

    def _say(self, message: Any) -> None:
        hearers = HEARERS[self.role.NAME, type(message)]
        self._counters.add(self.role.NAME, "said", type(message).__name__)
        if isinstance(message, Event):
            show_event(message)
        if hearers == self._hands:
            self._do(message)
        else:
            self._deliver(hearers, message)
