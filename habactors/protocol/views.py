"""What does the census tell the other actors of its node?

Views go out as deltas with an epoch and a version, exactly like news; whoever finds a gap says
`Recount`.
"""

from typing import Any

import msgspec

from habactors.protocol.electorate import Electorate
from habactors.protocol.letter import Letter


class MemberView(Letter, frozen=True):
    """A member as this node sees it.

    `since` is epoch seconds of the last change of health, `why` its reason in words. `left`:
    it said itself that it goes.
    """

    id: str
    name: str
    address: str
    incarnation: int
    health: int
    permanent: bool
    since: float
    why: str
    left: bool = False


class ServiceView(Letter, frozen=True):
    """A member of a service group. `exports` and `sys` are JSON objects."""

    member_id: str
    service_group: str
    ident: str
    incarnation: int
    topology: str
    exports: bytes
    sys: bytes
    health: int
    permanent: bool


class GroupView(Letter, frozen=True):
    """A service group.

    The ring's configuration for it (version 0 when there is none), its members in id order, and
    the outcome of its last election (term 0 when there was none).
    """

    service_group: str
    config_version: int
    config_body: bytes
    config_source: str
    members: tuple[ServiceView, ...]
    term: int = 0
    leader: str = ""
    electorate: Electorate = Electorate()


class Views(Letter, frozen=True):
    """What changed in the census, or all of it (`whole`)."""

    epoch: int
    version: int
    whole: bool
    members: tuple[MemberView, ...]
    groups: tuple[GroupView, ...]
    gone_members: tuple[str, ...] = ()
    gone_groups: tuple[str, ...] = ()


class Recount(Letter, frozen=True):
    """I missed some views: all of them, please."""


def json_object(written: bytes) -> dict[str, Any]:
    """The JSON object that a member told of itself; an empty one when it is anything else."""
    try:
        found = msgspec.json.decode(written)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
