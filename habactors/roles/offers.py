"""Which services does this node tell the ring of?"""

from typing import TYPE_CHECKING

import msgspec

from habactors.protocol.envelope import flaw
from habactors.protocol.news import Offer, Withdraw
from habactors.protocol.rumors import Service

if TYPE_CHECKING:
    from habactors.roles.disseminator import Disseminator


class Offers:
    """Turns offers and withdrawals into rumors that each outweigh the last one of their service.

    Only this node speaks of its services. When the ring remembers more of one than this node does,
    because a record was lost with the power, the last offer or withdrawal is said again, louder.
    """

    def __init__(self, disseminator: "Disseminator") -> None:
        self._role = disseminator
        self._words: dict[str, Offer | Withdraw] = {}
        self._refused: dict[str, Offer | Withdraw] = {}

    def take_up(self, word: Offer | Withdraw, now: float) -> None:
        """Tell the ring, unless it is what the ring has been told already."""
        self._words[word.service_group] = word
        self._say(word, now)

    def hear_of_mine(self, rumor: Service, now: float, *, hot: bool) -> None:
        """Take in what the ring says of a service of this node, and say my last word on it."""
        self._role.take_in(rumor, now, durable=False, hot=hot)
        word = self._words.get(rumor.service_group)
        if word:
            self._say(word, now)

    def _say(self, word: Offer | Withdraw, now: float) -> None:
        me = self._role.me.id
        found = self._role.table.get(("service", word.service_group, me))
        told = found if isinstance(found, Service) else None
        wanted = _wanted(word, me, told, now)
        if wanted is None or (told and _same(wanted, told)):
            return
        if broken := flaw(wanted):
            self._refuse(word, broken, now)
            return
        self._role.take_in(wanted, now, durable=False, hot=True)

    def _refuse(self, word: Offer | Withdraw, broken: str, now: float) -> None:
        """Report why, once: what stays unanswered is offered again and again."""
        group = word.service_group
        if self._refused.get(group) != word:
            self._refused[group] = word
            why = f"the ring cannot be told of it: {broken}"
            self._role.report(now, "service", group, group, "offered", "refused", why)


def _wanted(word: Offer | Withdraw, me: str, told: Service | None, now: float) -> Service | None:
    """What the ring ought to hear; None when it never heard of the service that is withdrawn."""
    count = told.incarnation + 1 if told else 1
    group = word.service_group
    if isinstance(word, Offer):
        return Service(me, group, word.ident, count, word.exports, word.sys, word.topology)
    return told and Service(me, group, told.ident, count, withdrawn=True, at=int(now))


def _same(wanted: Service, told: Service) -> bool:
    """Whether they differ in nothing but the incarnation."""
    return msgspec.structs.replace(wanted, incarnation=told.incarnation, at=told.at) == told
