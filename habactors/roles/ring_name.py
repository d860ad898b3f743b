"""Which ring does this node belong to?

A ring gets a random id from the first node that starts without anybody to greet. The others take
it over from whoever lets them in, and keep it; from then on nodes of another ring, which may live
at an address that once was ours, are not listened to. Rings that have just formed, and those whose
operators name each other's members as peers, become one: the lower id stays.
"""

from random import Random

from habactors.protocol.transport import RingIs, RingMet
from habactors.roles.role import Role

RECORD = "ring"
ID_BITS = 64
YOUNG_SECONDS = 60.0
FOUNDING_SECONDS = 5.0
REPORT_SECONDS = 60.0
STRANGERS_MAX = 1_000


class RingName:
    """The ring id of one node, empty while it is in none."""

    def __init__(self, role: Role, rng: Random) -> None:
        self.id = ""
        self._role = role
        self._rng = rng
        self._since = 0.0
        self._met: dict[str, float] = {}
        self._left: dict[str, None] = {}

    def restore(self, kept: dict[str, bytes], now: float, *, founder: bool) -> None:
        """Take up the id of the life before; a founder that never had one makes one up."""
        written = kept.get(RECORD, b"").decode(errors="replace").split()
        if len(written) == 2 and _is_id(written[0]) and written[1].isdigit():
            self.id, self._since = written[0], float(written[1])
        elif founder:
            self.found(now)
        self.tell()

    def tell(self) -> None:
        """Let the wire know."""
        self._role.say(RingIs(self.id))

    def found(self, now: float) -> None:
        """Begin a ring. Who joins one later is not as young as those who still agree on its id."""
        self._since = now
        self._adopt(f"{self._rng.getrandbits(ID_BITS):016x}")

    def meet(
        self, met: RingMet, now: float, *, alone: bool, named: bool, known: bool = False
    ) -> bool:
        """Hear of another ring: whether the two become one, so that it is worth answering.

        `alone`: this node knows no other member. `named`: the other one is a configured peer.
        `known`: it is a member of our ring, which has become one with another where it is. Two who
        are alone would exchange their ids for ever, if one did not stay with the lower one.
        """
        if not _is_id(met.ring):
            return False
        if not self.id:
            self._adopt(met.ring)
            return True
        young = now - self._since < YOUNG_SECONDS
        if not (young or known or (met.knocked and named) or (alone and (met.knocked or named))):
            self._report(met, now)
            return False
        if met.ring < self.id or (alone and met.ring not in self._left):
            self._adopt(met.ring)
        return True

    def _adopt(self, ring: str) -> None:
        if len(self._left) >= STRANGERS_MAX:
            self._left.clear()
        self._left[self.id] = None
        self.id = ring
        self._role.keep(RECORD, f"{ring} {int(self._since)}".encode(), durable=True)
        self.tell()

    def _report(self, met: RingMet, now: float) -> None:
        """Say so, but not again and again."""
        address = met.peer.address
        if now - self._met.get(address, float("-inf")) < REPORT_SECONDS:
            return
        if len(self._met) >= STRANGERS_MAX:
            self._met.clear()
        self._met[address] = now
        why = (
            f"the node at {address} belongs to ring {met.ring}, this one to {self.id}: they stay "
            "apart; to join them, empty the data_dir of the nodes of one of them"
        )
        self._role.report(now, "node", met.peer.id, address, "", "foreign", why)


def _is_id(text: str) -> bool:
    return len(text) == ID_BITS // 4 and all(character in "0123456789abcdef" for character in text)
