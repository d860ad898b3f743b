"""How does a command show what it found, or what went wrong?"""

import json
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import click

from habactors.console.options import choices
from habactors.errors import UserError

WIDTH_UNLIMITED = 250
"""Columns of a table that no terminal limits."""


def show(result: Any, render: Callable[[Any], Any]) -> None:
    """The result of a query: JSON for scripts, else what `render` makes of it for people."""
    if choices().wants_json:
        click.echo(json.dumps(result, indent=2, ensure_ascii=False))
    else:
        print_rich(render(result))


def show_outcome(result: dict[str, Any]) -> None:
    """What became of an order, in a sentence; as JSON only when that was asked for."""
    if choices().format == "json":
        click.echo(json.dumps(result, indent=2, ensure_ascii=False))
    else:
        click.echo(result["message"])


def print_rich(renderable: Any) -> None:
    """For a terminal as wide as it is; for a pipe as wide as needed, and without colours."""
    from rich.console import Console

    if sys.stdout.isatty():
        Console(highlight=False).print(renderable)
        return
    console = Console(highlight=False, width=WIDTH_UNLIMITED, color_system=None)
    with console.capture() as printed:
        console.print(renderable)
    for line in printed.get().splitlines():
        click.echo(line.rstrip())


def show_error(error: UserError, words: Sequence[str]) -> None:
    """One line on stderr; as JSON when the words typed ask for it, whatever else is wrong."""
    asked = "--format=json" in words or ("--format", "json") in pairwise(words)
    if asked:
        line = json.dumps({"error": error.as_dict()}, ensure_ascii=False)
    else:
        line = " ".join(str(error).split())
    click.echo(line, err=True)
