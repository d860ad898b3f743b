"""How well would a service lead?

Its `suitability` hook says so: the number on its last line, such as how much of the data it has.
It is asked from time to time while the service runs, and at once when the leader is lost: until
then the number of a follower may be behind, afterwards it stands still.
"""

import re

from habactors.protocol.errands import Ended, Halt, Running, Spawn
from habactors.protocol.files import Collect
from habactors.protocol.limits import WHOLE_MAX
from habactors.roles.hook import Hook
from habactors.roles.role import Role

SUITABILITY = "suitability"
EVERY_SECONDS = 5.0
LIMIT_SECONDS = 2.0
LAST_NUMBER = re.compile(r"(?<![\w.-])(\d+)\s*\Z")


class Suitability:
    """The measurements of one service. `measured_at` is None when it has no such hook."""

    def __init__(self, role: Role, job: str, pid_file: str, folder: str) -> None:
        self.value = 0
        self.measured_at: float | None = None
        self.job = job
        self._role = role
        self._pid_file = pid_file
        self._folder = folder
        self._hook: Hook | None = None
        self._began = 0.0
        self._next = 0.0
        self._ended_at = float("-inf")

    def forget(self, now: float) -> None:
        """The process has ended: what the next one is worth, nobody knows yet."""
        self.value, self._ended_at, self._next = 0, now, now

    def hurry(self, now: float) -> None:
        """The leader is lost: what was measured before may be too little."""
        self._next = now

    def step(self, spawn: Spawn, pid: int, now: float) -> Spawn | Halt | None:
        """What root has to hear, if anything."""
        if self._hook is None and now >= self._next:
            self._began, self._next = now, now + EVERY_SECONDS
            self._hook = Hook(self.job, self._pid_file, spawn=spawn, pid=pid, now=now)
            self._hook.until = now + LIMIT_SECONDS
        return self._hook.step(now) if self._hook else None

    @property
    def next_time(self) -> float:
        """When to look again."""
        return self._hook.until if self._hook else self._next

    def running(self, news: Running, now: float) -> None:
        """It has begun; its limit counts from the asking."""
        if self._hook:
            self._hook.running(news, now)
            self._hook.until = self._began + LIMIT_SECONDS

    def ended(self, news: Ended, now: float) -> None:
        """It has ended; one that failed says nothing."""
        if self._hook and self._hook.is_over(news, now):
            self._hook = None
            if news.code == 0:
                self._role.say(Collect(self._folder, SUITABILITY))

    def collected(self, text: str) -> None:
        """What the hook wrote; without a number at its end it is not suitable at all."""
        if self._began < self._ended_at:
            return
        found = LAST_NUMBER.search(text[-64:])
        self.value = min(int(found[1]), WHOLE_MAX) if found else 0
        self.measured_at = self._began
