"""What does a package say of itself? package.toml, read strictly."""

import os
import pwd
import signal
import tomllib
from collections.abc import Iterator, Mapping
from grp import getgrgid, getgrnam
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import msgspec
from msgspec import Meta

from habactors.config.values import Reader, nearest
from habactors.errors import ConfigError
from habactors.protocol.files import Package
from habactors.roles.layers import Unreadable, parse, pick

MANIFEST = "package.toml"
DEFAULTS = "default.toml"
MANIFEST_BYTES_MAX = 65_536
DEFAULTS_BYTES_MAX = 1_048_576

Word = Annotated[
    str,
    Meta(
        pattern=r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}",
        description="at most 64 letters, digits, dashes and underscores",
    ),
]
Version = Annotated[
    str,
    Meta(
        pattern=r"([A-Za-z0-9][A-Za-z0-9._+~-]{0,55})?",
        description="at most 56 letters, digits, dots, dashes, underscores, + and ~",
    ),
]
Timeout = Annotated[float, Meta(ge=0, le=86_400)]


class Shutdown(msgspec.Struct, frozen=True):
    """How the service is asked to end, and how long it may take before it is killed."""

    signal: str = "TERM"
    timeout_seconds: Timeout = 8.0


class Manifest(msgspec.Struct, frozen=True):
    """All of package.toml. `run` is a command line, needed only where hooks/run is missing.

    `exports` maps names to dotted paths in default.toml; `exposes` names those of them that are
    ports. A bind's list names what the service that is bound to must export.
    """

    origin: Word
    name: Word
    version: Version = ""
    release: Version = ""
    run: str = ""
    user: str = ""
    group: str = ""
    exposes: tuple[str, ...] = ()
    exports: dict[str, str] = {}
    binds: dict[str, tuple[str, ...]] = {}
    binds_optional: dict[str, tuple[str, ...]] = {}
    shutdown: Shutdown = Shutdown()

    def __post_init__(self) -> None:
        if self.release and not self.version:
            raise ConfigError("release needs a version", 'write version = "..."')


class _ManifestReader(Reader):
    """Reads tables of any keys, too."""

    def value(self, kind: Any, raw: object) -> object:
        if get_origin(kind) is not dict:
            return super().value(kind, raw)
        if not isinstance(raw, dict):
            raise ConfigError("must be a table")
        table = {}
        for name, item in raw.items():
            try:
                table[self.value(Word, name)] = self.value(get_args(kind)[1], item)
            except ConfigError as error:
                raise error.inside(f"{name}:") from None
        return table


def read_manifest(folder: Path) -> Manifest:
    """What the folder's package.toml says; raises ConfigError."""
    path = folder / MANIFEST
    try:
        document = tomllib.loads(read_bytes(path, MANIFEST_BYTES_MAX).decode())
        manifest = _ManifestReader(folder, 0).struct(Manifest, document)
    except ConfigError as error:
        raise error.inside(f"{path}:") from None
    except UnicodeDecodeError as error:
        problem = f"{path}: byte {error.start} is not UTF-8"
        raise ConfigError(problem, "save it as UTF-8 text") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: {error}", "correct the TOML") from None
    assert isinstance(manifest, Manifest), "a reader makes what it was asked for"
    return manifest


def describe(manifest: Manifest, folder: Path, hooks: tuple[str, ...]) -> Package:
    """The whole package, with its default configuration; raises ConfigError."""
    defaults = _read_defaults(folder / DEFAULTS)
    try:
        _check_exports(manifest, defaults)
        return Package(
            path=str(folder),
            origin=manifest.origin,
            name=manifest.name,
            version=manifest.version,
            release=manifest.release,
            run=manifest.run,
            user=manifest.user,
            group=_group(manifest.user, manifest.group),
            exports=manifest.exports,
            exposes=manifest.exposes,
            shutdown_signal=_signal(manifest.shutdown.signal),
            shutdown_timeout_seconds=manifest.shutdown.timeout_seconds,
            defaults=defaults,
            hooks=hooks,
        )
    except ConfigError as error:
        raise error.inside(f"{folder / MANIFEST}:") from None


def read_bytes(path: Path, bytes_max: int) -> bytes:
    """A file of a package; raises ConfigError when it cannot be read or is too long."""
    try:
        with path.open("rb") as file:
            body = file.read(bytes_max + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror})") from None
    if len(body) > bytes_max:
        raise ConfigError(f"{path} is longer than {bytes_max} bytes", "make it shorter")
    return body


def _read_defaults(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return parse(read_bytes(path, DEFAULTS_BYTES_MAX))
    except (Unreadable, ValueError) as error:
        raise ConfigError(f"{path}: {error}", "correct the TOML") from None


def _check_exports(manifest: Manifest, defaults: Mapping[str, Any]) -> None:
    for name, dotted in manifest.exports.items():
        if pick(dict(defaults), dotted) is None:
            close = nearest(dotted, _dotted_paths(defaults))
            hint = f"did you mean {close}?" if close else f"give {dotted} a value there"
            raise ConfigError(f"[exports] {name}: {DEFAULTS} has no {dotted}", hint)
    for name in manifest.exposes:
        if name not in manifest.exports:
            close = nearest(name, manifest.exports)
            hint = f"did you mean {close}?" if close else f"add {name} to [exports]"
            raise ConfigError(f"exposes {name}, which is no export", hint)


def _dotted_paths(table: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for key, value in table.items():
        yield above + key
        if isinstance(value, dict):
            yield from _dotted_paths(value, f"{above}{key}.")


def _signal(written: str) -> str:
    """The signal's name without SIG, as kill(1) takes it."""
    name = written.removeprefix("SIG")
    names = [one.name.removeprefix("SIG") for one in signal.Signals]
    if name not in names:
        close = nearest(name.upper(), names)
        hint = f"did you mean {close}?" if close else "use a name such as TERM, INT or QUIT"
        raise ConfigError(f"[shutdown] signal: {written} is no signal", hint)
    return name


def _group(user: str, group: str) -> str:
    """The group that the service runs as: the package's, or else the user's own."""
    if user:
        try:
            account = pwd.getpwnam(user)
            group = group or getgrgid(account.pw_gid).gr_name
        except KeyError:
            hint = f"create it (useradd --system {user}), or leave user out"
            raise ConfigError(f"user {user} is not known on this host", hint) from None
        _check_right("user", user, is_mine=account.pw_uid == os.geteuid())
    if group:
        try:
            number = getgrnam(group).gr_gid
        except KeyError:
            hint = f"create it (groupadd --system {group}), or leave group out"
            raise ConfigError(f"group {group} is not known on this host", hint) from None
        _check_right("group", group, is_mine=number == os.getegid())
    return group


def _check_right(what: str, name: str, *, is_mine: bool) -> None:
    if os.geteuid() != 0 and not is_mine:
        hint = f"run the node as root, or leave {what} out"
        raise ConfigError(f"{what} {name} is not the one that this node runs as", hint)
