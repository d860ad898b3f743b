"""What would a ring do? A scenario file, run in virtual time by the roles of real nodes."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from habactors.console.options import choices, common, example
from habactors.console.show import print_rich, show
from habactors.console.tables import table
from habactors.errors import UserError
from habactors.simulator.performance import Performance
from habactors.simulator.scenario import HOSTS_MAX, read
from habactors.simulator.stage import Unmet
from habactors.simulator.tally import Detection, Tally

SCENARIO_BYTES_MAX = 1_048_576
BEAT_SECONDS = 0.5
"""Virtual seconds between two looks at how far it is."""

Row = dict[str, Any]


@click.command(
    epilog=example(
        "habactors simulate tests/scenarios/silent.txt",
        "habactors simulate tests/scenarios/loss.txt --nodes 50 --seed 3",
    )
)
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("--seed", type=click.IntRange(0, 2**63), help="Another seed than the scenario's.")
@click.option(
    "--nodes", type=click.IntRange(1, HOSTS_MAX), help="Another number of hosts than it names."
)
@common
def simulate(scenario: Path, seed: int | None, nodes: int | None) -> None:
    """Run a scenario file in virtual time, and tell what happened.

    Prints the transcript and what the run cost and found. Fails when an expectation or a check of
    the scenario does.
    """
    with _in_file(scenario):
        result, error = _run(_text(scenario), str(scenario), seed, nodes)
    if choices().wants_json:
        show(result, str)
    else:
        print_rich(summary(result))
    if error:
        raise error


def _text(path: Path) -> str:
    """The scenario in a file.

    Raises:
        UserError: there is no such file, or it is no text.
    """
    try:
        with path.open("rb") as file:
            return file.read(SCENARIO_BYTES_MAX).decode()
    except OSError as error:
        raise UserError("usage", f"{error.strerror or error}".lower(), "name a file") from error
    except UnicodeDecodeError as error:
        raise UserError("usage", "is no text", "name a scenario file") from error


@contextmanager
def _in_file(path: Path) -> Iterator[None]:
    """Have an error name the file."""
    try:
        yield
    except UserError as error:
        error.message = f"{path}: {error.message}"
        raise


def _run(
    text: str, name: str, seed: int | None, nodes: int | None
) -> tuple[Row, UserError | None]:
    """The run as scripts see it, and the expectation that failed, if any.

    Raises:
        BadScenario: the scenario is not understood, or asks for what makes no sense.
    """
    lines: list[str] = []
    began = time.monotonic()
    failed: Unmet | None = None
    scenario = read(text)
    with _printer(scenario.seconds, lines) as (write, beat):
        play = Performance(scenario, write, seed=seed, size=nodes)
        tally = Tally(play.ring)
        agenda = play.ring.agenda

        def look(_: object) -> None:
            beat(agenda.elapsed)
            agenda.at(agenda.now + BEAT_SECONDS, look, None)

        look(None)
        try:
            for _ in play.acts():
                pass
        except Unmet as error:
            failed = error
            failed.message = f"{name}: {failed.message}"
    result = {
        **_document(play, tally),
        "wall_seconds": round(time.monotonic() - began, 3),
        "failure": failed.message if failed else None,
        "transcript": lines,
    }
    return result, failed


def _document(play: Performance, tally: Tally) -> Row:
    spent = tally.member_seconds or 1.0
    return {
        "nodes": len(play.ring.hosts),
        "seed": play.seed,
        "virtual_seconds": round(play.ring.agenda.elapsed, 3),
        "messages_per_member_second": round(tally.messages / spent, 3),
        "bytes_per_member_second": round(tally.bytes / spent, 1),
        "suspicions": tally.suspicions,
        "refutations": tally.refutations,
        "confirmations": {"right": tally.rightly_confirmed, "wrong": tally.wrongly_confirmed},
        "detections": [_detection(found) for found in tally.detections],
        "checks": [
            {"name": checker.NAME, "violations": checker.verdict()}
            for checker in play.stage.checkers
        ],
    }


def _detection(found: Detection) -> Row:
    times = {"suspected": found.suspected, "confirmed": found.first, "last": found.last}
    return {
        "name": found.name,
        "ended": round(found.ended, 3),
        **{
            f"{what}_seconds": None if seconds is None else round(seconds, 3)
            for what, seconds in times.items()
        },
    }


@contextmanager
def _printer(
    seconds: float, lines: list[str]
) -> Iterator[tuple[Callable[[str], None], Callable[[float], None]]]:
    """How to write a line of the transcript, and how to tell how far the run is.

    The lines are gathered for scripts, and printed at once for people.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    is_shown = sys.stdout.isatty()
    console = Console(stderr=not is_shown, highlight=False)
    columns = (TextColumn("{task.completed:.0f} of {task.total:.0f} s"), BarColumn())
    progress = Progress(
        *columns,
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    task = progress.add_task("", total=seconds)
    gathers = choices().wants_json

    def write(line: str) -> None:
        if gathers:
            lines.append(line)
        elif is_shown:
            console.print(line, markup=False, soft_wrap=True)
        else:
            click.echo(line)

    with progress:
        yield write, lambda elapsed: progress.update(task, completed=elapsed)


def summary(result: Row) -> RenderableType:
    """What the run cost and found, for people."""
    verdicts = result["confirmations"]
    head = Table.grid(padding=(0, 2, 0, 0))
    head.add_row("ring", f"{result['nodes']} nodes, seed {result['seed']}")
    times = f"{result['virtual_seconds']:g} s virtual, {result['wall_seconds']:.2f} s wall"
    head.add_row("time", times)
    cost = f"{result['messages_per_member_second']:.2f} messages"
    head.add_row("a member", f"{cost}, {result['bytes_per_member_second']:.0f} bytes a second")
    suspicions = f"{result['suspicions']}, refuted {result['refutations']}"
    head.add_row("suspicions", suspicions)
    head.add_row("confirmed", f"{verdicts['right']} rightly, {verdicts['wrong']} wrongly")
    parts: list[RenderableType] = ["", head]
    if result["detections"]:
        parts += ["", _detections(result["detections"])]
    if result["checks"]:
        parts += ["", _checks(result["checks"])]
    return Group(*parts)


def _detections(rows: list[Row]) -> Table:
    times = ("ENDED", "SUSPECTED", "CONFIRMED", "BY ALL")
    made = table("MEMBER", *times, right=times)
    for row in rows:
        after = (row["suspected_seconds"], row["confirmed_seconds"], row["last_seconds"])
        shown = ("-" if seconds is None else f"+{seconds:.2f} s" for seconds in after)
        made.add_row(row["name"], f"{row['ended']:.2f} s", *shown)
    return made


def _checks(rows: list[Row]) -> Table:
    made = table("CHECK", "VERDICT", "NOTE")
    for row in rows:
        wrong = row["violations"]
        verdict = (
            Text(f"{len(wrong)} wrong", style="red") if wrong else Text("good", style="green")
        )
        made.add_row(row["name"], verdict, wrong[0] if wrong else "")
    return made
