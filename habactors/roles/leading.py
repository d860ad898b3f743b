"""What does leadership ask of a service?

Of leader topology, a service waits for a leader before it starts, runs under a role, and may lead
no longer than the lease says: it is stopped in time even if nobody tells it, for whoever should
tell may be dead.
"""

import msgspec

from habactors.protocol.files import Proclaim
from habactors.protocol.health import REACHABLE, Health
from habactors.protocol.leadership import Demoted, Leadership, Stand, Withdrawn
from habactors.protocol.views import GroupView
from habactors.roles.role import Role

TOPOLOGY = "leader"
LEAD = "lead/"
MARGIN_SECONDS = 0.8
"""How long before the end of its lease a leader's process is told to end."""
KILL_SECONDS = 0.5
"""How long it then has."""
GRACE_SECONDS = 0.3
"""How long a restarted services actor believes what it last knew."""


class Leading:
    """The leadership of one service. `term` is that under which its process leads, 0 for none."""

    def __init__(self, role: Role, name: str, folder: str) -> None:
        self.known: Leadership | None = None
        self.term = 0
        self.blocked = ""
        self._role = role
        self._name = name
        self._folder = folder
        self._until = 0.0
        self._stood: Stand | Withdrawn | None = None
        self._proclaimed = b""
        self._lost = False

    def remember(self, term: int, now: float) -> None:
        """What a former life of the services actor knew."""
        self.term = term
        self._until = now + GRACE_SECONDS + MARGIN_SECONDS

    def hear(self, news: Leadership) -> None:
        """How this node stands now; that nobody leads changes nothing for those who follow."""
        self.blocked = news.why or "an election is under way"
        if news.leader:
            self.known = news
        if news.role == "leader":
            self._until, self._lost = news.lease_until, False
        elif self.term:
            self._lost = True
        elif not news.leader:
            self._decline()

    def expire(self, now: float) -> None:
        """A lease that runs out before any process leads under it is none."""
        if not self.term and now >= self._until - MARGIN_SECONDS:
            self._decline()

    def _decline(self) -> None:
        """This node was to lead, and no process of it ever did."""
        if self.known and self.role == "leader":
            self._role.say(Demoted(self._name, self.known.term))
            self.known = None

    @property
    def role(self) -> str:
        """What the service is in its group: leader, follower, or nothing yet."""
        return self.known.role if self.known else ""

    def has_leader_among(self, group: GroupView) -> bool:
        """Whether templates can show who leads.

        Without that they would tell every follower of a leader that is gone to follow nobody.
        """
        leader = self.known.leader if self.known else ""
        return any(
            view.member_id == leader and Health(view.health) in REACHABLE for view in group.members
        )

    def stand(
        self, *, wanted: bool, fit: str, suitability: int = 0, measured_at: float | None = None
    ) -> None:
        """Let the election know whether the service could lead; `fit` says why not."""
        stand: Stand | Withdrawn = Withdrawn(self._name)
        if wanted:
            stand = Stand(self._name, not fit, suitability, fit, measured_at)
        if stand != self._stood:
            self._stood = stand
            self._role.say(stand)

    def stand_again(self) -> None:
        """The election begins anew."""
        self._stood = None

    def lead(self) -> None:
        """The process is about to lead: that is kept before it does."""
        if self.known and self.role == "leader" and self.term != self.known.term:
            self.term = self.known.term
            self._role.keep(LEAD + self._name, str(self.term).encode(), durable=True)

    def end_of_reign(self, now: float) -> float | None:
        """When the process must begin to stop unless the lease is renewed.

        None for one that does not lead; now, when leadership is lost already.
        """
        if not self.term:
            return None
        return now if self._lost else self._until - MARGIN_SECONDS

    def seconds_to_stop(self, now: float) -> float:
        """How long a process that leads no more may take to end."""
        return max(KILL_SECONDS, self._until - now - KILL_SECONDS)

    def demote(self) -> None:
        """The process has ended: it leads no more."""
        if self.term:
            self._role.say(Demoted(self._name, self.term))
            self._role.keep(LEAD + self._name, None)
            self.term, self._lost = 0, False
            if self.known and self.known.role == "leader":
                self.known = None

    def proclaim(self) -> None:
        """Let the service read who leads."""
        if self.known is None:
            return
        told = {"term": self.known.term, "leader": self.known.leader, "role": self.role}
        text = msgspec.json.encode(told)
        if text != self._proclaimed:
            self._proclaimed = text
            self._role.say(Proclaim(self._folder, text))
