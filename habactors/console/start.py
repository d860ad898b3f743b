"""How is a node started?"""

import sys
from pathlib import Path
from typing import Literal

import click

from habactors.config import Config
from habactors.console.options import choices, common, example
from habactors.errors import UserError

LOG = "log"
STOP_SECONDS = 30.0


@click.command(
    epilog=example(
        "habactors start -c conf/node.toml",
        "habactors start -c bob.toml --peer 127.0.0.1 --daemon",
    )
)
@click.option(
    "--peer", "peers", multiple=True, metavar="HOST[:PORT]", help="A member of the ring to join."
)
@click.option(
    "-I",
    "--permanent-peer",
    "permanent",
    is_flag=True,
    help="Have this node probed for ever, even when it seems dead.",
)
@click.option(
    "--processes",
    type=click.Choice(["separate", "one"]),
    help="One process for each actor, or one for all of them.",
)
@click.option("--watch", is_flag=True, help="Show the dashboard; the log goes to DATA_DIR/log.")
@click.option("--daemon", is_flag=True, help="Return when the node is ready; log to DATA_DIR/log.")
@common
def start(
    peers: tuple[str, ...],
    processes: Literal["separate", "one"] | None,
    *,
    permanent: bool,
    watch: bool,
    daemon: bool,
) -> int:
    """Run a node in the foreground, until Ctrl-C or `habactors stop`."""
    if watch and not (sys.stdout.isatty() and sys.stdin.isatty()):
        raise UserError("usage", "--watch needs a terminal", "leave it away, or use --daemon")
    config = choices().config(peers=peers, permanent=permanent, processes=processes)
    log = config.node.data_dir / LOG
    if daemon:
        return _daemon(config, log)
    if watch:
        return _watch(config, log)
    from habactors.node.start import run

    return run(config)


def _daemon(config: Config, log: Path) -> int:
    from habactors.console.launch import Launched

    node = Launched(config, log, bound=False)
    node.wait_until_ready()
    name, run_dir = config.node.name, config.node.run_dir
    click.echo(f"{name} runs as pid {node.pid}, run_dir {run_dir}, log {log}")
    return 0


def _watch(config: Config, log: Path) -> int:
    from habactors.console.launch import Launched, signals_as_exit
    from habactors.console.watch import watch_node

    with signals_as_exit():
        node = Launched(config, log, bound=True)
        try:
            node.wait_until_ready()
            watch_node(config.node.run_dir, node.is_running)
            node.check()
        finally:
            click.echo(f"{config.node.name} is stopping")
            node.stop(STOP_SECONDS)
    return 0
