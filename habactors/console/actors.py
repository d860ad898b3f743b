"""How is a single actor put right?"""

import click

from habactors.console.options import choices, common, example
from habactors.console.show import show_outcome


@click.group(epilog=example("habactors actor restart sidecar"))
@common
def actor() -> None:
    """Restart an actor of this node."""


@actor.command(epilog=example("habactors actor restart sidecar"))
@click.argument("name")
@common
def restart(name: str) -> None:
    """End the actor NAME and start it anew; nobody else notices."""
    with choices().connect() as node:
        show_outcome(node.actor_restart(name, choices().timeout))
