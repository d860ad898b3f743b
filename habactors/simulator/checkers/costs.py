"""Does a member say more than it may?"""

from habactors.config import DetectorConfig
from habactors.protocol.envelope import Envelope, RingMessage, seal
from habactors.roles.role import Outbox
from habactors.simulator.checkers.checker import Checker
from habactors.simulator.host import Host
from habactors.simulator.ring import Ring


def sealed_bytes(host: Host, message: RingMessage) -> int:
    """The size of a message on the wire."""
    return len(seal(Envelope(host.me.id, host.me.address, message)))


class Bound(Checker):
    """No member spends more in a span of time than the bound."""

    UNIT = ""
    SPAN = "second"

    def __init__(self, ring: Ring, bound: float, seconds: float) -> None:
        super().__init__(ring)
        self._bound = bound
        self._seconds = seconds
        self._spans: dict[str, tuple[int, float]] = {}

    def follow(self, host: Host, actor: str, out: Outbox) -> None:
        spent = sum(self.cost(host, message) for _, message in out.sent)
        if not spent:
            return
        span = int(self.ring.agenda.elapsed / self._seconds)
        last, before = self._spans.get(host.name, (span, 0.0))
        if last != span:
            before = 0.0
        self._spans[host.name] = (span, before + spent)
        if before <= self._bound < before + spent:
            self.note(f"{host.name} sent more than {self._bound:g} {self.UNIT} in a {self.SPAN}")

    def cost(self, host: Host, message: RingMessage) -> float:
        """What one message costs."""
        raise NotImplementedError


class BytesBound(Bound):
    """No member sends more bytes in any second."""

    NAME = "bytes"
    UNIT = "bytes"

    def __init__(self, ring: Ring, bound: float) -> None:
        super().__init__(ring, bound, 1.0)

    def cost(self, host: Host, message: RingMessage) -> float:
        return sealed_bytes(host, message)


class MessagesBound(Bound):
    """No member sends more messages in any period of the failure detector."""

    NAME = "messages"
    UNIT = "messages"
    SPAN = "period"

    def __init__(
        self, ring: Ring, bound: float, period_seconds: float = DetectorConfig().period_seconds
    ) -> None:
        super().__init__(ring, bound, period_seconds)

    def cost(self, host: Host, message: RingMessage) -> float:
        return 1
