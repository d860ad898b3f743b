"""How do letters reach the other actors of this node?

One PUSH socket to the mailbox of each hearer. Nothing here ever blocks: a hearer that is gone
finds its letters when it is back, and one that has not read thousands of them loses the next,
which is counted; epochs and versions make both harmless.
"""

from collections.abc import Collection

import zmq

from habactors.node.channel import Channel
from habactors.node.counters import Counters
from habactors.protocol.letters import AnyLetter, write

LETTERS_MAX = 10_000
RECONNECT_MILLISECONDS = 10
RECONNECT_MILLISECONDS_MAX = 200
LINGER_MILLISECONDS = 200


class Post:
    """The outgoing letters of one actor; `door` makes an endpoint of an actor's name.

    Letters to `absent` actors, which this node does without, are not written.
    """

    def __init__(
        self,
        actor: str,
        context: "zmq.Context[zmq.Socket[bytes]]",
        door: str,
        channel: Channel,
        counters: Counters,
        absent: Collection[str] = (),
    ) -> None:
        self._actor = actor
        self._context = context
        self._door = door
        self._channel = channel
        self._counters = counters
        self._absent = absent
        self._boxes: dict[str, zmq.Socket[bytes]] = {}
        self._lives: dict[str, int] = {}

    def deliver(self, hearers: tuple[str, ...], letter: AnyLetter) -> None:
        written = b""
        for hearer in hearers:
            if hearer in self._absent:
                continue
            if hearer == "root":
                delivered = self._channel.send(letter)
            else:
                written = written or write(letter)
                delivered = self._push(hearer, written)
            if not delivered:
                self._counters.add(self._actor, "dropped", "letter")

    def close(self) -> None:
        for box in self._boxes.values():
            box.close()

    def _push(self, hearer: str, written: bytes) -> bool:
        if self._door.startswith("inproc:"):
            self._renew(hearer)
        box = self._boxes.get(hearer) or self._open(hearer)
        try:
            box.send(written, zmq.DONTWAIT)
        except zmq.Again:
            return False
        return True

    def _renew(self, hearer: str) -> None:
        """Over inproc, unlike over ipc, a box does not find its way to a restarted hearer."""
        life = max(1, self._counters.get(hearer, "body", "starts"))
        if hearer in self._boxes and self._lives[hearer] != life:
            self._boxes.pop(hearer).close(linger=0)
        self._lives[hearer] = life

    def _open(self, hearer: str) -> "zmq.Socket[bytes]":
        box = self._boxes[hearer] = self._context.socket(zmq.PUSH)
        box.set(zmq.LINGER, LINGER_MILLISECONDS)
        box.set(zmq.SNDHWM, LETTERS_MAX)
        box.set(zmq.RECONNECT_IVL, RECONNECT_MILLISECONDS)
        box.set(zmq.RECONNECT_IVL_MAX, RECONNECT_MILLISECONDS_MAX)
        box.connect(self._door.format(hearer))
        return box
