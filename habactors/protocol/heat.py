"""Which rumors are still worth telling, and in which order?

A rumor is hot until a member has told it to as many others as its budget allows. The budget grows
with the logarithm of the ring (SWIM 2002, section 4.1) and has a floor: small rings are the
dangerous ones, because there the formula gives fewest sends (a table of the share of rumors that
never arrive at 30 % loss has its peak at 16 members).
"""

from math import ceil, log

from habactors.protocol.rumors import AnyRumor, Key
from habactors.protocol.table import size

SENDS_FACTOR = 3
SENDS_FLOOR = 12


def budget(members: int) -> int:
    """How many sends one member spends on one rumor in a ring of so many members."""
    return max(SENDS_FLOOR, SENDS_FACTOR * ceil(log(members + 1)))


class Heat:
    """The hot rumors, cooled by each telling: kinds by priority, then the least told first."""

    def __init__(self) -> None:
        self._told: dict[Key, int] = {}
        self._levels: dict[tuple[int, int], dict[Key, AnyRumor]] = {}

    def __len__(self) -> int:
        return len(self._told)

    def __contains__(self, key: Key) -> bool:
        return key in self._told

    def kindle(self, rumor: AnyRumor) -> None:
        """Make a rumor hot, as if never told."""
        key = rumor.key
        self.quench(rumor)
        self._told[key] = 0
        self._levels.setdefault((rumor.PRIORITY, 0), {})[key] = rumor

    def quench(self, rumor: AnyRumor) -> None:
        """Stop telling whatever is known under the rumor's key."""
        key = rumor.key
        told = self._told.pop(key, None)
        if told is not None:
            self._remove((rumor.PRIORITY, told), key)

    def take(self, sends: int, sends_max: int, bytes_max: int, count_max: int) -> list[AnyRumor]:
        """The rumors for one message that goes to `sends` members, counted as told to them.

        They keep both limits, save that a single rumor over `bytes_max` is still told, alone.
        """
        taken: list[AnyRumor] = []
        filled = 0
        for level in sorted(self._levels):
            for rumor in self._levels[level].values():
                filled += size(rumor)
                if taken and (filled > bytes_max or len(taken) >= count_max):
                    break
                taken.append(rumor)
            else:
                continue
            break
        for rumor in taken:
            self._cool(rumor, sends, sends_max)
        return taken

    def _cool(self, rumor: AnyRumor, sends: int, sends_max: int) -> None:
        key = rumor.key
        told = self._told[key]
        self._remove((rumor.PRIORITY, told), key)
        if told + sends >= sends_max:
            del self._told[key]
            return
        self._told[key] = told + sends
        self._levels.setdefault((rumor.PRIORITY, told + sends), {})[key] = rumor

    def _remove(self, level: tuple[int, int], key: Key) -> None:
        del self._levels[level][key]
        if not self._levels[level]:
            del self._levels[level]
