"""Who was told to leave for ever?

An operator's word outweighs all that is said of the member. The member itself hears it from
whomever it speaks to, ends, and never starts again under its id.
"""

from typing import TYPE_CHECKING, Any

from habactors.protocol.commands import Answered, DepartMember
from habactors.protocol.errands import Expelled
from habactors.protocol.gossip import Rumors
from habactors.protocol.lifecycle import Peer
from habactors.protocol.rumors import Departure

if TYPE_CHECKING:
    from habactors.roles.disseminator import Disseminator


class Departures:
    """Departures as one member says, hears and passes them on."""

    def __init__(self, disseminator: "Disseminator") -> None:
        self._role = disseminator

    def begin(self) -> None:
        """A node that was told to depart in an earlier life does not come back."""
        mine = self._role.table.departure(self._role.me.id)
        if mine:
            self._role.say(Expelled(mine.why))

    def take_up(self, order: DepartMember, now: float) -> None:
        """Tell a member to depart, and answer when that will survive."""
        role = self._role
        member = role.table.membership(order.member_id)
        if member is None:
            hint = "habactors members lists the ids"
            message = f"no member {order.member_id} is known"
            role.say(Answered(order.request, message, "not-found", hint))
            return
        if role.table.departure(order.member_id):
            role.say(Answered(order.request, f"{member.name} has departed already"))
            return
        why = f"an operator told it to depart, on {role.me.name}"
        rumor = Departure(member.id, role.me.id, why, int(now))
        role.take_in(rumor, now, durable=True, hot=True)
        role.say(Answered(order.request, f"{member.name} departs: its id may never return"))

    def note(self, rumor: Departure) -> None:
        """A departure has become known here: tell whom it concerns, or obey."""
        role = self._role
        if rumor.member_id == role.me.id:
            role.say(Expelled(rumor.why))
            return
        member = role.table.membership(rumor.member_id)
        if member:
            role.send(Peer(member.id, member.address), Rumors((rumor,)))

    def dismiss(self, peer: Peer, gossip: Any, now: float) -> bool:
        """Whether somebody who departed speaks: it hears of that, and nothing else.

        Nor is it listened to, unless it says that this node was told to depart as well: two who
        only tell each other so would never come to an end.
        """
        role = self._role
        rumor = role.table.departure(peer.id)
        if rumor is None or peer.id == role.me.id:
            return False
        told = gossip.rumors if isinstance(gossip, Rumors) else ()
        mine = [one for one in told if one.key == (Departure.KIND, role.me.id)]
        is_old = mine and role.table.departure(role.me.id)
        for one in mine:
            role.learn(one, now)
        if rumor not in told and not is_old:
            role.send(peer, Rumors((rumor,), hot=False))
        return True
