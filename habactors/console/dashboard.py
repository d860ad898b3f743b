"""How does a node look at a glance?

A pure function of the node's JSON answers and of the room there is. Whatever is not well comes
first, so that a small terminal cuts off only what needs nobody's eye.
"""

from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from habactors.console.tables import Row, member_health, service_note
from habactors.console.words import (
    age,
    clock,
    event_line,
    health_style,
    short,
    size,
    state_style,
)

WIDE = 100
NARROW_SHARES = (9, 11)
"""How the two columns share a narrow terminal: numbers cannot be cut, reasons can."""

EVENT_LINES_MIN = 4
FRAME_LINES = 2
"""Upper and lower edge of a panel."""

HEALTH_ORDER = {"confirmed": 0, "suspect": 1, "alive": 2, "departed": 3}
STATE_ORDER = {"backoff": 0, "parked": 0, "up": 2, "running": 2, "down": 3}
ON_THE_WAY_ORDER = 1
LEADS = "★"
NO_LEADER = {
    "none": "no leader yet",
    "in-progress": "electing",
    "no-quorum": "no quorum",
    "finished": "no leader",
}


class Picture(NamedTuple):
    """All that a frame shows: the answers to the queries of those names, when they were given.

    `trouble` says why they are not fresh; without a status there is no node at all.
    """

    now: float
    members: list[Row]
    status: Row | None
    census: Row
    elections: list[Row]
    services: list[Row]
    events: list[Row]
    trouble: str = ""


NOTHING = Picture(0.0, [], None, {"census_groups": {}}, [], [], [])


def dashboard(picture: Picture, width: int, height: int) -> RenderableType:
    """One frame of that many columns and lines."""
    if picture.status is None:
        return Group(_title(picture), "", Text(f"  {picture.trouble}", style="yellow"))
    gap = 2 if width >= WIDE else 1
    left = (_members(picture, gap), _groups(picture, gap))
    right = (_services(picture, gap), _actors(picture.status["actors"], gap))
    room = height - 1 - EVENT_LINES_MIN - FRAME_LINES
    columns = [_stack(panels, room) for panels in (left, right)]
    used = max(sum(lines for _, lines in column) for column in columns)
    grid = Table.grid(expand=True, padding=(0, 1, 0, 0), pad_edge=False)
    for share in NARROW_SHARES if width < WIDE else (1, 1):
        grid.add_column(ratio=share)
    grid.add_row(*(Group(*(panel for panel, _ in column)) for column in columns))
    events = _events(picture.events, height - 1 - used - FRAME_LINES)
    return Group(_title(picture), grid, events)


def _title(picture: Picture) -> RenderableType:
    if picture.status is None:
        return Text.assemble((" habactors ", "reverse bold"), "  no node")
    name, ring = picture.status["name"], picture.status["ring"]
    title = Text.assemble((" habactors ", "reverse bold"), "  ", (name, "bold"), "  ")
    for health, count in ring.items():
        if count or health == "alive":
            title.append(f"{count} {health}  ", style=health_style(health))
    if picture.status["isolated"]:
        title.append("isolated  ", style="bold red")
    if picture.status["health_score"]:
        title.append(f"slow {picture.status['health_score']}  ", style="yellow")
    if picture.trouble:
        title.append(picture.trouble, style="yellow")
    line = Table.grid(expand=True)
    line.add_column(no_wrap=True)
    line.add_column(justify="right", no_wrap=True)
    line.add_row(title, Text(f"{clock(picture.now)}   q quits ", style="dim"))
    return line


Part = tuple[str, Table]
"""A title, and rows below it."""


def _stack(parts: tuple[Part, ...], room: int) -> list[tuple[RenderableType, int]]:
    """The parts as panels with their heights, cut so that all fit; short parts stay whole."""
    left = room - FRAME_LINES * len(parts)
    heights: dict[str, int] = {}
    ascending = sorted(parts, key=lambda part: part[1].row_count)
    for number, (title, rows) in enumerate(ascending):
        share = max(1, left // (len(parts) - number))
        heights[title] = min(max(1, rows.row_count), share)
        left -= heights[title]
    return [_panel(title, rows, heights[title]) for title, rows in parts]


def _panel(title: str, rows: Table, lines: int) -> tuple[RenderableType, int]:
    hidden = rows.row_count - lines
    shown = f"{title}, {hidden} more" if hidden > 0 else title
    panel = Panel(
        Padding(rows, (0, 1)) if rows.row_count else Text(" none", style="dim"),
        title=shown,
        title_align="left",
        border_style="bright_black",
        height=lines + FRAME_LINES,
        padding=0,
    )
    return panel, lines + FRAME_LINES


def _rows(gap: int, *columns: str) -> Table:
    """Rows without headings; `<` and `>` say where a column is aligned, `*` takes what is left."""
    made = Table(box=None, show_header=False, expand=True, padding=(0, gap, 0, 0), pad_edge=False)
    for column in columns:
        made.add_column(
            justify="right" if column == ">" else "left",
            ratio=1 if column == "*" else None,
            no_wrap=True,
            overflow="ellipsis",
        )
    return made


def _members(picture: Picture, gap: int) -> Part:
    wide = gap > 1
    rows = _rows(gap, "<", "<", ">", *(("<", "*") if wide else ("*",)))
    for row in sorted(picture.members, key=lambda row: HEALTH_ORDER[row["health"]]):
        why = Text(row["why"], style="dim")
        rows.add_row(
            Text(row["name"], style="bold" if row["self"] else ""),
            Text(row["health"], style=health_style(row["health"])),
            age(picture.now - row["since"]),
            *([Text(row["address"], style="dim"), why] if wide else [why]),
        )
    return "members", rows


def _groups(picture: Picture, gap: int) -> Part:
    """The groups; a leader is marked, and a group that lacks one is yellow."""
    rows = _rows(gap, "<", "<", "*")
    names = {row["id"]: row["name"] for row in picture.members}
    elections = {row["service_group"]: row for row in picture.elections}
    for name, group in picture.census["census_groups"].items():
        config, election = group["service_config"], elections.get(name)
        leader = election["leader"] if election else None
        lacks_leader = election is not None and not leader
        who = Text()
        if election and lacks_leader:
            who.append(f"{NO_LEADER[election['status']]}  ", style="yellow")
        for member_id, member in group["population"].items():
            shown = names.get(member_id, short(member_id))
            style = health_style(member_health(member))
            if member_id == leader:
                shown, style = f"{LEADS}{shown}", f"bold {style}"
            who.append(f"{shown} ", style=style)
        version = f"v{config['incarnation']}" if config else ""
        style = "yellow" if lacks_leader else ""
        rows.add_row(Text(name, style=style), version, who or Text("nobody", style="dim"))
    return "service groups", rows


def _services(picture: Picture, gap: int) -> Part:
    rows = _rows(gap, "<", "<", ">", ">", "*")
    for row in sorted(picture.services, key=_by_state):
        rows.add_row(
            Text(row["service_group"]),
            Text(row["state"], style=state_style(row["state"])),
            str(row["pid"] or ""),
            age(row["elapsed_seconds"]),
            Text(f"{_restarts(row['restarts'])}{service_note(row)}", style="dim"),
        )
    return "services here", rows


def _actors(found: list[Row], gap: int) -> Part:
    rows = _rows(gap, "<", "<", ">", ">", ">", "*")
    for row in sorted(found, key=_by_state):
        style = state_style(row["state"])
        runs = row["state"] == "running"
        rows.add_row(
            row["name"],
            Text("●", style=style),
            str(row["pid"]) if runs else Text(row["state"], style=style),
            age(row["uptime_seconds"]) if runs else "",
            size(row["pss_bytes"]),
            Text(_restarts(row["restarts"]), style="dim"),
        )
    costs = {row["pid"]: row["pss_bytes"] for row in found}
    return f"actors, {size(sum(costs.values()))}", rows


def _by_state(row: Row) -> int:
    return STATE_ORDER.get(row["state"], ON_THE_WAY_ORDER)


def _restarts(count: int) -> str:
    return f"↻ {count}  " if count else ""


def _events(events: list[Row], lines: int) -> RenderableType:
    rows = _rows(1, "<", "*")
    for row in events[-max(lines, 1) :]:
        rows.add_row(Text(clock(row["time"]), style="dim"), _event(row))
    return _panel("events", rows, max(lines, 1))[0]


def _event(row: Row) -> Text:
    match row["kind"]:
        case "member":
            style = health_style(row["to"])
        case "service" | "actor":
            style = state_style(row["to"])
        case "election":
            style = "yellow" if row["to"] == "nobody" else "green"
        case _:
            style = ""
    return Text(event_line(row), style=style)


def picture_of(answers: dict[str, Any], now: float) -> Picture:
    """A picture of the answers to the queries, by name of the query."""
    return Picture(
        now,
        answers["members"],
        answers["status"],
        answers["census"],
        answers["elections"],
        answers["svc.status"],
        answers["events"],
    )
