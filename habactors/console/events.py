"""What happened, and what is happening?"""

import json
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

import click

from habactors.client import Control
from habactors.console.options import choices, common, example
from habactors.console.show import print_rich
from habactors.errors import UserError

OVERLAP_SECONDS = 1.0
TOLD_MAX = 500


@click.command(
    epilog=example(
        "habactors events --since 60", "habactors events --follow --format json | jq .subject"
    )
)
@click.option("-f", "--follow", is_flag=True, help="Go on with what happens.")
@click.option(
    "--since",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    help="Begin so long ago. Default: all that is remembered; with --follow, now.",
)
@common
def events(*, follow: bool, since: float | None) -> None:
    """Show what happened; with JSON one event a line."""
    with choices().connect() as node:
        for event in following(node, since) if follow else node.events(since):
            _print(event)


def following(node: Control, since: float | None) -> Iterator[dict[str, Any]]:
    """What happens from now on, across restarts of control, which remembers what was missed."""
    told: deque[dict[str, Any]] = deque(maxlen=TOLD_MAX)
    latest = time.time() - (since or 0.0)
    resumed = False
    while True:
        try:
            for event in node.follow_events(since):
                if resumed and event in told:
                    continue
                told.append(event)
                latest = event["time"]
                yield event
        except UserError as error:
            if error.code != "interrupted":
                raise
        since, resumed = max(0.0, time.time() - latest) + OVERLAP_SECONDS, True


def _print(event: dict[str, Any]) -> None:
    if choices().wants_json:
        click.echo(json.dumps(event, ensure_ascii=False))
    else:
        from habactors.console import tables

        print_rich(tables.event(event))
