"""Is every member probed by every other in its turn?"""

from habactors.config import DetectorConfig
from habactors.protocol.probes import Ping
from habactors.roles.role import Outbox
from habactors.simulator.checkers.checker import Checker
from habactors.simulator.host import Host
from habactors.simulator.ring import Ring

ROUNDING_SECONDS = 1e-6


class ProbeGap(Checker):
    """Between two pings of one member by another lie at most 2(N-1)-1 periods.

    That is the bound of a round robin that is shuffled after each round (SWIM 2002, section 4.3).
    It holds while nobody joins and nothing fails, and Lifeguard does not stretch the period.
    """

    NAME = "probe gap"

    def __init__(
        self, ring: Ring, period_seconds: float = DetectorConfig().period_seconds
    ) -> None:
        super().__init__(ring)
        self._period_seconds = period_seconds
        self._last: dict[tuple[str, str], float] = {}

    def follow(self, host: Host, actor: str, out: Outbox) -> None:
        now = self.ring.agenda.now
        for _, message in out.sent:
            if isinstance(message, Ping):
                self._measure(host.me.id, message.target, now)
                self._last[host.me.id, message.target] = now

    def verdict(self) -> list[str]:
        now = self.ring.agenda.now
        for observer in self.ring.up:
            for host in self.ring.up:
                if host is not observer:
                    self._measure(observer.me.id, host.me.id, now)
        return super().verdict()

    def _measure(self, observer: str, target: str, now: float) -> None:
        bound = 2 * (len(self.ring.up) - 1) - 1
        gap = now - self._last.setdefault((observer, target), self.began)
        if gap > bound * self._period_seconds + ROUNDING_SECONDS:
            periods = gap / self._period_seconds
            self.note(f"{observer} did not ping {target} for {periods:.1f} periods, not {bound}")
