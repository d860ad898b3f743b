"""How does the election of a group show itself to scripts, and how is it explained?

None stands for what this node does not know, or what there is not.
"""

from typing import Any

from habactors.protocol.health import REACHABLE, Health
from habactors.protocol.leadership import Leadership
from habactors.protocol.lifecycle import Identity
from habactors.protocol.views import GroupView, MemberView
from habactors.roles.leaders import Members, leadership, living, missing, name_of, serves
from habactors.roles.ledger import Ledger


def election(ledger: Ledger, me: Identity, view: GroupView, now: float) -> dict[str, Any]:
    """Who leads a group, and who may vote in it; the lease is known to the leader alone."""
    standing = leadership(ledger, me, view)
    leader, members = standing.leader, ledger.members
    leases = standing.role == "leader"
    return {
        "service_group": standing.service_group,
        "status": standing.status,
        "term": standing.term,
        "leader": leader or None,
        "leader_name": name_of(leader, members) if leader else None,
        "lease_seconds": round(max(0.0, standing.lease_until - now), 3) if leases else None,
        "electorate": [_voter(one, standing, members) for one in standing.electorate],
        "quorum": standing.quorum,
        "alive": standing.alive,
        "why": standing.why,
    }


def _voter(member_id: str, standing: Leadership, members: Members) -> dict[str, Any]:
    view = members.get(member_id)
    return {
        "id": member_id,
        "name": name_of(member_id, members),
        "health": Health(view.health).word if view else "unknown",
        "suitability": standing.suitability.get(member_id),
    }


def explanation(ledger: Ledger, me: Identity, view: GroupView, now: float) -> dict[str, Any]:
    """The same, with the arithmetic in words, who is missing, and what can be done about it."""
    standing = leadership(ledger, me, view)
    shown = election(ledger, me, view, now)
    electorate, reached = standing.electorate, living(view)
    gone = missing(view, electorate)
    verb = "is" if standing.quorum == 1 else "are"
    counted = f"{standing.alive} of {len(electorate)} are alive"
    return {
        **shown,
        "electorate": [
            row | {"alive": row["id"] in reached, "self": row["id"] == me.id}
            for row in shown["electorate"]
        ],
        "since": _since(ledger, standing),
        "arithmetic": f"{counted}, {standing.quorum} {verb} needed",
        "missing": [_missed(one, ledger.members) for one in gone],
        "advice": _advice(standing, gone, ledger.members),
        "here": _here(ledger, me, view, standing),
    }


def _since(ledger: Ledger, standing: Leadership) -> float | None:
    """When this node heard of the leader, as long as it remembers that."""
    name = name_of(standing.leader, ledger.members)
    for event in reversed(ledger.events):
        if event.kind == "election" and event.subject == standing.service_group:
            return event.time if standing.leader and event.after == name else None
    return None


def _missed(member_id: str, members: Members) -> dict[str, Any]:
    view = members.get(member_id)
    return {"id": member_id, "name": name_of(member_id, members), "why": _why_missing(view)}


def _why_missing(view: MemberView | None) -> str:
    if view is None:
        return "the ring does not know it"
    if view.health in REACHABLE:
        return "it serves in the group no more"
    return view.why or f"it is {Health(view.health).word}"


def _advice(standing: Leadership, gone: list[str], members: Members) -> str | None:
    """What an operator can do; None when nothing needs to be done."""
    if standing.status == "finished":
        return None
    if standing.alive >= standing.quorum and standing.status != "no-quorum":
        return "wait a moment, an election takes seconds"
    if not gone:
        return "load the service on more nodes"
    away, idle = (
        [name_of(one, members) for one in gone if _is_reachable(one, members) is reachable]
        for reachable in (False, True)
    )
    steps = [f"start {', '.join(away)} again"] if away else []
    steps += [f"load the service on {', '.join(idle)} again"] if idle else []
    lost = "it if it never comes" if len(gone) == 1 else "those that never come"
    return f"{' and '.join(steps)}, or habactors depart {lost} back"


def _is_reachable(member_id: str, members: Members) -> bool:
    return member_id in members and members[member_id].health in REACHABLE


def _here(ledger: Ledger, me: Identity, view: GroupView, standing: Leadership) -> dict[str, Any]:
    """What this node stands for in the group."""
    rows = {row.service_group: row for row in ledger.board.services}
    row = rows.get(view.service_group)
    return {
        "serves": serves(view, me.id),
        "votes": me.id in standing.electorate,
        "role": standing.role or None,
        "state": row.state if row else None,
        "blocked": (row.blocked or None) if row else None,
    }
