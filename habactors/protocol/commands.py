"""What may people ask of a node, and how is it answered?

Control passes each command to the actor that owns the matter, under a request number; `Answered`
comes back with the same number.
"""

from typing import Annotated

from msgspec import Meta

from habactors.protocol.letter import Letter
from habactors.protocol.limits import ConfigBody, MemberId, ServiceGroup, Whole

Word = Annotated[str, Meta(max_length=512)]


class ApplyConfig(Letter, frozen=True):
    """Give a service group the ring's layer of its configuration.

    Version 0 stands for the next one.
    """

    request: int
    service_group: ServiceGroup
    version: Whole
    body: ConfigBody


class LoadService(Letter, frozen=True):
    """Run a package as a service of a group.

    `package` is a folder or an ident `[origin/]name[/version[/release]]`.
    """

    request: int
    package: Word
    group: Word = "default"
    topology: Word = "standalone"
    shutdown_timeout_seconds: float | None = None
    force: bool = False


class UnloadService(Letter, frozen=True):
    """Stop a service and forget it."""

    request: int
    name: Word


class StartService(Letter, frozen=True):
    """Want a loaded service up."""

    request: int
    name: Word


class StopService(Letter, frozen=True):
    """Want a loaded service down."""

    request: int
    name: Word


class RestartService(Letter, frozen=True):
    """End the process of a service and start it anew."""

    request: int
    name: Word


class DepartMember(Letter, frozen=True):
    """Tell a member to leave for ever."""

    request: int
    member_id: MemberId


class ExplainMember(Letter, frozen=True):
    """What have you seen of a member?"""

    request: int
    member_id: MemberId


class ReadHealth(Letter, frozen=True):
    """How well is this node itself?"""


class LocalHealth(Letter, frozen=True):
    """The local health score: 0 is well, more is slow."""

    score: int


class Answered(Letter, frozen=True):
    """The outcome.

    `code` is empty when all went well, else a word of the contract such as `not-found`, with a
    message and a hint. `document` is a JSON object for those who asked for one.
    """

    request: int
    message: str
    code: str = ""
    hint: str = ""
    version: int = 0
    document: bytes = b""


class ServiceStatus(Letter, frozen=True):
    """A loaded service as its node sees it; times are epoch seconds, 0 when there is none.

    `blocked` is the reason for waiting in words.
    """

    ident: str
    service: str
    group: str
    service_group: str
    topology: str
    desired: str
    state: str
    pid: int
    since: float
    restarts: int
    next_restart: float
    blocked: str
    path: str
    config: bytes
    restarted_because: str = ""
    role: str = ""


class ServiceBoard(Letter, frozen=True):
    """Every loaded service of this node."""

    services: tuple[ServiceStatus, ...]


class ReadBoard(Letter, frozen=True):
    """Tell me the service board again."""
