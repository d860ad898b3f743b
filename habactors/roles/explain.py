"""Why is a member as it is?"""

from math import inf
from typing import TYPE_CHECKING, Any

import msgspec

from habactors.protocol.commands import Answered, ExplainMember
from habactors.protocol.rumors import Membership

if TYPE_CHECKING:
    from habactors.roles.detector import Detector


def explain_member(detector: "Detector", question: ExplainMember) -> Answered:
    """All that this node's detector knows of a member, as a JSON object."""
    member = detector.members.get(question.member_id)
    document = _document(detector, question.member_id, member)
    return Answered(question.request, "", document=msgspec.json.encode(document))


def _document(detector: "Detector", member_id: str, member: Membership | None) -> dict[str, Any]:
    since = detector.suspicions.since(member_id)
    is_suspected = member is not None and since < inf
    span = detector.patience.seconds(member) if member and is_suspected else 0.0
    return {
        "evidence": [_piece(detector, one) for one in member.evidence] if member else [],
        "watched": bool(member and member.address in detector.watched),
        "suspicion": {"since": since, "until": since + span} if is_suspected else None,
        "health_score": detector.awareness.score,
        **detector.dossier.document(member_id),
    }


def _piece(detector: "Detector", found: Any) -> dict[str, Any]:
    accuser = detector.members.get(found.accuser)
    name = detector.me.name if found.accuser == detector.me.id else ""
    return {
        "accuser": found.accuser,
        "accuser_name": accuser.name if accuser else name,
        "at": found.at,
        "refused": found.refused,
        "why": found.why,
    }
