"""What may be asked of control, and with which arguments?

A command is one struct, whose fields are its arguments, and one entry in `COMMANDS`.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from habactors.config.values import nearest
from habactors.errors import UserError
from habactors.protocol.commands import (
    Answered,
    ApplyConfig,
    LoadService,
    RestartService,
    ServiceStatus,
    StartService,
    StopService,
    UnloadService,
)
from habactors.protocol.letter import Letter
from habactors.protocol.limits import WHOLE_MAX
from habactors.roles import shapes
from habactors.roles.ask import DAY_SECONDS, Here, Name, Order, Query
from habactors.roles.census_document import census_document
from habactors.roles.election_asks import (
    Elections,
    ExplainElection,
    LeaderStepDown,
    LeaderTransfer,
)
from habactors.roles.group_names import GROUP_WORD, full_group, known_group
from habactors.roles.ring_asks import (
    ActorRestart,
    Depart,
    Events,
    ExplainMemberAsk,
    Members,
    Status,
    Stop,
)
from habactors.roles.toml_check import check_body
from habactors.roles.unfinished import Unread


class Census(Query, frozen=True, kw_only=True):
    """The census document, of one service group or of all."""

    group: Name | None = None

    def answer(self, here: Here) -> Any:
        document = census_document(here.ledger, here.me)
        if self.group is not None:
            name = known_group(here, self.group)
            document["census_groups"] = {name: document["census_groups"][name]}
        return document


class SvcStatus(Query, frozen=True, kw_only=True):
    """The loaded services, or those of a name."""

    name: Name | None = None

    def answer(self, here: Here) -> Any:
        services: tuple[ServiceStatus, ...] = here.ledger.board.services
        if self.name is not None:
            services = find_services(here, self.name)
        return [shapes.service(row, here.now) for row in services]


class SvcLogs(Query, frozen=True, kw_only=True):
    """The last lines that a service wrote; a stream with `follow`."""

    name: Name
    lines: Annotated[int, Meta(ge=0, le=10_000)] = 50
    follow: bool = False

    def answer(self, here: Here) -> Any:
        found = find_services(here, self.name)
        if len(found) > 1:
            names = ", ".join(row.service_group for row in found)
            raise UserError("ambiguous", f"{self.name} could be {names}", "name the group too")
        return Unread(found[0].path, self.lines)


class ConfigShow(Query, frozen=True, kw_only=True):
    """The ring's configuration of a service group."""

    group: Name

    def answer(self, here: Here) -> Any:
        return shapes.config(here.ledger.groups[known_group(here, self.group)])


class ConfigApply(Order, frozen=True, kw_only=True):
    """Give a service group a new configuration, as TOML text."""

    group: Name
    version: Annotated[int, Meta(ge=1, le=WHOLE_MAX)] | Literal["auto"]
    body: str

    def letter(self, request: int, here: Here) -> Letter:
        group = full_group(self.group, here.organization)
        version = 0 if self.version == "auto" else self.version
        return ApplyConfig(request, group, version, check_body(self.body))

    def result(self, answer: Answered, here: Here) -> dict[str, Any]:
        return {"message": answer.message, "version": answer.version}


class SvcLoad(Order, frozen=True, kw_only=True):
    """Run a package as a service; with `wait` the answer comes when it is up or has failed."""

    package: Name
    group: Name = "default"
    topology: Literal["standalone", "initializer", "leader"] = "standalone"
    shutdown_timeout: Annotated[float, Meta(ge=0, le=DAY_SECONDS)] | None = None
    force: bool = False
    wait: Literal["up"] | None = None

    def letter(self, request: int, here: Here) -> Letter:
        if not GROUP_WORD.fullmatch(self.group):
            raise UserError(
                "usage",
                f"{self.group!r} cannot be the name of a group",
                "use at most 64 letters, digits, dashes and underscores",
            )
        return LoadService(
            request, self.package, self.group, self.topology, self.shutdown_timeout, self.force
        )


class SvcUnload(Order, frozen=True, kw_only=True):
    """Stop a service and forget it."""

    name: Name

    def letter(self, request: int, here: Here) -> Letter:
        return UnloadService(request, self.name)


class SvcStart(Order, frozen=True, kw_only=True):
    """Want a loaded service up."""

    name: Name

    def letter(self, request: int, here: Here) -> Letter:
        return StartService(request, self.name)


class SvcStop(Order, frozen=True, kw_only=True):
    """Want a loaded service down."""

    name: Name

    def letter(self, request: int, here: Here) -> Letter:
        return StopService(request, self.name)


class SvcRestart(Order, frozen=True, kw_only=True):
    """End the process of a service and start it anew."""

    name: Name

    def letter(self, request: int, here: Here) -> Letter:
        return RestartService(request, self.name)


COMMANDS: dict[str, type[Query] | type[Order]] = {
    "members": Members,
    "status": Status,
    "census": Census,
    "elections": Elections,
    "events": Events,
    "svc.status": SvcStatus,
    "svc.logs": SvcLogs,
    "svc.load": SvcLoad,
    "svc.unload": SvcUnload,
    "svc.start": SvcStart,
    "svc.stop": SvcStop,
    "svc.restart": SvcRestart,
    "config.apply": ConfigApply,
    "config.show": ConfigShow,
    "depart": Depart,
    "leader.step-down": LeaderStepDown,
    "leader.transfer": LeaderTransfer,
    "explain.member": ExplainMemberAsk,
    "explain.election": ExplainElection,
    "actor.restart": ActorRestart,
    "stop": Stop,
}


def read_ask(command: str, args: dict[str, Any]) -> Query | Order:
    """The command with its arguments.

    Raises:
        UserError: there is no such command, or its arguments are not what it takes.
    """
    kind = COMMANDS.get(command)
    if kind is None:
        raise _unknown(f"there is no command {command[:64]!r}", command, COMMANDS)
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for name in args:
        if name not in fields:
            raise _unknown(f"{command} takes no argument {str(name)[:64]!r}", str(name), fields)
    for name, field in fields.items():
        if field.required and name not in args:
            raise UserError("usage", f"{command} lacks its argument {name}", f"give a {name}")
    try:
        return msgspec.convert(args, kind)
    except (msgspec.ValidationError, OverflowError) as error:
        wrong, _, place = str(error).partition(" - at `$.")
        raise UserError(
            "usage", f"{place.rstrip('`')} of {command} is wrong ({wrong})", "correct it"
        ) from None


def _unknown(message: str, word: str, known: dict[str, Any]) -> UserError:
    close = nearest(word[:64], known)
    hint = f"did you mean {close}?" if close else f"there are {', '.join(known)}"
    return UserError("usage", message, hint)


def find_services(here: Here, name: str) -> tuple[ServiceStatus, ...]:
    """The loaded services called `name`, `name.group` or `name.group@organization`, at least one.

    Raises:
        UserError: there is none.
    """
    found = tuple(
        row
        for row in here.ledger.board.services
        if name in (row.service_group, row.service, row.service_group.partition("@")[0])
    )
    if not found:
        names = ", ".join(row.service_group for row in here.ledger.board.services)
        hint = f"there are {names}" if names else "nothing is loaded, load it first"
        raise UserError("not-found", f"no service {name} is loaded here", hint)
    return found
