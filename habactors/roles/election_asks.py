"""What may be asked about leaders?"""

from typing import Any

from habactors.errors import UserError
from habactors.protocol.commands import Answered
from habactors.protocol.leadership import Leadership, StepDown
from habactors.protocol.letter import Letter
from habactors.protocol.views import GroupView
from habactors.roles.ask import Here, Name, Order, Query
from habactors.roles.election_document import election, explanation
from habactors.roles.group_names import known_group
from habactors.roles.leaders import elects, leadership, living, name_of, serves
from habactors.roles.ring_asks import find_member


class Elections(Query, frozen=True, kw_only=True):
    """Who leads each group that chooses a leader, or that one."""

    group: Name | None = None

    def answer(self, here: Here) -> Any:
        groups = here.ledger.groups
        views = [groups[name] for name in sorted(groups) if elects(groups[name])]
        if self.group is not None:
            views = [_electing_group(here, self.group)]
        return [election(here.ledger, here.me, view, here.now) for view in views]


class ExplainElection(Query, frozen=True, kw_only=True):
    """Why does a group have the leader that it has, or none?"""

    group: Name

    def answer(self, here: Here) -> Any:
        return explanation(here.ledger, here.me, _electing_group(here, self.group), here.now)


class LeaderStepDown(Order, frozen=True, kw_only=True):
    """Have this node lead a group no more."""

    group: Name

    def letter(self, request: int, here: Here) -> Letter:
        view = _electing_group(here, self.group)
        _check_leads(here, view, leadership(here.ledger, here.me, view))
        return StepDown(request, view.service_group)


class LeaderTransfer(Order, frozen=True, kw_only=True):
    """Have another member, by name or id, lead a group instead of this node."""

    group: Name
    to: Name

    def letter(self, request: int, here: Here) -> Letter:
        view = _electing_group(here, self.group)
        group, standing = view.service_group, leadership(here.ledger, here.me, view)
        heir = find_member(here, self.to)
        if heir.id == standing.leader:
            return Answered(request, f"{heir.name} leads {group} already")
        _check_leads(here, view, standing)
        reached = living(view)
        heirs = [one for one in standing.electorate if one in reached and one != here.me.id]
        if heir.id not in heirs:
            names = ", ".join(name_of(one, here.ledger.members) for one in heirs)
            hint = f"choose from {names}" if names else "start another member of the group"
            raise UserError("conflict", f"{heir.name} cannot lead {group} now", hint)
        return StepDown(request, group, heir.id)


def _electing_group(here: Here, name: str) -> GroupView:
    view = here.ledger.groups[known_group(here, name)]
    if not elects(view):
        hint = "load its services with --topology leader"
        raise UserError("conflict", f"{view.service_group} chooses no leader", hint)
    return view


def _check_leads(here: Here, view: GroupView, standing: Leadership) -> None:
    """UserError when it is known that this node does not lead the group."""
    group, leader = view.service_group, here.ledger.members.get(standing.leader)
    if leader and leader.id != here.me.id:
        message = f"{here.me.name} does not lead {group}, {leader.name} does"
        raise UserError("conflict", message, f"ask there, at the node of {leader.address}")
    if not leader and not serves(view, here.me.id):
        hint = f"habactors explain election {group} tells why"
        raise UserError("conflict", f"nobody leads {group}", hint)
