"""Why is something as it is?"""

import time

import click

from habactors.console.elections import election
from habactors.console.options import choices, common, example
from habactors.console.show import show


@click.group(epilog=example("habactors explain member bob"))
@common
def explain() -> None:
    """Tell why something is as it is, and what it rests on."""


explain.add_command(election)


@explain.command(epilog=example("habactors explain member bob", "habactors explain member 3f0c"))
@click.argument("name")
@common
def member(name: str) -> None:
    """Why the member NAME (or id) is held for alive, suspect, confirmed or departed."""
    from habactors.console.explanation import member as explanation

    with choices().connect() as node:
        found = node.call("explain.member", name=name, timeout=choices().timeout)
    show(found, lambda row: explanation(row, time.time()))
