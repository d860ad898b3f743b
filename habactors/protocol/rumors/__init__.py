"""Which kinds of rumor are there?

A new kind is a module in this folder, a name in `AnyRumor`, and whoever folds it.
"""

from habactors.protocol.rumors.config import Config
from habactors.protocol.rumors.departure import Departure
from habactors.protocol.rumors.election import Election
from habactors.protocol.rumors.membership import Evidence, Membership
from habactors.protocol.rumors.rumor import Key, Rumor
from habactors.protocol.rumors.service import Service

AnyRumor = Membership | Service | Config | Departure | Election

__all__ = [
    "AnyRumor",
    "Config",
    "Departure",
    "Election",
    "Evidence",
    "Key",
    "Membership",
    "Rumor",
    "Service",
]
