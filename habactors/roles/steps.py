"""Which steps are said, and when must they be said again?"""

from typing import Any

from habactors.roles.role import Role

REPEAT_SECONDS = 2.0


class Steps:
    """What a service asks of others. Asking is idempotent, so it is done until it is answered.

    `next_time` is when to look again, None when nothing is under way.
    """

    def __init__(self, role: Role) -> None:
        self.next_time: float | None = None
        self._role = role
        self._said: dict[str, tuple[float, Any]] = {}

    def look(self) -> None:
        """Begin to look at everything again."""
        self.next_time = None

    def look_again(self, time: float) -> None:
        """Look again at that time, or earlier."""
        self.next_time = time if self.next_time is None else min(time, self.next_time)

    def say(
        self, what: str, message: Any, now: float, repeat_seconds: float = REPEAT_SECONDS
    ) -> bool:
        """Say a step unless it was said just now, and have it said again later.

        Whether it is said again now because nobody has answered it.
        """
        time, before = self._said.get(what, (now, None))
        is_unanswered = message == before and now >= time + repeat_seconds
        if message != before or is_unanswered:
            self._said[what] = (now, message)
            self._role.say(message)
            time = now
        self.look_again(time + repeat_seconds)
        return is_unanswered

    def forget(self, *steps: str) -> None:
        """They are answered: when they are due once more, they are said at once."""
        for what in steps:
            self._said.pop(what, None)
