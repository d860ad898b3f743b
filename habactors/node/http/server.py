"""How does the sidecar speak HTTP?

A thread beside the actor's own answers from what the role shows. There is no web framework in it:
with starlette, uvicorn, prometheus-client and the asyncio under them a node has 9 MB more PSS.
"""

import contextlib
import logging
import socket
from pathlib import Path
from threading import Thread

from habactors.config import Address
from habactors.errors import UserError
from habactors.node.body import Berth
from habactors.node.hands import Desk, Hands
from habactors.node.http.listener import Listener
from habactors.node.mailbox import Delivery, Mailbox, Ready
from habactors.roles.role import Role
from habactors.roles.sidecar import Sidecar

BACKLOG = 128
TOKEN_CHARACTERS_MAX = 4096
END_SECONDS = 1.0

log = logging.getLogger(__name__)


class HttpServer(Hands):
    """The hands of the sidecar."""

    def __init__(self, berth: Berth, role: Role) -> None:
        assert isinstance(role, Sidecar), "only the sidecar serves HTTP"
        self._berth = berth
        self._role = role
        self._listener: Listener | None = None
        self._thread = Thread(target=lambda: None)

    def open(self, desk: Desk) -> None:
        """Bind the port and serve.

        Raises:
            UserError: the port, the token file or a TLS file is not as it should be.
        """
        settings = self._berth.config.sidecar
        assert settings.listen, "a sidecar without an address is not started"
        try:
            token = read_token(settings.token_file) if settings.token_file else ""
            door = _bind(settings.listen)
            with contextlib.ExitStack() as until_prepared:
                until_prepared.enter_context(door)
                self._listener = self._prepare(token, desk)
                until_prepared.pop_all()
        except UserError as error:
            log.error("%s", error)  # noqa: TRY400
            raise
        self._thread = Thread(
            target=_run, args=(self._listener, door, desk.mailbox), name="http", daemon=True
        )
        self._thread.start()

    def _prepare(self, token: str, desk: Desk) -> Listener:
        settings = self._berth.config.sidecar
        try:
            return Listener(self._role, settings, token, desk.counters, desk.now)
        except OSError as error:
            raise UserError(
                "bad-config",
                f"the TLS files of [sidecar] cannot be used ({_reason(error)})",
                "see that tls_certificate, tls_key and tls_client_ca are PEM files of one set",
            ) from error

    def close(self) -> None:
        if self._listener:
            self._listener.stop()
        if self._thread.is_alive():
            self._thread.join(END_SECONDS)


def _run(listener: Listener, door: socket.socket, mailbox: Mailbox) -> None:
    """The life of the thread; what ends it before its time ends the actor."""
    try:
        listener.run(door)
    except BaseException as error:  # noqa: BLE001
        failure = error

        def fail() -> None:
            raise failure

        mailbox.put(Delivery(Ready(fail)))


def _bind(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    door = socket.socket(family)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((address.host, address.port))
        door.listen(BACKLOG)
    except OSError as error:
        door.close()
        raise UserError(
            "port-in-use",
            f"cannot listen on {address} ({_reason(error)})",
            "set [sidecar] listen to an address that is free on this host",
        ) from error
    return door


def read_token(path: Path) -> str:
    """The secret in a token file.

    Raises:
        UserError: there is none.
    """
    try:
        token = path.read_text().strip()
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            "bad-config",
            f"token_file {path} cannot be read ({_reason(error)})",
            "write one word in it that nobody can guess",
        ) from error
    if len(token.split()) != 1 or len(token) > TOKEN_CHARACTERS_MAX:
        raise UserError("bad-config", f"token_file {path} holds no token", "write one word in it")
    if mode & 0o077:
        log.warning("token_file %s can be read by others: chmod 600 %s", path, path)
    return token


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
