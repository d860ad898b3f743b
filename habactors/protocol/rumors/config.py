"""Which configuration has an operator given to a service group?"""

from typing import ClassVar

from habactors.protocol.limits import ConfigBody, MemberId, ServiceGroup, Whole
from habactors.protocol.rumors.rumor import Key, Rumor


class Config(Rumor, frozen=True, tag=3):
    """The ring's layer of a group's configuration: TOML, replaced whole by a higher version."""

    KIND: ClassVar[str] = "config"
    PRIORITY: ClassVar[int] = 3

    service_group: ServiceGroup
    version: Whole
    body: ConfigBody
    source: MemberId

    @property
    def key(self) -> Key:
        return ("config", self.service_group)

    @property
    def precedence(self) -> tuple[int, ...]:
        return (self.version,)
