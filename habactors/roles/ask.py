"""What is a question to control, and what an order?"""

from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from habactors.protocol.commands import Answered, Word
from habactors.protocol.letter import Letter
from habactors.protocol.lifecycle import Identity
from habactors.roles.ledger import Ledger

TIMEOUT_SECONDS = 30.0
DAY_SECONDS = 86_400

Name = Annotated[Word, Meta(min_length=1)]
Seconds = Annotated[float, Meta(gt=0, le=DAY_SECONDS)]


class Here(NamedTuple):
    """What control knows when it is asked."""

    me: Identity
    organization: str
    ledger: Ledger
    now: float


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What every command takes: how many seconds its answer may take."""

    timeout: Seconds = TIMEOUT_SECONDS


class Query(Ask, frozen=True, kw_only=True):
    """A question that control answers at once, out of what it knows."""

    def answer(self, here: Here) -> Any:
        """The result; UserError when there is none."""
        raise NotImplementedError


class Order(Ask, frozen=True, kw_only=True):
    """A wish that is passed on to the actor that owns the matter."""

    def letter(self, request: int, here: Here) -> Letter:
        """What to say to it; UserError when that would be nonsense.

        `Answered` when there is nothing to do.
        """
        raise NotImplementedError

    def result(self, answer: Answered, here: Here) -> dict[str, Any]:
        """What to tell the client of a good outcome."""
        return {"message": answer.message}
