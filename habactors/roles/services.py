"""What should run here?

Owns the desired state of this node's services, keeps it, and walks each service towards it.
Packages, templates and logs are in its hands; processes are root's; who else serves is the
census'.
"""

from random import Random
from typing import Any

import msgspec

from habactors.config import ServicesConfig
from habactors.protocol.commands import (
    Answered,
    LoadService,
    ReadBoard,
    RestartService,
    ServiceBoard,
    StartService,
    StopService,
    UnloadService,
)
from habactors.protocol.errands import Ended, Running, ServicesStopped, StopServices
from habactors.protocol.files import Fetch, Fetched, Listen, Package, Rendered, Unlisten
from habactors.protocol.lifecycle import Identity, Start, Wake
from habactors.protocol.news import Withdraw
from habactors.protocol.views import GroupView, Recount, Views
from habactors.roles.backoff import Backoff
from habactors.roles.context import Places
from habactors.roles.deadlines import Deadlines
from habactors.roles.follower import Follower, Step
from habactors.roles.role import Role
from habactors.roles.service import Prints, Service, Spec

SPEC = "spec/"
PROCESS = "process/"
RECOVERY_SECONDS = 30.0
STRAY_SECONDS = 2.0
NEEDS_ELECTION = ("initializer", "leader")


class Services(Role):
    """All services of one node, by service group."""

    NAME = "services"

    def __init__(
        self, me: Identity, settings: ServicesConfig, places: Places, rng: Random
    ) -> None:
        super().__init__(me)
        self.settings = settings
        self.places = places
        self.rng = rng
        self.services: dict[str, Service] = {}
        self.groups: dict[str, GroupView] = {}
        self._closing = False
        self._recovering_until = 0.0
        self._loading: dict[str, LoadService] = {}
        self._prints: dict[str, Prints] = {}
        self._board = ServiceBoard(())
        self._follower = Follower()
        self._deadlines: Deadlines[str] = Deadlines()

    def hear(self, message: Any, now: float) -> None:
        match message:
            case Views():
                self._follow(message, now)
            case Running(job) | Ended(job):
                self._pass_on(job, message, now)
            case Rendered(service_group):
                if service_group in self.services:
                    self.services[service_group].rendered(message)
            case Fetched(ticket):
                self._take_package(ticket, message, now)
            case LoadService():
                self._begin_load(message)
            case UnloadService(request, name):
                self._unload(request, name)
            case StartService(request, name):
                self._want(request, name, "up")
            case StopService(request, name):
                self._want(request, name, "down")
            case RestartService(request, name):
                self._restart(request, name, now)
            case ReadBoard():
                self.say(self._board)
            case StopServices():
                self._close()
            case Start():
                self._start(message, now)
            case Wake():
                self._deadlines.due(now)
        self._pursue_all(now)
        self._say_board()
        self.wake_at(self._deadlines.next)

    def _start(self, start: Start, now: float) -> None:
        if start.damaged:
            self._recovering_until = now + RECOVERY_SECONDS
        for key, value in start.kept.items():
            if key.startswith(PROCESS):
                self._prints[key.removeprefix(PROCESS)] = msgspec.msgpack.decode(value, type=Prints)
        for key, value in start.kept.items():
            if key.startswith(SPEC):
                self._adopt_spec(msgspec.msgpack.decode(value, type=Spec))
        for load in self.settings.load:
            self._ask_for(LoadService(0, load.package, load.group, load.topology, load.shutdown_timeout_seconds))
        self.say(Recount())

    def _adopt_spec(self, spec: Spec) -> None:
        service = self._add(spec)
        started = self._prints.get(spec.service_group)
        if started and started.pid:
            service.remember(started)
        self.say(Fetch(spec.service_group, spec.package))

    def _add(self, spec: Spec) -> Service:
        service = Service(self, self.places, spec, Backoff(self.settings, self.rng))
        service.closing = self._closing
        service.see(self.groups.get(spec.service_group))
        self.services[spec.service_group] = service
        self.say(Listen(spec.folder))
        return service

    def _begin_load(self, load: LoadService) -> None:
        known = next((s for s in self.services.values() if s.spec.request == load.request), None)
        if known:
            self._answer(load.request, f"{known.name} is loaded")
        elif load.topology in NEEDS_ELECTION:
            self._answer(
                load.request,
                f"topology {load.topology} needs elections, which this version does not have",
                "not-supported",
                "load it with --topology standalone",
            )
        else:
            self._ask_for(load)

    def _ask_for(self, load: LoadService) -> None:
        ticket = f"load {load.request} {load.package} {load.group}"
        self._loading[ticket] = load
        self.say(Fetch(ticket, load.package))

    def _take_package(self, ticket: str, news: Fetched, now: float) -> None:
        load = self._loading.pop(ticket, None)
        if load is None:
            if ticket in self.services:
                self.services[ticket].fetched(news)
        elif news.package is None:
            self._answer(load.request, news.message, news.code, news.hint)
            if not load.request:
                self.report(now, "service", load.package, load.package, "", "not loaded", news.message)
        else:
            self._load(load, news, news.package)

    def _load(self, load: LoadService, news: Fetched, package: Package) -> None:
        organization = f"@{self.places.organization}" if self.places.organization else ""
        service_group = f"{package.name}.{load.group}{organization}"
        service = self.services.get(service_group)
        if service and not load.force:
            hint = "unload it first, or load it with --force"
            self._answer(load.request, f"{service_group} is already loaded", "conflict", hint)
            return
        folder = service.spec.folder if service else self._folder(package.name, load.group)
        spec = Spec(
            load.package,
            service_group,
            load.topology,
            folder,
            shutdown_timeout_seconds=load.shutdown_timeout_seconds,
            request=load.request,
        )
        if service:
            service.spec = spec
            service.restart("loaded again by an operator")
        else:
            service = self._add(spec)
        service.fetched(news)
        self._keep(service)
        self._answer(load.request, f"{service_group} is loaded")

    def _folder(self, name: str, group: str) -> str:
        """The package's name.

        With the group behind it where another group of the same package was first.
        """
        taken = {service.spec.folder: None for service in self.services.values()}
        return name if name not in taken else f"{name}.{group}"

    def _keep(self, service: Service) -> None:
        self.keep(SPEC + service.name, msgspec.msgpack.encode(service.spec), durable=True)

    def _find(self, request: int, name: str) -> Service | None:
        """The service of that name, `name` or `name.group`.

        Without one the request is answered.
        """
        found = [
            service
            for service in self.services.values()
            if name in (service.name, service.name.partition(".")[0], service.name.partition("@")[0])
        ]
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(service.name for service in found)
            self._answer(request, f"{name} could be {names}", "ambiguous", "name the group too")
        else:
            hint = "habactors svc status lists what is loaded"
            self._answer(request, f"no service {name} is loaded", "not-found", hint)
        return None

    def _want(self, request: int, name: str, desired: str) -> None:
        service = self._find(request, name)
        if service is None:
            return
        if service.spec.desired == desired:
            self._answer(request, f"{service.name} is already wanted {desired}")
            return
        service.spec = msgspec.structs.replace(service.spec, desired=desired)
        self._keep(service)
        if desired == "up":
            service.restart("started by an operator")
            self._answer(request, f"{service.name} is starting")
        else:
            service.waiting.append((request, f"{service.name} is stopped"))

    def _restart(self, request: int, name: str, now: float) -> None:
        service = self._find(request, name)
        if service is None:
            return
        if service.spec.desired == "down":
            hint = f"habactors svc start {service.name} starts it"
            self._answer(request, f"{service.name} is stopped", "conflict", hint)
            return
        service.restart("restarted by an operator")
        self._answer(request, f"{service.name} is restarting")

    def _unload(self, request: int, name: str) -> None:
        service = self._find(request, name)
        if service:
            service.unloading = True
            service.waiting.append((request, f"{service.name} is unloaded"))
            self.keep(SPEC + service.name, None, durable=True)

    def _close(self) -> None:
        self._closing = True
        for service in self.services.values():
            service.closing = True

    def _answer(self, request: int, message: str, code: str = "", hint: str = "") -> None:
        if request:
            self.say(Answered(request, message, code, hint))

    def _follow(self, views: Views, now: float) -> None:
        if views.whole:
            if not self._follower.reset(views.epoch, views.version):
                return
            self.groups = {}
        else:
            step = self._follower.step(views.epoch, views.version)
            if step is Step.GAP:
                self.say(Recount())
            if step is not Step.NEXT:
                return
        for group in views.groups:
            self.groups[group.service_group] = group
        for name in views.gone_groups:
            self.groups.pop(name, None)
        for service in self.services.values():
            service.see(self.groups.get(service.name))
        self._look_for_strays(now)

    def _look_for_strays(self, now: float) -> None:
        """What the ring says runs here but is not loaded.

        Withdraw it, or load it again if our own memory was lost.
        """
        if self._loading or self._closing:
            return
        for group in self.groups.values():
            mine = next((view for view in group.members if view.member_id == self.me.id), None)
            if mine is None or group.service_group in self.services:
                continue
            if now < self._recovering_until:
                self.report(
                    now, "service", group.service_group, group.service_group, "", "recovered", "from the ring"
                )
                _, _, group_name = group.service_group.partition(".")
                self._ask_for(LoadService(0, mine.ident, group_name.partition("@")[0], mine.topology))
            elif ("stray " + group.service_group) not in self._deadlines:
                self.say(Withdraw(group.service_group))
                self._deadlines.set("stray " + group.service_group, now + STRAY_SECONDS)

    def _pass_on(self, job: str, news: Running | Ended, now: float) -> None:
        service = self.services.get(job.rpartition("/")[0])
        if service is None:
            return
        if isinstance(news, Running):
            service.running(news, now)
        else:
            service.ended(news, now)

    def _pursue_all(self, now: float) -> None:
        for service in list(self.services.values()):
            service.pursue(now)
            if service.next_time is None:
                self._deadlines.clear(service.name)
            else:
                self._deadlines.set(service.name, service.next_time)
            if service.state == "down":
                self._finish(service)
        if self._closing and all(service.state == "down" for service in self.services.values()):
            self.say(ServicesStopped())

    def _finish(self, service: Service) -> None:
        for request, message in service.waiting:
            self._answer(request, message)
        service.waiting.clear()
        if service.unloading:
            del self.services[service.name]
            self._deadlines.clear(service.name)
            self.say(Unlisten(service.spec.folder))

    def _say_board(self) -> None:
        board = ServiceBoard(tuple(service.status() for service in self.services.values()))
        if board != self._board:
            self._board = board
            self.say(board)
