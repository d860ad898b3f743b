"""Who leads the service groups, and how is that changed?"""

import time

import click

from habactors.console.options import choices, common, example
from habactors.console.show import show, show_outcome


@click.command(epilog=example("habactors elections", "habactors elections redis.prod"))
@click.argument("group", required=False)
@common
def elections(group: str | None) -> None:
    """Show who leads: every group that chooses a leader, or only GROUP."""
    from habactors.console import contests

    with choices().connect() as node:
        found = node.call("elections", group=group, timeout=choices().timeout)
    show(found, contests.elections)


@click.group(epilog=example("habactors leader step-down redis.prod"))
@common
def leader() -> None:
    """Have another member lead a service group."""


@leader.command("step-down", epilog=example("habactors leader step-down redis.prod"))
@click.argument("group")
@common
def step_down(group: str) -> None:
    """Have this node lead GROUP no more; the most suitable of the others takes over."""
    with choices().connect() as node:
        show_outcome(node.leader_step_down(group, choices().timeout))


@leader.command(epilog=example("habactors leader transfer redis.prod --to bob"))
@click.argument("group")
@click.option("--to", metavar="MEMBER", required=True, help="Its name or id.")
@common
def transfer(group: str, to: str) -> None:
    """Have this node hand GROUP over to another member."""
    with choices().connect() as node:
        show_outcome(node.leader_transfer(group, to, choices().timeout))


@click.command(epilog=example("habactors explain election redis.prod"))
@click.argument("group")
@common
def election(group: str) -> None:
    """Why GROUP has the leader that it has, or none, and what can be done about it."""
    from habactors.console import contests

    with choices().connect() as node:
        found = node.call("explain.election", group=group, timeout=choices().timeout)
    show(found, lambda row: contests.explanation(row, time.time()))
