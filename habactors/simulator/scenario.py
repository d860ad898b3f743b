"""What happens to a ring, and what is expected of it?

A scenario is a text. Its first line names the ring; then come settings, then steps and
expectations; what follows `----` is the transcript of the run, which the tests compare. A line
that begins with # is for the reader.

    # a silent member is suspected, and confirmed when it does not refute
    ring of 5 seed 7
    latency 1ms to 3ms

    run 3s
    cut m4 from all
    run 12s
    expect m4 confirmed everywhere

All phrases stand in `settings.py`, `steps.py`, `faults.py`, `expectations.py` and `checks.py`.
"""

import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import NamedTuple

from habactors.simulator.checks import CHECKS
from habactors.simulator.expectations import EXPECTATIONS
from habactors.simulator.faults import FAULTS
from habactors.simulator.settings import SETTINGS, Settings
from habactors.simulator.stage import BadScenario, Stage
from habactors.simulator.steps import RUN, STEPS

RULE = "----"
BOOKS = (STEPS, FAULTS, EXPECTATIONS, CHECKS)
"""What may follow the settings."""
RING = re.compile(r"ring of (\d+) seed (\d+)")
HOSTS_MAX = 10_000


class Step(NamedTuple):
    """A line of a scenario, and what it does to the stage."""

    line: int
    text: str
    act: Callable[[Stage], None]


class Scenario(NamedTuple):
    """A scenario, read."""

    size: int
    seed: int
    settings: Settings
    steps: tuple[Step, ...]

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        runs = (STEPS.places(RUN, step.text) for step in self.steps)
        return sum((places["seconds"] for places in runs if places), 0.0)


def split(text: str) -> tuple[str, str]:
    """The scenario proper, and its golden transcript."""
    scenario, _, golden = text.partition(f"\n{RULE}\n")
    return scenario, golden


def read(text: str) -> Scenario:
    """The scenario in a text.

    Raises:
        BadScenario: a line is none that a scenario understands.
    """
    lines = [
        (number, line.strip())
        for number, line in enumerate(split(text)[0].splitlines(), 1)
        if line.strip() and not line.startswith("#")
    ]
    size, seed = _read_ring(*(lines or [(1, "")])[0])
    settings = Settings()
    steps: list[Step] = []
    for number, line in lines[1:]:
        if not steps and (setting := SETTINGS.find(line)):
            setting(settings)
        elif act := next(filter(None, (book.find(line) for book in BOOKS)), None):
            steps.append(Step(number, line, act))
        else:
            known = [phrase for book in (SETTINGS, *BOOKS) for phrase in book]
            near = get_close_matches(line, known, 1, 0.0)[0]
            raise BadScenario(f"line {number} is not understood: {line}", f"write {near}")
    return Scenario(size, seed, settings, tuple(steps))


def _read_ring(number: int, line: str) -> tuple[int, int]:
    found = RING.fullmatch(line)
    if not found or not 1 <= int(found[1]) <= HOSTS_MAX:
        raise BadScenario(
            f"line {number} names no ring: {line or 'it is empty'}",
            f"begin with ring of N seed S; N is 1 to {HOSTS_MAX}",
        )
    return int(found[1]), int(found[2])
