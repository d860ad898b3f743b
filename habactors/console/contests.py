"""How do elections look? Pure functions of the JSON results."""

from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from habactors.console.tables import table
from habactors.console.words import age, clock, health_style

Row = dict[str, Any]

STATUS_STYLES = {"finished": "green", "no-quorum": "red"}
"""Every other status is on its way, or waits."""


def status_style(status: str) -> str:
    """The colour of an election."""
    return STATUS_STYLES.get(status, "yellow")


def elections(rows: list[Row]) -> RenderableType:
    """Who leads which group, and by whose votes; the leader stands out among them."""
    if not rows:
        return Text("no service group chooses a leader")
    made = table("GROUP", "STATUS", "LEADER", "TERM", "LEASE", "ALIVE", "VOTERS", "NOTE")
    for row in rows:
        made.add_row(
            row["service_group"],
            Text(row["status"], style=status_style(row["status"])),
            Text(row["leader_name"] or "-", style="bold"),
            str(row["term"] or "-"),
            lease(row["lease_seconds"]),
            f"{row['alive']} of {len(row['electorate'])}, needs {row['quorum']}",
            voters(row),
            Text(row["why"]),
        )
    return made


def lease(seconds: float | None) -> str:
    """What is left of a lease."""
    return "-" if seconds is None else f"{seconds:.1f} s"


def voters(row: Row) -> Text:
    """The electorate by name, each in the colour of its health, the leader in bold."""
    shown = Text()
    for number, voter in enumerate(row["electorate"]):
        style = health_style(voter["health"])
        leads = voter["id"] == row["leader"]
        shown.append(" " if number else "")
        shown.append(voter["name"], style=f"bold {style}" if leads else style)
    return shown


def explanation(row: Row, now: float) -> RenderableType:
    """Why a group has its leader or none: the arithmetic, who is missing, what can be done."""
    parts: list[RenderableType] = [_head(row, now)]
    if row["electorate"]:
        parts += ["", _electorate(row)]
    return Group(*parts)


def _head(row: Row, now: float) -> Table:
    head = Table.grid(padding=(0, 2, 0, 0))
    status = Text(row["status"], style=status_style(row["status"]))
    head.add_row(Text(row["service_group"], style="bold"), status)
    head.add_row("because", Text(row["why"]))
    head.add_row("leader", Text(_leader(row, now)))
    head.add_row("votes", Text(row["arithmetic"]))
    head.add_row("this node", Text(_here(row)))
    if row["advice"]:
        head.add_row("what to do", Text(row["advice"], style="yellow"))
    return head


def _leader(row: Row, now: float) -> str:
    if not row["leader"]:
        return f"nobody, the latest term is {row['term']}" if row["term"] else "nobody yet"
    told = f"{row['leader_name']} in term {row['term']}"
    if row["since"] is not None:
        told += f", since {clock(row['since'])}, for {age(now - row['since'])}"
    if row["lease_seconds"] is not None:
        told += f"; its lease lasts {row['lease_seconds']:.1f} s unless it is renewed"
    return told


def _here(row: Row) -> str:
    """What this node stands for."""
    here = row["here"]
    vote = "may vote" if here["votes"] else "may not vote"
    if not here["serves"]:
        return f"does not serve in the group, {vote}"
    role = {"leader": "leads", "follower": "follows"}.get(here["role"], "waits for a leader")
    told = f"{role}, {vote}"
    if here["state"]:
        told += f"; its service is {here['state']}"
    return f"{told} ({here['blocked']})" if here["blocked"] else told


def _electorate(row: Row) -> Table:
    made = table("VOTER", "HEALTH", "ALIVE IN THE GROUP", "SUITABILITY", "NOTE")
    missed = {each["id"]: each["why"] for each in row["missing"]}
    for voter in row["electorate"]:
        leads = voter["id"] == row["leader"]
        notes = ["leads"] if leads else []
        notes += ["this node"] if voter["self"] else []
        notes += [missed[voter["id"]]] if voter["id"] in missed else []
        suitability = voter["suitability"]
        made.add_row(
            Text(voter["name"], style="bold" if leads else ""),
            Text(voter["health"], style=health_style(voter["health"])),
            "yes" if voter["alive"] else Text("no", style="red"),
            "-" if suitability is None else str(suitability),
            Text(", ".join(notes)),
        )
    return made
