"""Which node is meant, and how shall it answer? The options that all commands share.

They may stand before or after the command; the later one wins.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from msgspec.structs import replace

from habactors.client import TIMEOUT_SECONDS, Control
from habactors.config import Config, load

RUN_DIR_VARIABLE = "HABACTORS_RUN_DIR"

Function = TypeVar("Function", bound=Callable[..., Any])


class Choices:
    """What was chosen on the command line; None where nothing was."""

    def __init__(self) -> None:
        self.config_file: Path | None = None
        self.named_run_dir: Path | None = None
        self.format: str | None = None
        self.named_timeout: float | None = None

    @property
    def timeout(self) -> float:
        return TIMEOUT_SECONDS if self.named_timeout is None else self.named_timeout

    @property
    def wants_json(self) -> bool:
        """JSON unless a person reads it or asked for a table."""
        return self.format == "json" or (self.format is None and not sys.stdout.isatty())

    @property
    def run_dir(self) -> Path:
        """Where the sockets are: --run-dir, else -c, else the environment, else the default."""
        if self.named_run_dir:
            return self.named_run_dir
        if self.config_file is None and (found := os.environ.get(RUN_DIR_VARIABLE)):
            return Path(found).absolute()
        return load(self.config_file).node.run_dir

    def config(self, **options: Any) -> Config:
        """The settings of a node that is to be started."""
        config = load(self.config_file, **options)
        run_dir = self.named_run_dir
        if self.config_file is None and run_dir is None and RUN_DIR_VARIABLE in os.environ:
            run_dir = self.run_dir
        if run_dir:
            config = replace(config, node=replace(config.node, run_dir=run_dir))
        return config

    def connect(self) -> Control:
        return Control(self.run_dir)


def choices(context: click.Context | None = None) -> Choices:
    """The choices made so far."""
    found = (context or click.get_current_context()).ensure_object(Choices)
    assert isinstance(found, Choices), "somebody else's object"
    return found


def _choose(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def remember(context: click.Context, _parameter: click.Parameter, value: Any) -> None:
        if value is not None:
            setattr(choices(context), name, value)

    return remember


def _option(name: str, *declarations: str, **settings: Any) -> Callable[[Function], Function]:
    return click.option(*declarations, callback=_choose(name), expose_value=False, **settings)


_config = _option(
    "config_file",
    "-c",
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Which node: the node.toml that it was started with.",
)
_run_dir = _option(
    "named_run_dir",
    "--run-dir",
    metavar="DIR",
    type=click.Path(path_type=Path, resolve_path=True),
    help=f"Which node: the folder of its sockets.  [env var: {RUN_DIR_VARIABLE}]",
)
_format = _option(
    "format",
    "--format",
    type=click.Choice(["table", "json"]),
    help="A table for people, or JSON for scripts. Default: a table on a terminal, else JSON.",
)
_timeout = _option(
    "named_timeout",
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True, max=86_400),
    help=f"How long to wait for the answer. Default: {TIMEOUT_SECONDS:g}.",
)


def common(function: Function) -> Function:
    """All the shared options."""
    return _config(_run_dir(_format(_timeout(function))))


def example(*lines: str) -> str:
    """The end of a help page."""
    return "\b\n" + "\n".join(("Example:", *(f"  {line}" for line in lines)))
