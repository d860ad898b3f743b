"""How does an explanation look? Pure functions of the JSON results."""

from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from habactors.console.tables import table
from habactors.console.words import age, clock, health_style, short

Row = dict[str, Any]


def member(row: Row, now: float) -> RenderableType:
    """What this node believes of a member, on whose evidence, and what it has seen itself."""
    parts: list[RenderableType] = [_head(row, now)]
    if row["evidence"]:
        parts += ["", _evidence(row["evidence"])]
    if row["notes"]:
        parts += ["", _notes(row["notes"])]
    return Group(*parts)


def _head(row: Row, now: float) -> Table:
    head = Table.grid(padding=(0, 2, 0, 0))
    standing = Text.assemble(
        (row["health"], health_style(row["health"])),
        f" at incarnation {row['incarnation']}, for {age(now - row['since'])}",
    )
    head.add_row(Text(row["name"], style="bold"), standing)
    head.add_row("because", Text(row["why"] or _no_reason(row)))
    head.add_row("lives at", f"{row['address']}, member {short(row['id'])}")
    head.add_row("seen from here", Text(_seen(row)))
    if row["suspicion"]:
        left = max(0.0, row["suspicion"]["until"] - now)
        head.add_row("suspected", f"for {age(now - row['suspicion']['since'])}, {left:.1f} s left")
    return head


def _no_reason(row: Row) -> str:
    return "this is the node itself" if row["self"] else "nothing speaks against it"


def _seen(row: Row) -> str:
    """The probes of this node."""
    answered, failed = row["probes_answered"], row["probes_failed"]
    told = f"{answered} probes answered, {failed} not"
    if row["last_answer"]:
        milliseconds = row["round_trip_seconds"] * 1000
        when = clock(row["last_answer"])
        told += f", the last at {when} after {milliseconds:.1f} ms"
    return f"{told}; {'watched over a lasting link' if row['watched'] else 'not watched'}"


def _evidence(found: list[Row]) -> Table:
    made = table("EVIDENCE OF", "AT", "REFUSED", "NOTE")
    for piece in found:
        name = piece["accuser_name"] or short(piece["accuser"])
        refused = "yes" if piece["refused"] else "no"
        made.add_row(name, clock(piece["at"]), refused, Text(piece["why"]))
    return made


def _notes(notes: list[Row]) -> Table:
    made = table("SEEN AT", "NOTE")
    for note in notes:
        made.add_row(clock(note["time"]), Text(note["what"]))
    return made
