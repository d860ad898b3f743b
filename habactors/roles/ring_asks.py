"""What may be asked about the ring and about this node?"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from habactors.config.values import nearest
from habactors.errors import UserError
from habactors.protocol.commands import Answered, DepartMember, ExplainMember
from habactors.protocol.errands import RestartActor, StopNode
from habactors.protocol.letter import Letter
from habactors.protocol.views import MemberView
from habactors.roles import shapes
from habactors.roles.ask import Here, Name, Order, Query
from habactors.roles.unfinished import Unmeasured

LISTED_MAX = 5


class Members(Query, frozen=True, kw_only=True):
    """The ring."""

    def answer(self, here: Here) -> Any:
        return shapes.members(here.ledger, here.me)


class Status(Query, frozen=True, kw_only=True):
    """The node and its actors."""

    def answer(self, here: Here) -> Any:
        return Unmeasured(shapes.status(here.ledger, here.me, here.now))


class Events(Query, frozen=True, kw_only=True):
    """What happened in the last `since` seconds, or ever; with `follow` a stream of what happens.

    A stream begins with the past only when `since` asks for it.
    """

    since: Annotated[float, Meta(ge=0)] | None = None
    follow: bool = False

    def answer(self, here: Here) -> Any:
        begin = float("-inf")
        if self.since is not None:
            begin = here.now - self.since
        elif self.follow:
            begin = float("inf")
        return [shapes.event(event) for event in here.ledger.events if event.time >= begin]


class Depart(Order, frozen=True, kw_only=True):
    """Tell a member, by name or id, to leave for ever."""

    member: Name

    def letter(self, request: int, here: Here) -> Letter:
        return DepartMember(request, find_member(here, self.member).id)


class ExplainMemberAsk(Order, frozen=True, kw_only=True):
    """Why is a member, by name or id, as it is?"""

    name: Name

    def letter(self, request: int, here: Here) -> Letter:
        return ExplainMember(request, find_member(here, self.name).id)

    def result(self, answer: Answered, here: Here) -> dict[str, Any]:
        row = shapes.member(find_member(here, self.name), here.me)
        return {**row, **msgspec.json.decode(answer.document)}


class ActorRestart(Order, frozen=True, kw_only=True):
    """End an actor and start it anew."""

    name: Name

    def letter(self, request: int, here: Here) -> Letter:
        return RestartActor(request, self.name)


class Stop(Order, frozen=True, kw_only=True):
    """Stop the whole node."""

    def letter(self, request: int, here: Here) -> Letter:
        return StopNode(request)


def find_member(here: Here, name: str) -> MemberView:
    """The member of that name or id, or of the only id that begins so.

    Raises:
        UserError: there is none, or more than one.
    """
    views = here.ledger.members
    if name in views:
        return views[name]
    found = [view for view in views.values() if view.name == name or view.id.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(sorted(view.id for view in found)[:LISTED_MAX])
        raise UserError("ambiguous", f"{name} could be {ids}", "give the whole id")
    names = {view.name: None for view in views.values()}
    close = nearest(name[:64], names)
    hint = f"did you mean {close}?" if close else "habactors members lists them"
    raise UserError("not-found", f"there is no member {name} in the ring", hint)
