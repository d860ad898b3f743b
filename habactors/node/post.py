"""How do letters reach the other actors of this node?

One PUSH socket to the mailbox of each hearer. Nothing here ever blocks: a hearer that is gone
finds its letters when it is back, and one that has not read thousands of them loses the next,
which is counted; epochs and versions make both harmless.
"""

import zmq

from habactors.node.channel import Channel
from habactors.node.counters import Counters
from habactors.protocol.letters import AnyLetter, write

LETTERS_MAX = 10_000
RECONNECT_MILLISECONDS = 10
RECONNECT_MILLISECONDS_MAX = 200
LINGER_MILLISECONDS = 200


class Post:
    """The outgoing letters of one actor; `door` makes an endpoint of an actor's name."""

    def __init__(
        self,
        actor: str,
        context: "zmq.Context[zmq.Socket[bytes]]",
        door: str,
        channel: Channel,
        counters: Counters,
    ) -> None:
        self._actor = actor
        self._context = context
        self._door = door
        self._channel = channel
        self._counters = counters
        self._boxes: dict[str, zmq.Socket[bytes]] = {}

    def deliver(self, hearers: tuple[str, ...], letter: AnyLetter) -> None:
        written = None
        for hearer in hearers:
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
        """A box that takes nothing is replaced once.

        An inproc door does not find its way back to a restarted actor.
        """
        for box in (self._box(hearer), None):
            try:
                (box or self._fresh_box(hearer)).send(written, zmq.DONTWAIT)
            except zmq.Again:
                continue
            return True
        return False

    def _box(self, hearer: str) -> "zmq.Socket[bytes]":
        return self._boxes.get(hearer) or self._fresh_box(hearer)

    def _fresh_box(self, hearer: str) -> "zmq.Socket[bytes]":
        old = self._boxes.pop(hearer, None)
        if old:
            old.close(linger=0)
        box = self._context.socket(zmq.PUSH)
        box.set(zmq.LINGER, LINGER_MILLISECONDS)
        box.set(zmq.SNDHWM, LETTERS_MAX)
        box.set(zmq.RECONNECT_IVL, RECONNECT_MILLISECONDS)
        box.set(zmq.RECONNECT_IVL_MAX, RECONNECT_MILLISECONDS_MAX)
        box.connect(self._door.format(hearer))
        self._boxes[hearer] = box
        return box
