"""What does the disseminator keep, and under which keys?"""

import msgspec

from habactors.protocol.limits import WHOLE_MAX
from habactors.protocol.news import Known
from habactors.protocol.rumors import Key
from habactors.protocol.table import key_hash
from habactors.roles.role import Role

INCARNATION = "incarnation"
RUMOR = "rumor/"

_decoder = msgspec.msgpack.Decoder(Known)


class Shelf:
    """The rumors of a role as records that survive it.

    One that no longer decodes is passed over: the ring will tell it again.
    """

    def __init__(self, role: Role) -> None:
        self._role = role

    def put(self, known: Known, *, durable: bool) -> None:
        self._role.keep(_record(known.rumor.key), msgspec.msgpack.encode(known), durable=durable)

    def remove(self, key: Key) -> None:
        self._role.keep(_record(key), None)

    def restore(self, kept: dict[str, bytes]) -> tuple[int, list[Known]]:
        """The incarnation (0 when lost) and the rumors of the life before."""
        known = []
        for name, value in kept.items():
            if name.startswith(RUMOR):
                try:
                    known.append(_decoder.decode(value))
                except (msgspec.DecodeError, UnicodeDecodeError):
                    continue
        return _count(kept.get(INCARNATION, b"")), known


def _count(written: bytes) -> int:
    if not written.isdigit() or len(written) > len(str(WHOLE_MAX)):
        return 0
    count = int(written)
    return count if count <= WHOLE_MAX else 0


def _record(key: Key) -> str:
    return f"{RUMOR}{key_hash(key):016x}"
