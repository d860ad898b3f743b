"""Where are packages read, templates rendered and logs written? The hands of the services actor.

What goes wrong here is told to the role in words; nothing that a package, a disk or a service
does may end the actor.
"""

import logging
import os
from pathlib import Path

from habactors.config import Config
from habactors.errors import UserError
from habactors.node.hands import Desk, Hands
from habactors.node.outputs import Outputs
from habactors.node.packages import Kit, Packages
from habactors.node.rendering import render
from habactors.protocol.files import (
    Collect,
    Collected,
    Fetch,
    Fetched,
    Listen,
    Proclaim,
    Render,
    Rendered,
    Unlisten,
)

log = logging.getLogger(__name__)

EXAMPLES = tuple(
    folder for folder in (Path(__file__).parents[2] / "conf" / "packages",) if folder.is_dir()
)
"""The packages of a checkout, found after all others: `svc load hello` works in any node of it."""

PIPE_BYTES = 1_048_576
OUTPUT_BYTES_MAX = 65_536
SVC = "svc"
"""The folder below the data_dir that holds a folder for each service."""


class Workshop(Hands):
    """Renders packages as they were when last fetched: edited templates count from then on."""

    def __init__(self, config: Config) -> None:
        self._packages = Packages((*config.services.packages, *EXAMPLES))
        self._svc = config.node.data_dir / SVC
        self._outputs = Outputs(self._svc)
        self._kits: dict[str, Kit] = {}
        self._desk: Desk | None = None

    def open(self, desk: Desk) -> None:
        self._desk = desk
        self._outputs.open(desk)

    def do(self, message: object) -> None:
        assert self._desk, "works before it is open"
        match message:
            case Fetch():
                self._desk.hear(self._fetch(message))
            case Render():
                self._desk.hear(self._render(message))
            case Collect(service, hook):
                text = self._collect(self._svc / service / "hooks" / f"{hook}.out")
                self._desk.hear(Collected(service, hook, text))
            case Proclaim(service, text):
                self._proclaim(service, text)
            case Listen(service):
                self._outputs.listen(service)
            case Unlisten(service):
                self._outputs.unlisten(service)
            case _:
                raise AssertionError(f"the workshop does no {type(message).__name__}")

    def close(self) -> None:
        self._outputs.close()

    def _collect(self, pipe: Path) -> str:
        """All that is in a hook's pipe, which root keeps open; the last of it counts."""
        try:
            descriptor = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return ""
        try:
            written = os.read(descriptor, PIPE_BYTES)
        except OSError:
            return ""
        finally:
            os.close(descriptor)
        return written[-OUTPUT_BYTES_MAX:].decode(errors="replace")

    def _proclaim(self, service: str, text: bytes) -> None:
        """All or nothing: the service may read it at any moment.

        The folder is the service's own, which may have put a link to another file there.
        """
        path = self._svc / service / "var" / "leadership.json"
        fresh = path.with_name(f".{path.name}.new")
        try:
            fresh.unlink(missing_ok=True)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            with os.fdopen(descriptor, "wb") as file:
                file.write(text)
            fresh.replace(path)
        except OSError as error:
            log.warning("%s cannot be written (%s)", path, error.strerror)

    def _fetch(self, order: Fetch) -> Fetched:
        try:
            kit = self._packages.fetch(order.package)
        except UserError as error:
            return Fetched(order.ticket, None, error.code, error.message, error.hint)
        self._kits[kit.package.path] = kit
        return Fetched(order.ticket, kit.package)

    def _render(self, order: Render) -> Rendered:
        kit = self._kits.get(order.package.path)
        if kit is None:
            return Rendered(order.service, "", "", error=f"{order.package.path} was never fetched")
        return render(order.service, kit, order.context)
