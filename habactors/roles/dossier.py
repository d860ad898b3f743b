"""What has this observer seen of each member?

Answers are counted, and whatever is out of the ordinary is noted: `explain member` shows it.
"""

from collections import deque
from typing import Any, NamedTuple

NOTES_MAX = 40


class Note(NamedTuple):
    """What was seen, and when (epoch seconds)."""

    time: float
    what: str


class Sightings:
    """Of one member: the last answer, how long it took, and the notes."""

    def __init__(self) -> None:
        self.answers = 0
        self.failures = 0
        self.answered = float("-inf")
        self.failed = float("-inf")
        self.round_trip_seconds = 0.0
        self.notes: deque[Note] = deque(maxlen=NOTES_MAX)


class Dossier:
    """Sightings by member id; of strangers there are none."""

    def __init__(self) -> None:
        self._sightings: dict[str, Sightings] = {}

    def __len__(self) -> int:
        return len(self._sightings)

    def note(self, member_id: str, now: float, what: str) -> None:
        """Something happened to a member."""
        self._of(member_id).notes.append(Note(now, what))

    def answer(self, member_id: str, now: float, seconds: float) -> None:
        """A member answered after so long."""
        seen = self._of(member_id)
        seen.answers += 1
        seen.answered, seen.round_trip_seconds = now, seconds

    def fail(self, member_id: str, now: float, what: str) -> None:
        """A member gave no answer."""
        seen = self._of(member_id)
        seen.failures += 1
        seen.failed = now
        self.note(member_id, now, what)

    def answers_since(self, member_id: str, time: float) -> bool:
        """Whether the member has answered after that time, and was not silent afterwards."""
        seen = self._sightings.get(member_id)
        return seen is not None and seen.answered > max(time, seen.failed)

    def forget(self, member_id: str) -> None:
        self._sightings.pop(member_id, None)

    def document(self, member_id: str) -> dict[str, Any]:
        """The sightings of a member as a JSON object."""
        seen = self._sightings.get(member_id, Sightings())
        return {
            "probes_answered": seen.answers,
            "probes_failed": seen.failures,
            "last_answer": seen.answered if seen.answers else None,
            "round_trip_seconds": round(seen.round_trip_seconds, 6) if seen.answers else None,
            "notes": [{"time": note.time, "what": note.what} for note in seen.notes],
        }

    def _of(self, member_id: str) -> Sightings:
        return self._sightings.setdefault(member_id, Sightings())
