"""How does a scenario go?"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from habactors.errors import UserError
from habactors.simulator.ring import Ring
from habactors.simulator.scenario import Scenario, Step, read
from habactors.simulator.stage import Stage, meet
from habactors.simulator.transcript import Transcript

UNTOLD = ("run", "quiet", "normal", "verbose")
"""The steps by which nothing befalls the ring."""


class Performance:
    """A scenario, about to be run; the lines of its transcript go to `write` as they happen.

    `seed` and `size` (how many hosts) stand in for the scenario's own.
    """

    def __init__(
        self,
        scenario: Scenario,
        write: Callable[[str], None],
        *,
        seed: int | None = None,
        size: int | None = None,
    ) -> None:
        settings = scenario.settings
        self.scenario = scenario
        self.seed = scenario.seed if seed is None else seed
        self.ring = Ring(
            scenario.size if size is None else size,
            self.seed,
            peers=settings.peers,
            permanent=settings.permanent,
        )
        self.ring.network.conditions.latency_seconds = settings.latency_seconds
        self.ring.lose(settings.loss)
        self.stage = Stage(self.ring, settings.detail)
        self._transcript = Transcript(self.stage, write)
        self._checks: list[Step] = []

    def acts(self) -> Iterator[Step]:
        """Go on step by step, each of which is yielded when it is done.

        Raises:
            BadScenario: a step asks for what makes no sense.
            Unmet: an expectation fails, or in the end a check.
        """
        settings = self.scenario.settings
        self.ring.start(self.stage.others(settings.absent), apart_seconds=settings.apart_seconds)
        for step in self.scenario.steps:
            if step.text.partition(" ")[0] not in UNTOLD:
                self._transcript.step(step.text)
            checking = len(self.stage.checkers)
            with _at_line(step):
                step.act(self.stage)
            if len(self.stage.checkers) > checking:
                self._checks.append(step)
            yield step
        self._judge()

    def _judge(self) -> None:
        for step, checker in zip(self._checks, self.stage.checkers, strict=True):
            with _at_line(step):
                meet(checker.verdict())


def perform(text: str, *, seed: int | None = None, size: int | None = None) -> Iterator[str]:
    """Run the scenario in a text, and yield the lines of its transcript.

    Raises:
        BadScenario: a line is not understood, or asks for what makes no sense.
        Unmet: an expectation or a check fails.
    """
    lines: list[str] = []
    acts = Performance(read(text), lines.append, seed=seed, size=size).acts()
    going = True
    while going:
        try:
            going = next(acts, None) is not None
        finally:
            yield from lines
            lines.clear()


@contextmanager
def _at_line(step: Step) -> Iterator[None]:
    """Have an error say where in the scenario it arose."""
    try:
        yield
    except UserError as error:
        error.message = f"line {step.line}, {step.text}: {error.message}"
        raise
