"""How does node.toml become structs? Read, fill in what depends on the host, then convert.

Every error is one line that names the file, the section, the setting and what to do.
"""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from habactors.config.address import Address
from habactors.config.defaults import WIRE_PORT, fill_in
from habactors.config.structs import Config
from habactors.config.values import Reader, nearest
from habactors.errors import ConfigError

PORTS = {"wire": WIRE_PORT, "sidecar": 9631, "control": 9632}
SECTIONS: dict[str, Any] = {field.name: field.type for field in msgspec.structs.fields(Config)}


def load(
    path: Path | None = None,
    *,
    peers: Sequence[str] = (),
    permanent: bool = False,
    processes: Literal["separate", "one"] | None = None,
) -> Config:
    """The settings of a node: those of the file (all defaults without one), then the options.

    Relative paths are relative to the file's folder, or to the working directory without a file.
    `peers` ("host" or "host:port") join those of the file; `permanent` and `processes` are the
    options --permanent-peer and --processes. Raises ConfigError.
    """
    try:
        config = _config({} if path is None else _document(path), _folder(path))
    except ConfigError as error:
        if path is None:
            raise
        raise error.inside(f"{path}:") from None
    return _with_options(config, peers, permanent, processes)


def _folder(path: Path | None) -> Path:
    return Path.cwd() if path is None else path.absolute().parent


def _document(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text := path.read_bytes().decode())
    except FileNotFoundError:
        raise ConfigError("there is no such file", "name one with -c FILE") from None
    except OSError as error:
        raise ConfigError(f"cannot be read ({error.strerror})", "name a file") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"byte {error.start} is not UTF-8", "save it as UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax(str(error), text), "correct the TOML there") from None


def _syntax(complaint: str, text: str) -> str:
    """Tomllib's "Invalid value (at end of document)", always with a line and a column."""
    what, _, where = complaint.removesuffix(")").rpartition(" (at ")
    if not re.fullmatch(r"line \d+, column \d+", where):
        lines = text.splitlines() or [""]
        where = f"line {len(lines)}, column {len(lines[-1]) + 1}"
    return f"{where}: {what[:1].lower()}{what[1:]}"


def _config(document: dict[str, Any], base: Path) -> Config:
    for name, table in document.items():
        if name not in SECTIONS:
            raise _stray(name, table)
        if not isinstance(table, dict):
            raise ConfigError(f"{name} is not a section", f"write [{name}] on a line of its own")
    fill_in(document, base)
    structs = {}
    for name, kind in SECTIONS.items():
        reader = Reader(base, PORTS.get(name, WIRE_PORT))
        try:
            structs[name] = reader.struct(kind, document.get(name, {}))
        except ConfigError as error:
            raise error.inside(f"[{name}]") from None
    return Config(**structs)


def _stray(name: str, table: object) -> ConfigError:
    """A word at the top level that is no section: a typing error, or a setting without one."""
    if isinstance(table, dict):
        close = nearest(name, SECTIONS)
        hint = f"did you mean [{close}]?" if close else f"there are {', '.join(SECTIONS)}"
        return ConfigError(f"[{name}] is not a section", hint)
    homes = [
        f"[{section}]" for section, kind in SECTIONS.items() if name in kind.__struct_fields__
    ]
    hint = f"put it under {' or '.join(homes)}" if homes else "remove it"
    return ConfigError(f"{name} stands outside any section", hint)


def _with_options(
    config: Config,
    peers: Sequence[str],
    permanent: bool,
    processes: Literal["separate", "one"] | None,
) -> Config:
    try:
        more = tuple(Address.parse(peer, WIRE_PORT) for peer in peers)
    except ConfigError as error:
        raise error.inside("--peer") from None
    wire = replace(
        config.wire,
        peers=config.wire.peers + more,
        permanent=config.wire.permanent or permanent,
    )
    root = replace(config.root, processes=processes or config.root.processes)
    return replace(config, wire=wire, root=root)
