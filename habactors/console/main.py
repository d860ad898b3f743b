"""What can be typed? The command `habactors`.

Each command lives in the module that `HOMES` names, imported when it is used. Shell completion:
eval "$(_HABACTORS_COMPLETE=bash_source habactors)", with zsh_source or fish_source likewise.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from habactors import __version__
from habactors.config.values import nearest
from habactors.console.options import choices, common, example
from habactors.console.show import show_error
from habactors.errors import UserError

INTERRUPTED = 130
"""How a command ends after Ctrl-C, as in every shell."""

HOMES = {
    "start": "habactors.console.start",
    "stop": "habactors.console.stop",
    "status": "habactors.console.ring",
    "members": "habactors.console.ring",
    "census": "habactors.console.ring",
    "elections": "habactors.console.elections",
    "svc": "habactors.console.services",
    "config": "habactors.console.config",
    "events": "habactors.console.events",
    "watch": "habactors.console.watch",
    "depart": "habactors.console.depart",
    "leader": "habactors.console.elections",
    "explain": "habactors.console.explain",
    "actor": "habactors.console.actors",
    "simulate": "habactors.console.simulate",
    "wiring": "habactors.console.wiring",
    "demo": "habactors.console.demo",
}


class Commands(click.Group):
    """The commands of `HOMES`; every error is one line, and the exit code of the contract."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(HOMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in HOMES:
            return None
        command = getattr(import_module(HOMES[cmd_name]), cmd_name)
        assert isinstance(command, click.Command), f"{cmd_name} is no command"
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in HOMES and not args[0].startswith("-"):
            raise _unknown(args[0], list(HOMES))
        return super().resolve_command(ctx, args)

    def main(self, args: Sequence[str] | None = None, *more: Any, **extra: Any) -> Any:
        """Run the words as a command, and exit."""
        words = sys.argv[1:] if args is None else list(args)
        sys.exit(self._run(words, {"prog_name": "habactors", **extra, "standalone_mode": False}))

    def _run(self, words: list[str], settings: dict[str, Any]) -> int:
        """The exit code, after whatever went wrong was told in one line."""
        try:
            code = super().main(words, **settings)
        except UserError as error:
            show_error(error, words)
            return error.exit_code
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message(), err=True)
            return error.exit_code
        except click.ClickException as error:
            complaint = _complaint(error)
            show_error(complaint, words)
            return complaint.exit_code
        except (click.Abort, KeyboardInterrupt):
            return INTERRUPTED
        return code if isinstance(code, int) else 0


def _unknown(word: str, known: list[str]) -> UserError:
    close = nearest(word, known)
    hint = f"did you mean {close}?" if close else f"there are {', '.join(known)}"
    return UserError("usage", f"there is no command {word}", hint)


def _complaint(error: click.ClickException) -> UserError:
    """Click's complaint about what was typed, as one of ours."""
    context = getattr(error, "ctx", None)
    where = context.command_path if context else "habactors"
    message = " ".join(error.format_message().split()).rstrip(".")
    if message.startswith("No such command"):
        word = message.split("'")[1]
        known = context.command.list_commands(context) if context else []
        return _unknown(f"{where.partition(' ')[2]} {word}".strip(), known)
    message = message.replace("valid float range", "number").replace(
        "valid integer range", "whole number"
    )
    return UserError("usage", message[:1].lower() + message[1:], f"see {where} --help")


@click.group(
    "habactors",
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 99},
    epilog=example("habactors demo", "habactors start -c conf/node.toml", "habactors members"),
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@common
@click.pass_context
def main(context: click.Context) -> None:
    """A ring of hosts that find each other, watch each other, and run services."""
    choices(context)
