"""How do the answers of a node look as tables? Pure functions of the JSON results."""

from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from habactors.console.words import (
    age,
    clock,
    event_line,
    health_style,
    short,
    size,
    state_style,
)

Row = dict[str, Any]


def table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """A table without lines, as other tools print them; columns in `right` are numbers."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        folds = column == "NOTE"
        made.add_column(
            column,
            justify="right" if column in right else "left",
            no_wrap=not folds,
            overflow="fold" if folds else "ellipsis",
        )
    return made


def members(rows: list[Row], now: float) -> RenderableType:
    """The ring; whoever is not well says why."""
    made = table("NAME", "HEALTH", "SINCE", "ADDRESS", "INC", "ID", "NOTE", right=("INC",))
    for row in rows:
        made.add_row(
            Text(row["name"], style="bold" if row["self"] else ""),
            Text(row["health"], style=health_style(row["health"])),
            age(now - row["since"]),
            row["address"],
            str(row["incarnation"]),
            short(row["id"]),
            Text(member_note(row)),
        )
    return made


def member_note(row: Row) -> str:
    """What else there is to say of a member."""
    notes = ["this node"] if row["self"] else []
    notes += ["permanent"] if row["permanent"] else []
    notes += [row["why"]] if row["why"] else []
    return ", ".join(notes)


def status(found: Row, now: float) -> RenderableType:
    """The node and its actors."""
    ring = ", ".join(f"{count} {health}" for health, count in found["ring"].items() if count)
    head = Table.grid(padding=(0, 2, 0, 0))
    head.add_row("node", Text(found["name"], style="bold"))
    head.add_row("member", found["id"])
    head.add_row("version", f"{found['version']}, up {age(now - found['started'])}")
    head.add_row("ring", ring or "nobody yet")
    if found["isolated"]:
        head.add_row("isolated", Text("most of the known members cannot be reached", style="red"))
    if found["health_score"]:
        score = f"score {found['health_score']}: this node is slow, and patient with others"
        head.add_row("health", Text(score, style="yellow"))
    for name, address in found["listen"].items():
        head.add_row(name, Text(address or "off"))
    return Group(head, "", actors(found["actors"]))


def actors(rows: list[Row]) -> Table:
    """The actors, and what all of them cost together."""
    numbers = ("PID", "UP", "RESTARTS", "MEMORY", "CPU")
    made = table("ACTOR", "STATE", *numbers, right=numbers)
    for row in rows:
        made.add_row(
            row["name"],
            Text(row["state"], style=state_style(row["state"])),
            str(row["pid"] or "-"),
            age(row["uptime_seconds"]) if row["pid"] else "-",
            str(row["restarts"]),
            size(row["pss_bytes"]),
            f"{row['cpu_seconds']:.1f} s",
        )
    costs = {row["pid"]: row for row in rows}.values()
    made.add_row(
        Text("all", style="bold"),
        "",
        "",
        "",
        str(sum(row["restarts"] for row in rows)),
        size(sum(row["pss_bytes"] for row in costs)),
        f"{sum(row['cpu_seconds'] for row in costs):.1f} s",
    )
    return made


def census(document: Row) -> RenderableType:
    """Every service group with its configuration and members."""
    if not document["census_groups"]:
        return Text("the ring has no service groups yet")
    made = table("GROUP", "CONFIG", "MEMBER", "HOST", "HEALTH", "PACKAGE")
    for name, group in document["census_groups"].items():
        config = group["service_config"]
        version = f"version {config['incarnation']}" if config else "-"
        members = group["population"].values()
        for first, member in enumerate(members):
            health = member_health(member)
            made.add_row(
                name if first == 0 else "",
                version if first == 0 else "",
                short(member["member_id"]),
                member["sys"]["ip"],
                Text(health, style=health_style(health)),
                member["package"],
            )
        if not members:
            made.add_row(name, version, "nobody", "", "", "")
    return made


def member_health(member: Row) -> str:
    """The health of a member of a service group."""
    healths = ("alive", "suspect", "confirmed", "departed")
    return next((health for health in healths if member[health]), "unknown")


def services(rows: list[Row]) -> RenderableType:
    """The services of this node."""
    if not rows:
        return Text("no service is loaded here")
    numbers = ("PID", "SINCE", "RESTARTS")
    made = table("SERVICE", "STATE", *numbers, "PACKAGE", "NOTE", right=numbers)
    for row in rows:
        made.add_row(
            row["service_group"],
            Text(row["state"], style=state_style(row["state"])),
            str(row["pid"] or "-"),
            age(row["elapsed_seconds"]),
            str(row["restarts"]),
            row["ident"],
            Text(service_note(row)),
        )
    return made


def service_note(row: Row) -> str:
    """Its role, why it is not up, or why it was restarted."""
    notes = [row["role"]] if row.get("role") else []
    notes += [row["blocked"]] if row["blocked"] else []
    if row["next_restart_seconds"] is not None:
        notes.append(f"again in {row['next_restart_seconds']:.0f} s")
    if row["restarted_because"]:
        notes.append(f"last restart: {row['restarted_because']}")
    return ", ".join(notes)


def config(found: Row) -> RenderableType:
    """A group's configuration, ready to be copied."""
    if not found["version"]:
        return Text(f"# {found['service_group']} has no configuration in the ring")
    head = f"# {found['service_group']} version {found['version']}"
    return Text(f"{head}, from member {short(found['source'] or '?')}\n{found['body']}".rstrip())


def event(row: Row) -> Text:
    """One event on a line."""
    return Text(f"{clock(row['time'])} {event_line(row)}")
