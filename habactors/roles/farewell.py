"""How does a node leave so that nobody needs to find out by probing?

It says so to some members, again and again until they have noted it. Whatever else they had not
been told yet goes along.
"""

from typing import TYPE_CHECKING

from habactors.protocol.gossip import Rumors
from habactors.protocol.health import Health
from habactors.protocol.lifecycle import Peer
from habactors.protocol.news import Left
from habactors.protocol.rumors import Evidence, Membership

if TYPE_CHECKING:
    from habactors.roles.disseminator import Disseminator

FAREWELLS = 10


class Farewell:
    """The end of one life in the ring."""

    def __init__(self, disseminator: "Disseminator") -> None:
        self._role = disseminator
        self._awaited: dict[str, Membership] = {}
        self.begun = False

    def begin(self, now: float) -> None:
        """Say that this node leaves; it does not come back before its next start."""
        role = self._role
        self.begun = True
        evidence = (Evidence(role.me.id, int(now), refused=False, why="left"),)
        role.speak_of_myself(role.incarnation, now, Health.CONFIRMED, evidence)
        self._awaited = {member.id: member for member in role.some_members(FAREWELLS)}
        self.repeat()

    def repeat(self) -> bool:
        """Tell those who have not noted it yet; False when all have."""
        role = self._role
        own = role.own()
        hot = role.cool(len(self._awaited))
        message = Rumors((own, *(rumor for rumor in hot if rumor != own)))
        for member in self._awaited.values():
            role.send(Peer(member.id, member.address), message)
        if not self._awaited:
            role.say(Left())
        return bool(self._awaited)

    def note(self, peer: Peer, incarnation: int) -> None:
        """A member knows; one that knows of a former life does not."""
        if not self.begun or incarnation != self._role.incarnation:
            return
        if self._awaited.pop(peer.id, None) and not self._awaited:
            self._role.say(Left())
