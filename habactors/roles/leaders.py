"""Who leads each group, as far as this node can tell?

Of the groups that it serves in, its own election actor knows; of the others the census tells what
their leaders have told the ring.
"""

from collections.abc import Mapping

from habactors.protocol.health import REACHABLE, Health
from habactors.protocol.leadership import Leadership
from habactors.protocol.lifecycle import Identity
from habactors.protocol.views import GroupView, MemberView
from habactors.roles.ledger import Ledger

ELECTING = ("leader", "initializer")
"""The topologies that choose a leader."""

Members = Mapping[str, MemberView]


def elects(view: GroupView) -> bool:
    """Whether the group chooses a leader."""
    return view.term > 0 or any(member.topology in ELECTING for member in view.members)


def serves(view: GroupView, member_id: str) -> bool:
    """Whether a member runs a service of the group."""
    return any(member.member_id == member_id for member in view.members)


def living(view: GroupView) -> dict[str, None]:
    """The members that serve in the group and can be reached."""
    return {each.member_id: None for each in view.members if each.health in REACHABLE}


def leadership(ledger: Ledger, me: Identity, view: GroupView) -> Leadership:
    """How a group stands."""
    own = ledger.leaderships.get(view.service_group)
    return own if own and serves(view, me.id) else told(view, ledger.members)


def told(view: GroupView, members: Members) -> Leadership:
    """How a group stands by what its leaders told the ring. Of leases nothing is told.

    A leader without a majority has lost its lease, whatever it told before.
    """
    electorate = view.electorate.members or _everybody(view)
    quorum = view.electorate.majority if view.electorate.members else len(electorate)
    reached = living(view)
    alive = sum(one in reached for one in electorate)
    leads = alive >= quorum and view.leader in reached
    if leads or not view.term:
        status = "finished" if leads else "none"
    else:
        status = "in-progress" if alive >= quorum else "no-quorum"
    return Leadership(
        view.service_group,
        term=view.term,
        leader=view.leader if leads else "",
        role="",
        lease_until=0.0,
        status=status,
        electorate=electorate,
        quorum=quorum,
        alive=alive,
        why=_why(status, view, members, electorate, quorum),
    )


def name_of(member_id: str, members: Members) -> str:
    """What people call a member."""
    return members[member_id].name if member_id in members else member_id


def missing(view: GroupView, electorate: tuple[str, ...]) -> list[str]:
    """Those of the electorate who are not alive in the group."""
    reached = living(view)
    return [one for one in electorate if one not in reached]


def _everybody(view: GroupView) -> tuple[str, ...]:
    """Whom the first election needs."""
    return tuple(each.member_id for each in view.members if each.health != Health.DEPARTED)


def _why(
    status: str, view: GroupView, members: Members, electorate: tuple[str, ...], quorum: int
) -> str:
    leader = name_of(view.leader, members)
    if status == "finished":
        return f"{leader} was elected"
    if status == "none":
        return "nobody was elected yet"
    if status == "no-quorum":
        gone = missing(view, electorate)
        names = ", ".join(name_of(one, members) for one in gone)
        count = f"{len(electorate) - len(gone)} of {len(electorate)} members are alive"
        return f"{count}, without {names}; {quorum} are needed"
    last = f"{leader} led in term {view.term} and is gone" if leader else "its leader gave up"
    return f"{last}; an election is under way"
