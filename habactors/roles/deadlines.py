"""What is due, and when is the next thing due?"""

from collections.abc import Hashable
from typing import Generic, TypeVar

Name = TypeVar("Name", bound=Hashable)


class Deadlines(Generic[Name]):
    """A few named deadlines behind the one `wake_at` of a role."""

    def __init__(self) -> None:
        self._times: dict[Name, float] = {}

    def __contains__(self, name: Name) -> bool:
        return name in self._times

    def set(self, name: Name, time: float) -> None:
        """Replace the deadline of that name."""
        self._times[name] = time

    def clear(self, name: Name) -> None:
        """Forget the deadline; none is no error."""
        self._times.pop(name, None)

    def due(self, now: float) -> list[Name]:
        """The names whose time has come, earliest first; they are forgotten."""
        names = [name for name, time in self._times.items() if time <= now]
        names.sort(key=self._times.__getitem__)
        for name in names:
            del self._times[name]
        return names

    @property
    def next(self) -> float | None:
        """When the next one is due."""
        return min(self._times.values(), default=None)
