"""What did an actor just do, in words that a person follows?

Ids and addresses of imagined hosts become their names again. Each phrase has a level: 0 is what
changed in somebody's eyes, 1 what was done about it, 2 the routine of an idle ring.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from habactors.protocol.commands import Answered
from habactors.protocol.gossip import Digest, Hello, Noted, Outline, Rumors, Want
from habactors.protocol.health import Health
from habactors.protocol.lifecycle import Peer
from habactors.protocol.news import Accusation, CatchUp, Doubted, Overheard
from habactors.protocol.probes import Ack, Nack, Ping, PingRequest
from habactors.protocol.rumors import AnyRumor, Config, Departure, Election, Membership, Service

Phrase = tuple[int, str]

LISTED_MAX = 8


def plain(text: str) -> str:
    """A text with member ids as names."""
    return re.sub(r"\bid-(m\d+)", r"\1", text)


def named(peer: Peer) -> str:
    """The name of the host at a peer's address."""
    return peer.address.partition(":")[0]


def standing(member: Membership) -> str:
    """A member's standing, such as `suspect@1`."""
    return f"{member.health.word}@{member.incarnation}"


def rumored(rumor: AnyRumor) -> str:
    """What a rumor says."""
    match rumor:
        case Membership():
            return f"{rumor.name} {standing(rumor)}"
        case Service():
            verb = "no longer serves" if rumor.withdrawn else "serves"
            return plain(f"{rumor.member_id} {verb} {rumor.service_group}")
        case Config():
            return f"{rumor.service_group} version {rumor.version}"
        case Departure():
            return plain(f"{rumor.member_id} is departed")
        case Election():
            return plain(f"{rumor.leader or 'nobody'} leads {rumor.service_group}@{rumor.term}")


def listed(rumors: Sequence[AnyRumor]) -> str:
    """What several rumors say."""
    said = [rumored(rumor) for rumor in rumors[:LISTED_MAX]]
    more = len(rumors) - len(said)
    return ", ".join([*said, f"and {more} more"] if more else said)


def said(letter: Any) -> Phrase | None:
    """A letter to the actors of the same host.

    News and snapshots are told by the transcript, which knows what was believed before.
    """
    match letter:
        case Accusation(member_id, incarnation, level, why):
            accused = plain(f"{member_id}@{incarnation}")
            because = plain(why) or "not refuted in time"
            return 1, f"accuses {accused} of being {Health(level).word}: {because}"
        case Overheard(introductions):
            return 2, f"overhears {listed(introductions)}"
        case Answered(message=message):
            return 0, f"answers: {plain(message)}"
        case Doubted(rumor):
            return 1, f"doubts that {rumored(rumor)}"
        case CatchUp():
            return 2, "asks for a snapshot"
    return None


def sent(me: str, messages: list[tuple[Peer, Any]]) -> Iterator[Phrase]:
    """Messages to other members, of one outbox; equal ones to several receivers are one phrase."""
    receivers: dict[Phrase, list[str]] = {}
    for peer, message in messages:
        receivers.setdefault(_sent(me, message), []).append(named(peer))
    for (level, pattern), names in receivers.items():
        yield level, pattern.format(", ".join(names))


def _sent(me: str, message: Any) -> Phrase:
    """The phrase for a message, with braces for its receivers."""
    match message:
        case Ping(_, _, introductions):
            return 2, "pings {}" + _introducing(introductions)
        case Ack(_, target, introductions):
            what = "answers {}" if target == me else f"tells {{}} that {plain(target)} answers"
            return 2, what + _introducing(introductions)
        case PingRequest(_, target):
            return 1, f"asks {{}} to ping {plain(target)}"
        case Nack(_, target, refused):
            reason = "is refused by" if refused else "does not reach"
            return 1, f"tells {{}} that it {reason} {plain(target)}"
        case Noted():
            return 2, "takes leave of {}"
        case Hello():
            return 1, "greets {}"
        case Rumors(rumors, hot=True):
            return 2, f"tells {{}}: {listed(rumors)}"
        case Rumors(rumors):
            return 1, f"tells {{}} all it knows: {listed(rumors)}"
        case Digest():
            return 2, "compares digests with {}"
        case Outline():
            return 1, "shows {} the outline of its table"
        case Want(key_hashes):
            return 1, f"asks {{}} for {len(key_hashes) // 8} rumors"
    return 2, f"sends {type(message).__name__} to {{}}"


def _introducing(introductions: tuple[Membership, ...]) -> str:
    return f", introducing {listed(introductions)}" if introductions else ""
