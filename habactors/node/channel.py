"""How do root and an actor talk?

Over a pair of sockets that keeps message boundaries. Root opens no ZeroMQ context, because it
forks; and the end of the pair tells each side at once that the other is gone, however it ended.
"""

import socket
from collections.abc import Iterator

from habactors.protocol.letters import AnyLetter, read, write

LETTER_BYTES_MAX = 1_048_576
"""What a letter may have at most; where the kernel allows a user smaller buffers, those count.

Linux lets everybody have 425,952 bytes unless net.core.wmem_max was changed; the longest letter
between root and an actor, a `Spawn`, has a few thousand.
"""


class Channel:
    """One end.

    Letters that the other end cannot take any more are dropped, as if it had died a moment
    earlier.
    """

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        end.setblocking(False)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LETTER_BYTES_MAX)

    @staticmethod
    def pair() -> "tuple[Channel, Channel]":
        one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return Channel(one), Channel(other)

    def fileno(self) -> int:
        return self._end.fileno()

    def send(self, letter: AnyLetter) -> bool:
        """Whether the letter went out."""
        written = write(letter)
        if len(written) > LETTER_BYTES_MAX:
            return False
        try:
            self._end.send(written)
        except OSError:
            return False
        return True

    def receive(self) -> Iterator[AnyLetter | None]:
        """The letters that have come; a last None when the other end is gone."""
        while True:
            try:
                written = self._end.recv(LETTER_BYTES_MAX)
            except BlockingIOError:
                return
            except ConnectionResetError:
                continue  # it died with letters unread, but what it wrote before is still here
            except OSError:
                written = b""
            if not written:
                yield None
                return
            yield read(written)

    def close(self) -> None:
        self._end.close()

    def hang_up(self) -> None:
        """Tell the other end that this is the end, but go on reading."""
        try:
            self._end.shutdown(socket.SHUT_WR)
        except OSError:
            return
