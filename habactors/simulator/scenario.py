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

All phrases stand in `settings.py`, `steps.py` and `expectations.py`.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import NamedTuple

from habactors.errors import UserError
from habactors.simulator.expectations import EXPECTATIONS
from habactors.simulator.ring import Ring
from habactors.simulator.settings import SETTINGS, Settings
from habactors.simulator.stage import BadScenario, Stage
from habactors.simulator.steps import STEPS
from habactors.simulator.transcript import Transcript

RULE = "----"
RING = re.compile(r"ring of (\d+) seed (\d+)")
HOSTS_MAX = 10_000
UNTOLD = ("run", "quiet", "normal", "verbose")
"""The steps by which nothing befalls the ring."""


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
        elif act := STEPS.find(line) or EXPECTATIONS.find(line):
            steps.append(Step(number, line, act))
        else:
            known = [*SETTINGS, *STEPS, *EXPECTATIONS]
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


def perform(text: str, *, seed: int | None = None, size: int | None = None) -> Iterator[str]:
    """Run the scenario in a text, and yield the lines of its transcript.

    `seed` and `size` (how many hosts) stand in for the scenario's own.

    Raises:
        BadScenario: a line is not understood, or asks for what makes no sense.
        Unmet: an expectation fails.
    """
    scenario = read(text)
    settings = scenario.settings
    ring = Ring(
        scenario.size if size is None else size,
        scenario.seed if seed is None else seed,
        peers=settings.peers,
        permanent=settings.permanent,
    )
    ring.network.conditions.latency_seconds = settings.latency_seconds
    ring.network.conditions.loss = settings.loss
    stage = Stage(ring, settings.detail)
    lines: list[str] = []
    transcript = Transcript(stage, lines.append)
    ring.start(stage.others(settings.absent), apart_seconds=settings.apart_seconds)
    for step in scenario.steps:
        if step.text.partition(" ")[0] not in UNTOLD:
            transcript.step(step.text)
        try:
            with _at_line(step.line, step.text):
                step.act(stage)
        finally:
            yield from lines
            lines.clear()


@contextmanager
def _at_line(number: int, text: str) -> Iterator[None]:
    """Have an error say where in the scenario it arose."""
    try:
        yield
    except UserError as error:
        error.message = f"line {number}, {text}: {error.message}"
        raise
