"""What is the address behind a host name?

ZeroMQ would ask in the thread that serves all links, and one name server that does not answer
would hold up every one of them. So names are looked up in threads of their own, and a host whose
answer takes longer than a moment is not reachable until it is there.
"""

import socket
import threading
from collections.abc import Callable
from ipaddress import ip_address
from typing import NamedTuple

FRESH_SECONDS = 10.0
RETRY_SECONDS = 1.0
MOMENT_SECONDS = 0.02
NAMES_MAX = 1_000
LOOKUPS_MAX = 4
"""How many names are looked up at the same time."""


class Answer(NamedTuple):
    """An address, empty if there is none, and until when it serves without asking again."""

    address: str = ""
    until: float = 0.0


class Names:
    """Addresses of names; `now` is the time in seconds, `look_up` may block and raise OSError."""

    def __init__(
        self, now: Callable[[], float], look_up: Callable[[str], str] | None = None
    ) -> None:
        self._now = now
        self._look_up = look_up or _look_up
        self._answers: dict[str, Answer] = {}
        self._asking: dict[str, threading.Thread] = {}

    def address(self, host: str) -> str | None:
        """The numeric address of a host; None while it is not known.

        An old answer serves until there is a new one.
        """
        try:
            return str(ip_address(host))
        except ValueError:
            pass
        answer = self._answers.get(host, Answer())
        if answer.until <= self._now() and self._ask(host):
            answer = self._answers.get(host, Answer())
        return answer.address or None

    def _ask(self, host: str) -> bool:
        """Whether there is an answer at once."""
        self._asking = {name: asked for name, asked in self._asking.items() if asked.is_alive()}
        if host in self._asking or len(self._asking) >= LOOKUPS_MAX:
            return False
        if len(self._answers) >= NAMES_MAX:
            self._answers.clear()
        asked = threading.Thread(target=self._answer, args=(host,), name="names", daemon=True)
        self._asking[host] = asked
        asked.start()
        asked.join(MOMENT_SECONDS)
        return not asked.is_alive()

    def _answer(self, host: str) -> None:
        try:
            address, seconds = self._look_up(host), FRESH_SECONDS
        except (OSError, UnicodeError):
            address, seconds = self._answers.get(host, Answer()).address, RETRY_SECONDS
        self._answers[host] = Answer(address, self._now() + seconds)


def _look_up(name: str) -> str:
    """The first address; raises OSError when there is none."""
    return str(socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)[0][4][0])
