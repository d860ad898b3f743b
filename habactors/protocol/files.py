"""What does the services role ask of the disk, and what does the disk answer?

These never leave the actor's process: the body of the services actor does them, one after the
other.
"""

from typing import Any

import msgspec


class Package(msgspec.Struct, frozen=True):
    """A package folder, read.

    `exports` maps names to dotted paths in the configuration; `hooks` are the names of its hooks.
    """

    path: str
    origin: str
    name: str
    version: str
    release: str
    run: str = ""
    user: str = ""
    group: str = ""
    exports: dict[str, str] = {}
    exposes: tuple[str, ...] = ()
    shutdown_signal: str = "TERM"
    shutdown_timeout_seconds: float = 8.0
    defaults: dict[str, Any] = {}
    hooks: tuple[str, ...] = ()

    @property
    def ident(self) -> str:
        """origin/name/version/release, without the parts that the package does not state."""
        return "/".join(
            part for part in (self.origin, self.name, self.version, self.release) if part
        )


class Fetch(msgspec.Struct, frozen=True):
    """Find and read a package, and compile its templates. `package` is a folder or an ident."""

    ticket: str
    package: str


class Fetched(msgspec.Struct, frozen=True):
    """The package, or in words why there is none; `code` is a word of the contract."""

    ticket: str
    package: Package | None
    code: str = ""
    message: str = ""
    hint: str = ""


class Render(msgspec.Struct, frozen=True):
    """Render a service's templates into its folder; the context holds the data roots."""

    service: str
    package: Package
    context: dict[str, Any]


class Rendered(msgspec.Struct, frozen=True):
    """Rendered and written: a fingerprint of all config files and one of the run hook.

    Or the `error`, and nothing was written.
    """

    service: str
    config_print: str
    run_print: str
    changed: tuple[str, ...] = ()
    error: str = ""


class Proclaim(msgspec.Struct, frozen=True):
    """Write into the service's var/leadership.json who leads; `text` is a JSON object."""

    service: str
    text: bytes


class Collect(msgspec.Struct, frozen=True):
    """Read what a hook of a service wrote."""

    service: str
    hook: str


class Collected(msgspec.Struct, frozen=True):
    """The last of what the hook wrote; `service` is its folder."""

    service: str
    hook: str
    text: str


class Listen(msgspec.Struct, frozen=True):
    """Move what the service writes into its log from now on."""

    service: str


class Unlisten(msgspec.Struct, frozen=True):
    """The service is unloaded: take in what is left of its output and close it."""

    service: str
