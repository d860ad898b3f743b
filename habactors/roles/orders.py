"""What do operators order of the services, and what are they answered?

The same order always gets the same answer, however often it is said: answers are kept, under the
number that control gave the order.
"""

import re
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from habactors.protocol.commands import (
    Answered,
    LoadService,
    RestartService,
    StartService,
    StopService,
    UnloadService,
)
from habactors.protocol.files import Fetch, Fetched, Package
from habactors.roles.service import Service
from habactors.roles.specs import Spec

if TYPE_CHECKING:
    from habactors.roles.services import Services

ANSWERS = "answers"
ANSWERS_MAX = 32
UNLOADED = "unloaded/"
INITIALIZER = "initializer"
GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")

Order = LoadService | UnloadService | StartService | StopService | RestartService

_decoder = msgspec.msgpack.Decoder(dict[int, Answered])


class Orders:
    """Takes up what comes from control and, under the number 0, from node.toml and the ring."""

    def __init__(self, role: "Services") -> None:
        self._role = role
        self._answers: dict[int, Answered] = {}
        self._loading: dict[str, LoadService] = {}
        self._unloaded: dict[str, None] = {}

    def restore(self, kept: dict[str, bytes]) -> None:
        """Take over the answers of the life before, and what was unloaded for good."""
        names = (key.removeprefix(UNLOADED) for key in kept if key.startswith(UNLOADED))
        self._unloaded = dict.fromkeys(names)
        try:
            self._answers = _decoder.decode(kept.get(ANSWERS, b"\x80"))
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._answers = {}

    def take_up(self, order: Order, now: float) -> None:
        """Obey and answer; what takes its time is answered when it is done."""
        answer = self._answers.get(order.request)
        if answer:
            self._role.say(answer)
            return
        match order:
            case LoadService():
                self.load(order, now)
            case UnloadService(request, name):
                self._unload(request, name)
            case StartService(request, name):
                self._start(request, name)
            case StopService(request, name):
                self._stop(request, name)
            case RestartService(request, name):
                self._restart(request, name)

    def load(self, load: LoadService, now: float) -> None:
        """Look for the package first; nothing changes if there is none."""
        if load.topology == INITIALIZER:
            message = "this version has no topology initializer yet"
            hint = "load it with --topology standalone or leader"
            self._refuse(load, "not-supported", message, hint, now)
        elif not GROUP.fullmatch(load.group):
            hint = "use at most 64 letters, digits, dashes and underscores"
            self._refuse(load, "bad-group", f"group {load.group} is not allowed", hint, now)
        else:
            ticket = f"load {load.request} {load.package} {load.group}"
            self._loading[ticket] = load
            self._role.say(Fetch(ticket, load.package))

    def fetched(self, news: Fetched, now: float) -> None:
        """The package that a load was waiting for, or why there is none."""
        load = self._loading.pop(news.ticket, None)
        if load is None:
            return
        if news.package is None:
            self._refuse(load, news.code, news.message, news.hint, now)
            return
        organization = self._role.places.organization
        name = f"{news.package.name}.{load.group}" + (f"@{organization}" if organization else "")
        service = self._role.services.get(name)
        other = self._other_topology(name, load.topology)
        if other:
            hint = f"load it with --topology {other}, or unload it there first"
            message = f"{name} has topology {other} on other members"
            self._refuse(load, "conflict", message, hint, now)
        elif service and not load.force and not service.spec.unloading:
            if load.request:
                hint = "unload it first, or load it with --force"
                self._refuse(load, "conflict", f"{name} is already loaded", hint, now)
        elif not load.request and name in self._unloaded:
            hint = f"habactors svc load {load.package} loads it again"
            self._refuse(load, "unloaded", "an operator unloaded it", hint, now)
        else:
            self._put(name, load, news.package).fetched(news)
            self.answer(load.request, f"{name} is loaded")

    def _other_topology(self, name: str, topology: str) -> str:
        """A topology under which another member serves in that group, if it is a different one."""
        group = self._role.groups.get(name)
        for view in group.members if group else ():
            if view.member_id != self._role.me.id and view.topology != topology:
                return view.topology
        return ""

    def _put(self, name: str, load: LoadService, package: Package) -> Service:
        """The service with a new spec, now desired up."""
        service = self._role.services.get(name)
        spec = Spec(
            load.package,
            name,
            load.topology,
            service.spec.folder if service else self._folder(package.name, load.group),
            shutdown_timeout_seconds=load.shutdown_timeout_seconds,
            order=load.request,
        )
        if service:
            self._take_back(service, f"{name} is loaded again")
            service.hurry()
            service.spec = spec
        else:
            service = self._role.add(spec)
        self._role.keep_spec(service)
        if name in self._unloaded:
            del self._unloaded[name]
            self._role.keep(UNLOADED + name, None, durable=True)
        return service

    def _folder(self, name: str, group: str) -> str:
        """The package's name, with the group behind it where another group was first."""
        taken = [service.spec.folder for service in self._role.services.values()]
        return name if name not in taken else f"{name}.{group}"

    def _start(self, request: int, name: str) -> None:
        service = self._find(request, name)
        if service is None or self._is_unloading(request, service):
            return
        if service.spec.desired == "up" and service.state == "up":
            self.answer(request, f"{service.name} is up already")
            return
        service.hurry()
        if service.spec.desired == "down":
            self._take_back(service, f"{service.name} is started again")
            service.spec = replace(service.spec, desired="up")
            self._role.keep_spec(service)
        self.answer(request, f"{service.name} is starting")

    def _stop(self, request: int, name: str) -> None:
        service = self._find(request, name)
        if service is None:
            return
        if service.is_down:
            self.answer(request, f"{service.name} is stopped already")
            return
        service.spec = replace(service.spec, desired="down")
        service.waiting[request] = f"{service.name} is stopped"
        self._role.keep_spec(service)

    def _restart(self, request: int, name: str) -> None:
        service = self._find(request, name)
        if service is None or self._is_unloading(request, service):
            return
        if service.spec.desired == "down":
            hint = f"habactors svc start {service.name} starts it"
            self.answer(request, f"{service.name} is stopped", "conflict", hint)
            return
        service.hurry()
        service.spec = replace(service.spec, order=request)
        self._role.keep_spec(service)
        self.answer(request, f"{service.name} is restarting")

    def _is_unloading(self, request: int, service: Service) -> bool:
        if service.spec.unloading:
            hint = f"habactors svc load {service.spec.package} loads it again"
            self.answer(request, f"{service.name} is being unloaded", "conflict", hint)
        return service.spec.unloading

    def _unload(self, request: int, name: str) -> None:
        service = self._find(request, name)
        if service is None:
            return
        service.spec = replace(service.spec, unloading=True)
        service.waiting[request] = f"{service.name} is unloaded"
        self._role.keep_spec(service)
        self._unloaded[service.name] = None
        self._role.keep(UNLOADED + service.name, b"", durable=True)

    def finish(self, service: Service) -> None:
        """Answer those who waited for the service to be down."""
        for request, message in service.waiting.items():
            self.answer(request, message)
        service.waiting.clear()

    def _take_back(self, service: Service, why: str) -> None:
        """Those who wait for the service to be down wait in vain."""
        for request in service.waiting:
            self.answer(request, why, "conflict", "order it again")
        service.waiting.clear()

    def _find(self, request: int, name: str) -> Service | None:
        """The service of that name, `name` or `name.group`; without one the order is answered."""
        found = [service for service in self._role.services.values() if _is_called(service, name)]
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(service.name for service in found)
            self.answer(request, f"{name} could be {names}", "ambiguous", "name the group too")
        else:
            hint = "habactors svc status lists what is loaded"
            self.answer(request, f"no service {name} is loaded", "not-found", hint)
        return None

    def _refuse(self, load: LoadService, code: str, message: str, hint: str, now: float) -> None:
        """Whoever is not there to read an answer finds an event."""
        self.answer(load.request, message, code, hint)
        if not load.request:
            name = f"{load.package}.{load.group}"
            why = ": ".join(filter(None, (message, hint)))
            self._role.report(now, "service", name, name, "", "not loaded", why)

    def answer(self, request: int, message: str, code: str = "", hint: str = "") -> None:
        """Answer an order, and remember the answer."""
        if not request:
            return
        answer = Answered(request, message, code, hint)
        self._answers[request] = answer
        while len(self._answers) > ANSWERS_MAX:
            del self._answers[next(iter(self._answers))]
        self._role.keep(ANSWERS, msgspec.msgpack.encode(self._answers))
        self._role.say(answer)


def _is_called(service: Service, name: str) -> bool:
    full = service.name
    return name in (full, full.partition(".")[0], full.partition("@")[0])
