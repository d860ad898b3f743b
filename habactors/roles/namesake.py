"""Is there another node with this one's member id?

A node that was copied with its data folder outbids every word of the other one for ever. Each of
them sees the same: somebody who is not it says again and again that it is.
"""

from collections import deque

from habactors.protocol.rumors import Membership
from habactors.roles.role import Role

CLAIMS = 3
WINDOW_SECONDS = 30.0
ANSWER_SECONDS = 10.0
REPORT_SECONDS = 60.0


class Namesake:
    """The claims of others to be this member."""

    def __init__(self, role: Role) -> None:
        self._role = role
        self._claims: deque[float] = deque(maxlen=CLAIMS)
        self._answered = float("-inf")
        self._reported = float("-inf")

    def answers(self, claim: Membership, now: float) -> bool:
        """Whether a claim to be alive that is not ours is worth another word at once.

        The first ones are: they may be left over from a former life.
        """
        self._claims.append(now)
        if len(self._claims) < CLAIMS or now - self._claims[0] > WINDOW_SECONDS:
            return True
        if now - self._reported >= REPORT_SECONDS:
            self._reported = now
            self._report(claim, now)
        if now - self._answered < ANSWER_SECONDS:
            return False
        self._answered = now
        return True

    def _report(self, claim: Membership, now: float) -> None:
        me = self._role.me
        why = (
            f"{claim.name} at {claim.address} has the member id of this node: one data_dir was "
            "copied from the other; stop one of the two, empty its data_dir and start it again"
        )
        self._role.report(now, "node", me.id, me.name, "", "conflict", why)
