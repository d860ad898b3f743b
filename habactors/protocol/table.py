"""What does a node hold true of the whole ring?

A table of rumors by key, with a running digest of its content: two tables with one checksum are
equal, however they came about.
"""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import islice

import msgspec

from habactors.protocol.health import Health
from habactors.protocol.limits import (
    OUTLINE_BYTES_MAX,
    OUTLINE_ENTRY_BYTES,
    RUMORS_MAX,
    TABLE_BYTES_MAX,
    TABLE_RUMORS_MAX,
)
from habactors.protocol.rumors import AnyRumor, Departure, Key, Membership

_encoder = msgspec.msgpack.Encoder()


def fingerprint(statement: msgspec.Struct) -> int:
    """64 bits that stand for the whole content of a rumor, or of a request."""
    return int.from_bytes(blake2b(_encoder.encode(statement), digest_size=8).digest(), "big")


def key_hash(key: Key) -> int:
    """64 bits that stand for a key."""
    return int.from_bytes(blake2b(_encoder.encode(key), digest_size=8).digest(), "big")


class Table:
    """Rumors by key.

    `merge` is the only way in, `drop` (for tombstones past their lifetime) the only way out.
    """

    def __init__(self) -> None:
        self.checksum = 0
        self._rumors: dict[Key, AnyRumor] = {}
        self._prints: dict[Key, int] = {}
        self._keys: dict[int, Key] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._rumors)

    def __iter__(self) -> Iterator[AnyRumor]:
        return iter(self._rumors.values())

    @property
    def is_full(self) -> bool:
        """Whether it is as large as it may get: it then takes nothing but news of what it has."""
        return len(self._rumors) >= TABLE_RUMORS_MAX or self._bytes >= TABLE_BYTES_MAX

    def get(self, key: Key) -> AnyRumor | None:
        return self._rumors.get(key)

    def membership(self, member_id: str) -> Membership | None:
        found = self._rumors.get(("membership", member_id))
        return found if isinstance(found, Membership) else None

    def departure(self, member_id: str) -> Departure | None:
        found = self._rumors.get(("departure", member_id))
        return found if isinstance(found, Departure) else None

    def health(self, member_id: str) -> Health | None:
        """The member's standing: departed outweighs all; None for a stranger."""
        if self.departure(member_id):
            return Health.DEPARTED
        member = self.membership(member_id)
        return member.health if member else None

    def merge(self, rumor: AnyRumor) -> AnyRumor | None:
        """Take in a rumor: what now stands under its key, or None when nothing changed."""
        key = rumor.key
        known = self._rumors.get(key)
        stands: AnyRumor = rumor.joined(rumor)  # type: ignore[arg-type]
        if known is not None:
            stands = stands.joined(known)  # type: ignore[arg-type]
        if stands == known:
            return None
        self._rumors[key] = stands
        self._bytes += size(stands) - (size(known) if known else 0)
        mark = fingerprint(stands)
        self.checksum ^= self._prints.get(key, 0) ^ mark
        self._prints[key] = mark
        self._keys[key_hash(key)] = key
        return stands

    def drop(self, key: Key) -> None:
        """Forget a rumor; unknown keys are no error."""
        if key in self._rumors:
            self._bytes -= size(self._rumors.pop(key))
            self._keys.pop(key_hash(key), None)
            self.checksum ^= self._prints.pop(key)

    def outline(self) -> bytes:
        """The whole table as 16-byte entries: hash of the key, fingerprint of the rumor.

        A table too large for one message is cut: the rest then counts as lacking here.
        """
        entries = islice(self._keys.items(), OUTLINE_BYTES_MAX // OUTLINE_ENTRY_BYTES)
        return b"".join(_packed(hashed) + _packed(self._prints[key]) for hashed, key in entries)

    def compare(self, outline: bytes) -> tuple[list[AnyRumor], bytes]:
        """Against another table's outline: what one lacks of the other.

        First the rumors that the other table lacks or holds otherwise, then the packed key hashes
        to ask it for.
        """
        numbers = _unpacked(outline)
        theirs = dict(zip(numbers[::2], numbers[1::2], strict=False))
        lacking = [
            self._rumors[key]
            for hashed, key in self._keys.items()
            if theirs.get(hashed) != self._prints[key]
        ]
        wanted = [
            hashed
            for hashed, mark in theirs.items()
            if hashed not in self._keys or self._prints[self._keys[hashed]] != mark
        ]
        return lacking, b"".join(map(_packed, wanted))

    def chosen(self, key_hashes: bytes) -> list[AnyRumor]:
        """The rumors behind packed 8-byte key hashes, each once; unknown ones are passed over."""
        hashes = dict.fromkeys(_unpacked(key_hashes))
        return [self._rumors[self._keys[hashed]] for hashed in hashes if hashed in self._keys]


def _packed(number: int) -> bytes:
    return number.to_bytes(8, "big")


def _unpacked(numbers: bytes) -> list[int]:
    """The 64-bit numbers in these bytes; an incomplete last one is left out."""
    return [int.from_bytes(numbers[at : at + 8], "big") for at in range(0, len(numbers) - 7, 8)]


def size(rumor: AnyRumor) -> int:
    """Bytes of a rumor in a message."""
    return len(_encoder.encode(rumor))


def by_priority(rumors: Iterable[AnyRumor]) -> list[AnyRumor]:
    """The rumors in the order in which they can be understood: members before their services."""
    return sorted(rumors, key=lambda rumor: rumor.PRIORITY)


def chunks(rumors: Iterable[AnyRumor], bytes_max: int) -> Iterator[tuple[AnyRumor, ...]]:
    """The rumors in runs of at most `bytes_max` bytes each, though never less than one rumor.

    No run is longer than one message may be.
    """
    run: list[AnyRumor] = []
    filled = 0
    for rumor in rumors:
        length = size(rumor)
        if run and (filled + length > bytes_max or len(run) >= RUMORS_MAX):
            yield tuple(run)
            run, filled = [], 0
        run.append(rumor)
        filled += length
    if run:
        yield tuple(run)
