"""How often did it happen?

Counters in memory that root shares with every actor by fork: they cost an addition, survive any
actor, and can be read by the sidecar without asking anybody. Each counter has one writer.
"""

import mmap
from collections.abc import Iterator

from habactors.protocol.transport import Send
from habactors.roles.wiring import CAST, SENT, WIRING

SLOT_BYTES = 8

OUTCOMES = {
    "wire": (
        "malformed_oversized",
        "malformed_version",
        "malformed_garbled",
        "malformed_handshake",
        "dropped_early",
        "dropped_foreign",
        "dropped_misdirected",
        "links_opened",
        "links_lost",
        "unreachable",
        "sent_bytes",
        "received_bytes",
    ),
    "control": ("malformed_requests", "requests"),
    "sidecar": ("requests",),
    "services": ("log_bytes",),
}
"""What the bodies of some actors count besides messages."""


def _names() -> Iterator[tuple[str, str, str]]:
    """(actor, what happened, to which message)."""
    for line in WIRING:
        yield line.speaker, "said", line.message.__name__
        for hearer in line.hearers:
            if "." not in hearer:
                yield hearer, "heard", line.message.__name__
    for message, (actor, _) in SENT.items():
        yield actor, "sent", message.__name__
        yield "wire", "received", message.__name__
    yield "wire", "heard", Send.__name__
    for actor in CAST:
        yield actor, "dropped", "letter"
        yield actor, "damaged", "record"
        yield actor, "body", "starts"
    for actor, outcomes in OUTCOMES.items():
        for outcome in outcomes:
            yield actor, "body", outcome


class Counters:
    """All counters of a node, by (actor, what happened, to which message)."""

    def __init__(self) -> None:
        self._slots = {name: slot for slot, name in enumerate(dict.fromkeys(_names()))}
        self._memory = memoryview(mmap.mmap(-1, len(self._slots) * SLOT_BYTES)).cast("q")

    def add(self, actor: str, happened: str, message: str, count: int = 1) -> None:
        """Count; a name that is not in the table is our own bug."""
        self._memory[self._slots[actor, happened, message]] += count

    def get(self, actor: str, happened: str, message: str) -> int:
        return int(self._memory[self._slots[actor, happened, message]])

    def __iter__(self) -> Iterator[tuple[tuple[str, str, str], int]]:
        """Every counter with its value."""
        for name, slot in self._slots.items():
            yield name, int(self._memory[slot])
