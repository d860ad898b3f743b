"""What may programs see?

A fold over census, leaderships, service board, roster and events. What HTTP shows is published by
replacing `shown` as a whole, so another thread may read it at any time without asking this one.
"""

from collections.abc import Callable
from copy import copy
from functools import cached_property
from typing import Any, NamedTuple

import msgspec

from habactors.config import ServicesConfig
from habactors.protocol.commands import ServiceBoard, ServiceStatus
from habactors.protocol.lifecycle import Identity, Start
from habactors.protocol.views import Views
from habactors.roles.census_document import census_document
from habactors.roles.context import Places
from habactors.roles.ledger import Ledger
from habactors.roles.role import Role
from habactors.roles.service_document import service_document

DEFAULTS = ServicesConfig()
NOWHERE = Places(svc_dir="")


class Document:
    """JSON that is built when somebody first asks for it, and kept from then on."""

    def __init__(self, build: Callable[[], Any]) -> None:
        self._build = build

    @cached_property
    def body(self) -> bytes:
        """The document in bytes."""
        return msgspec.json.encode(self._build())


class Shown(NamedTuple):
    """All that may be seen at one moment. Nothing in it changes any more."""

    ledger: Ledger
    census: Document
    services: Document

    @property
    def ready(self) -> bool:
        """Whether census and roster were heard: both list at least this node itself."""
        return bool(self.ledger.members and self.ledger.roster.actors)

    def service(self, service_group: str) -> ServiceStatus | None:
        """A service that is loaded here."""
        board = self.ledger.board.services
        return next((status for status in board if status.service_group == service_group), None)


class Sidecar(Role):
    """Holds what HTTP shows; `settings` and `places` tell what of a service no letter tells."""

    NAME = "sidecar"

    def __init__(
        self,
        me: Identity,
        settings: ServicesConfig = DEFAULTS,
        places: Places = NOWHERE,
    ) -> None:
        super().__init__(me)
        self.ledger = Ledger(self)
        self._settings = settings
        self._places = places
        still = _still(self.ledger)
        self.shown = Shown(still, self._census(still), self._services(still))

    def hear(self, message: Any, now: float) -> None:
        match message:
            case Start():
                self.ledger.open()
            case _ if self.ledger.take(message):
                self._show(message)

    def document(self, status: ServiceStatus) -> dict[str, Any]:
        """A loaded service as Habitat's tools read it."""
        return service_document(status, self.me, self._settings, self._places)

    def _show(self, changed: Any) -> None:
        """Publish; a document that is not affected stays as it is, built or not."""
        still = _still(self.ledger)
        shown = self.shown._replace(ledger=still)
        match changed:
            case Views():
                shown = shown._replace(census=self._census(still))
            case ServiceBoard():
                shown = shown._replace(services=self._services(still))
        self.shown = shown

    def _census(self, still: Ledger) -> Document:
        return Document(lambda: census_document(still, self.me))

    def _services(self, still: Ledger) -> Document:
        return Document(lambda: [self.document(status) for status in still.board.services])


def _still(ledger: Ledger) -> Ledger:
    """The ledger as it is now, which later letters do not change."""
    still = copy(ledger)
    still.members, still.groups = ledger.members.copy(), ledger.groups.copy()
    still.leaderships, still.events = ledger.leaderships.copy(), ledger.events.copy()
    return still
