"""How is a member told to leave for ever?"""

import click

from habactors.console.options import choices, common, example
from habactors.console.show import show_outcome


@click.command(epilog=example("habactors depart bob", "habactors depart 3f0c9a52"))
@click.argument("member")
@common
def depart(member: str) -> None:
    """Tell MEMBER (its name or id) to leave the ring; its id may never return."""
    with choices().connect() as node:
        show_outcome(node.depart(member, choices().timeout))
