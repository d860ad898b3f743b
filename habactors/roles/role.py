"""What is a role, and how does it speak?

`hear(message, now)` is the only way in. Out come only `say`, `send`, `keep` and `wake_at`; they
gather in an outbox that the driver (a real node, or the simulator) empties after each `hear`:
first what is kept, then what is said and sent.
"""

from typing import Any, NamedTuple

from habactors.protocol.envelope import RingMessage
from habactors.protocol.events import Event
from habactors.protocol.lifecycle import Identity, Peer


class Keep(NamedTuple):
    """A record that must outlive the role: `value` None deletes it.

    `durable` ones survive a power cut, the others `kill -9`.
    """

    key: str
    value: bytes | None
    durable: bool


class Outbox:
    """What a role wants done.

    `wake` is the latest deadline asked for, or None for sleep until spoken to.
    """

    __slots__ = ("kept", "said", "sent", "wake")

    def __init__(self) -> None:
        self.said: list[Any] = []
        self.sent: list[tuple[Peer, RingMessage]] = []
        self.kept: list[Keep] = []
        self.wake: float | None = None


class Role:
    """The base of every role; `NAME` is the actor's noun."""

    NAME = ""

    def __init__(self, me: Identity) -> None:
        self.me = me
        self.out = Outbox()

    def hear(self, message: Any, now: float) -> None:
        """Take in one message at `now` (epoch seconds, never running backwards)."""
        raise NotImplementedError

    def say(self, message: Any) -> None:
        """Tell the actors of this node whom the wiring names."""
        self.out.said.append(message)

    def send(self, peer: Peer, message: RingMessage) -> None:
        """Tell a member elsewhere; best effort."""
        self.out.sent.append((peer, message))

    def keep(self, key: str, value: bytes | None, *, durable: bool = False) -> None:
        """Have a record handed back in the next `Start`."""
        self.out.kept.append(Keep(key, value, durable))

    def wake_at(self, time: float | None) -> None:
        """Hear `Wake` at that time; the latest call wins."""
        self.out.wake = time

    def report(
        self, now: float, kind: str, subject: str, name: str, before: str, after: str, why: str
    ) -> None:
        """Say an `Event` of this role's."""
        self.say(Event(now, self.me.id, self.NAME, kind, subject, name, before, after, why))
