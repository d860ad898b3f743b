"""Who is well, who is down, and since when? The truth that no member can know."""

from collections.abc import Iterable, Iterator

from habactors.simulator.host import Host
from habactors.simulator.ring import Ring


class Wellness:
    """Looks at the hosts of a ring from time to time.

    Well is a host whose node runs, none of it standing still, and which can talk to more than half
    of those of which that is true, itself counted.
    """

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._well: dict[str, float] = {}
        self._down: dict[str, float] = {}

    def look(self) -> None:
        """Note who is well and who is down at this moment."""
        now = self._ring.agenda.now
        running = [host for host in self._ring.up if host.is_whole]
        down = (host for host in self._ring.hosts.values() if not host.up)
        self._well = _since(self._well, self._majority(running), now)
        self._down = _since(self._down, down, now)

    def well(self, seconds: float) -> list[Host]:
        """Those that have been well for so long."""
        return self._for(self._well, seconds)

    def down(self, seconds: float) -> list[Host]:
        """Those that have been down for so long."""
        return self._for(self._down, seconds)

    def _for(self, times: dict[str, float], seconds: float) -> list[Host]:
        latest = self._ring.agenda.now - seconds
        return [self._ring.hosts[name] for name, time in times.items() if time <= latest]

    def _majority(self, running: list[Host]) -> Iterator[Host]:
        conditions = self._ring.network.conditions
        if conditions.are_fair:
            yield from running
            return
        for host in running:
            reached = sum(
                conditions.is_good(host.me.address, other.me.address) for other in running
            )
            if 2 * reached > len(running):
                yield host


def _since(before: dict[str, float], hosts: Iterable[Host], now: float) -> dict[str, float]:
    """Since when the hosts have been what they are: not for longer than their nodes have."""
    return {host.name: max(host.since, before.get(host.name, now)) for host in hosts}
