"""Who is in the ring, who serves what, and how is this node?"""

import time

import click

from habactors.console.options import choices, common, example
from habactors.console.show import show


@click.command(epilog=example("habactors members --run-dir run/ada"))
@common
def members() -> None:
    """Show the ring as this node sees it."""
    from habactors.console import tables

    with choices().connect() as node:
        found = node.call("members", timeout=choices().timeout)
    show(found, lambda rows: tables.members(rows, time.time()))


@click.command(epilog=example("habactors status -c conf/node.toml --format json"))
@common
def status() -> None:
    """Show this node and its actors."""
    from habactors.console import tables

    with choices().connect() as node:
        found = node.call("status", timeout=choices().timeout)
    show(found, lambda row: tables.status(row, time.time()))


@click.command(epilog=example("habactors census", "habactors census redis.prod --format json"))
@click.argument("group", required=False)
@common
def census(group: str | None) -> None:
    """Show who serves what: every service group, or only GROUP."""
    from habactors.console import tables

    with choices().connect() as node:
        found = node.call("census", group=group, timeout=choices().timeout)
    show(found, tables.census)
