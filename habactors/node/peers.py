"""Who are the configured peers just now?

The file of peers is read again when it has changed, and names are looked up anew: hosts that get
other addresses are found again.
"""

import logging
import re
from pathlib import Path

from habactors.config import Address, WireConfig
from habactors.config.defaults import WIRE_PORT
from habactors.errors import UserError
from habactors.node.hands import Desk, Hands
from habactors.node.names import Names
from habactors.protocol.hands import FindPeers, PeersFound

PEERS_MAX = 1_000
FILE_BYTES_MAX = 1_048_576

log = logging.getLogger(__name__)


class Peers(Hands):
    """The hands of the disseminator."""

    def __init__(self, settings: WireConfig) -> None:
        self._settings = settings
        self._read: tuple[int, int] | None = None
        self._filed: tuple[Address, ...] = ()

    def open(self, desk: Desk) -> None:
        self._desk = desk
        self._names = Names(desk.now)
        self.do(FindPeers())

    def do(self, message: FindPeers) -> None:
        """Tell the addresses; a name that nobody knows now is left out until the next time."""
        if not (self._settings.peers or self._settings.peers_file):
            return
        found = []
        for peer in (*self._settings.peers, *self._file()):
            host = self._names.address(peer.host)
            if host:
                found.append(str(Address(host, peer.port)))
        self._desk.hear(PeersFound(tuple(dict.fromkeys(found))))

    def _file(self) -> tuple[Address, ...]:
        path = self._settings.peers_file
        if path is None:
            return ()
        try:
            state = path.stat()
            if (state.st_mtime_ns, state.st_size) != self._read:
                self._filed = _parse(path)
                self._read = (state.st_mtime_ns, state.st_size)
        except OSError as error:
            if self._read != (0, 0):
                log.warning("peers_file %s cannot be read (%s)", path, error.strerror)
            self._read = (0, 0)
        return self._filed


def _parse(path: Path) -> tuple[Address, ...]:
    """One address a line, or several with spaces or commas between them; # begins a comment."""
    with path.open(encoding="utf-8", errors="replace") as file:
        text = file.read(FILE_BYTES_MAX)
    peers = []
    for word in re.findall(r"[^\s,]+", re.sub(r"#.*", "", text)):
        try:
            peers.append(Address.parse(word, WIRE_PORT))
        except UserError as error:
            log.warning("%s: %s", path, error)
    return tuple(peers[:PEERS_MAX])
