"""Who says what to whom? The table of the flow, as people read it."""

import textwrap
from collections.abc import Iterator
from typing import Any

import click

from habactors.console.options import choices, common, example
from habactors.console.show import show
from habactors.protocol.events import Event
from habactors.roles.wiring import CAST, QUESTIONS, SENT, WIRING

WIDTH = 99
INDENT = 2


@click.command(epilog=example("habactors wiring"))
@common
def wiring() -> None:
    """Print who says what to whom inside a node, and between nodes."""
    if choices().format == "json":
        show(wiring_rows(), str)
    else:
        click.echo(wiring_text())


def wiring_rows() -> list[dict[str, Any]]:
    """The lines of the wiring for scripts."""
    return [
        {"speaker": line.speaker, "message": line.message.__name__, "hearers": list(line.hearers)}
        for line in WIRING
    ]


def wiring_text() -> str:
    """The whole table, grouped by speaker."""
    blocks = [
        "\n".join((f"{actor}: {QUESTIONS[actor]}", *_aligned(_said_by(actor)))) for actor in CAST
    ]
    events = next(line for line in WIRING if line.message is Event)
    everybody = [("Event", " ".join(events.hearers), _gist(Event))]
    blocks.append("\n".join(("every actor:", *_aligned(everybody))))
    between = [(message.__name__, actor, _gist(message)) for message, (actor, _) in SENT.items()]
    blocks.append("\n".join(("between members:", *_aligned(between))))
    return "\n\n".join(blocks)


def _said_by(actor: str) -> list[tuple[str, str, str]]:
    return [
        (line.message.__name__, " ".join(line.hearers), _gist(line.message))
        for line in WIRING
        if line.speaker == actor and line.message is not Event
    ]


def _gist(message: type) -> str:
    """The first sentence of its docstring."""
    first = " ".join((message.__doc__ or "").split()).partition(". ")[0]
    return first.partition("; ")[0].partition(" (")[0].rstrip(".")


def _aligned(rows: list[tuple[str, str, str]]) -> Iterator[str]:
    names = max((len(name) for name, _, _ in rows), default=0)
    hearers = max((len(hearer) for _, hearer, _ in rows), default=0)
    for name, hearer, gist in rows:
        head = f"{'':{INDENT}}{name:{names}}  → {hearer:{hearers}}  "
        yield head + textwrap.shorten(gist, WIDTH - len(head), placeholder=" …")
