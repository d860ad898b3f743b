"""What becomes of an election in the rest of the ring?"""

from typing import TYPE_CHECKING

from habactors.protocol.leadership import Elected
from habactors.protocol.rumors import AnyRumor, Election

if TYPE_CHECKING:
    from habactors.roles.disseminator import Disseminator

NOBODY = "nobody"


def tell_outcome(role: "Disseminator", elected: Elected, now: float) -> None:
    """Make a rumor of what this node's election says; its own record of it survives there."""
    group, term, serial = elected.service_group, elected.term, elected.serial
    rumor = Election(group, term, serial, elected.leader, role.me.id, elected.electorate)
    role.take_in(rumor, now, durable=False, hot=True)


def report_outcome(
    role: "Disseminator", before: AnyRumor | None, rumor: AnyRumor, now: float
) -> None:
    """Report that another member leads a group now, or none; other rumors are passed over."""
    if not isinstance(rumor, Election):
        return
    led = before.leader if isinstance(before, Election) else ""
    if led == rumor.leader:
        return
    was, leader = _name(role, led), _name(role, rumor.leader)
    what = f"was elected in term {rumor.term}" if rumor.leader else f"gave up term {rumor.term}"
    why = f"{leader if rumor.leader else was} {what}"
    role.report(now, "election", rumor.service_group, rumor.service_group, was, leader, why)


def _name(role: "Disseminator", member_id: str) -> str:
    member = role.table.membership(member_id)
    return member.name if member else member_id or NOBODY
