"""Which configuration has a service group, and which shall it have?"""

import sys
from pathlib import Path

import click

from habactors.console.options import choices, common, example
from habactors.console.show import show, show_outcome
from habactors.errors import UserError

STDIN = "-"


@click.group(epilog=example("habactors config apply redis.prod auto redis.toml"))
@common
def config() -> None:
    """Configure service groups across the ring."""


@config.command(
    epilog=example(
        "habactors config apply redis.prod 3 redis.toml",
        "echo 'port = 2112' | habactors config apply redis.prod auto",
    )
)
@click.argument("group")
@click.argument("version")
@click.argument("file", default=STDIN)
@common
def apply(group: str, version: str, file: str) -> None:
    """Give GROUP (service.group) the TOML in FILE, or from standard input.

    VERSION must be higher than the one that stands; "auto" takes the next one.
    """
    if version != "auto" and not (version.isascii() and version.isdigit()):
        raise UserError("usage", f"{version!r} is no version", "give a whole number, or auto")
    number = version if version == "auto" else int(version)
    with choices().connect() as node:
        show_outcome(node.config_apply(group, number, _text(file), choices().timeout))


def _text(file: str) -> str:
    try:
        written = sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
        return written.decode()
    except UnicodeDecodeError as error:
        reason = f"byte {error.start} of {file} is not UTF-8"
        raise UserError("usage", reason, "save it as UTF-8 text") from None
    except OSError as error:
        reason = f"{file} cannot be read ({error.strerror})"
        raise UserError("usage", reason, "name a file, or - for standard input") from None


@config.command(epilog=example("habactors config show redis.prod"))
@click.argument("group")
@common
def show_command(group: str) -> None:
    """Show the configuration that the ring gives GROUP (service.group)."""
    from habactors.console import tables

    with choices().connect() as node:
        found = node.call("config.show", group=group, timeout=choices().timeout)
    show(found, tables.config)


show_command.name = "show"
