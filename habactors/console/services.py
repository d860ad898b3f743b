"""What runs on this node, and what shall run?"""

import json
from pathlib import Path
from typing import Any

import click

from habactors.console.options import choices, common, example
from habactors.console.show import show, show_outcome

PACKAGE_FILE = "package.toml"


@click.group(epilog=example("habactors svc load core/hello", "habactors svc status"))
@common
def svc() -> None:
    """Load, stop and look at services."""


@svc.command(
    epilog=example(
        "habactors svc load core/redis --group prod --wait up",
        "habactors svc load ./conf/packages/hello",
    )
)
@click.argument("package")
@click.option("--group", default="default", show_default=True, help="The group to serve in.")
@click.option(
    "--topology",
    type=click.Choice(["standalone", "initializer", "leader"]),
    default="standalone",
    show_default=True,
    help="How the members of the group share their work.",
)
@click.option(
    "--shutdown-timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0, max=86_400),
    help="How long it may take to stop before it is killed. Default: the package decides.",
)
@click.option("--force", is_flag=True, help="Load it anew when it is loaded already.")
@click.option("--wait", type=click.Choice(["up"]), help="Answer when the service is up.")
@common
def load(package: str, **args: Any) -> None:
    """Run PACKAGE as a service: a folder, or [origin/]name[/version[/release]]."""
    args["force"] = args["force"] or None
    _order("svc.load", package=_absolute(package), **args)


def _absolute(package: str) -> str:
    """The package's folder in full, because the node stands elsewhere; an ident stays as it is."""
    path = Path(package).expanduser()
    prefixed = package.startswith((".", "/", "~"))
    if prefixed or ("/" in package and (path / PACKAGE_FILE).exists()):
        return str(path.absolute())
    return package


@svc.command(epilog=example("habactors svc unload redis.prod"))
@click.argument("name")
@common
def unload(name: str) -> None:
    """Stop the service NAME (or NAME.GROUP) and forget it."""
    _order("svc.unload", name=name)


@svc.command(epilog=example("habactors svc start redis.prod"))
@click.argument("name")
@common
def start(name: str) -> None:
    """Start the loaded service NAME (or NAME.GROUP)."""
    _order("svc.start", name=name)


@svc.command(epilog=example("habactors svc stop redis.prod"))
@click.argument("name")
@common
def stop(name: str) -> None:
    """Stop the service NAME (or NAME.GROUP) until it is started again."""
    _order("svc.stop", name=name)


@svc.command(epilog=example("habactors svc restart redis.prod"))
@click.argument("name")
@common
def restart(name: str) -> None:
    """End the process of the service NAME (or NAME.GROUP) and start it anew."""
    _order("svc.restart", name=name)


@svc.command(epilog=example("habactors svc status", "habactors svc status redis --format json"))
@click.argument("name", required=False)
@common
def status(name: str | None) -> None:
    """Show the loaded services, or only NAME (or NAME.GROUP)."""
    from habactors.console import tables

    with choices().connect() as node:
        found = node.call("svc.status", name=name, timeout=choices().timeout)
    show(found, tables.services)


@svc.command(epilog=example("habactors svc logs redis.prod -f --lines 100"))
@click.argument("name")
@click.option("-f", "--follow", is_flag=True, help="Go on with what the service writes.")
@click.option(
    "--lines",
    type=click.IntRange(0, 10_000),
    default=50,
    show_default=True,
    help="How many of the latest lines.",
)
@common
def logs(name: str, lines: int, *, follow: bool) -> None:
    """Show what the service NAME (or NAME.GROUP) wrote; with --format json one string a line."""
    as_json = choices().format == "json"
    with choices().connect() as node:
        for line in node.follow_logs(name, lines) if follow else node.svc_logs(name, lines):
            click.echo(json.dumps(line, ensure_ascii=False) if as_json else line)


def _order(command: str, **args: Any) -> None:
    with choices().connect() as node:
        show_outcome(node.call(command, timeout=choices().timeout, **args))
