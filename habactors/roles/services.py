"""What should run here?

Owns the desired state of this node's services, keeps it, and walks each service towards it.
Packages, templates and logs are in its hands; processes are root's, who else serves the census'.
"""

import re
from random import Random
from typing import Any

import msgspec

from habactors.config import ServicesConfig
from habactors.protocol.commands import (
    LoadService,
    ReadBoard,
    RestartService,
    ServiceBoard,
    StartService,
    StopService,
    UnloadService,
)
from habactors.protocol.errands import Ended, Halt, Running, ServicesStopped, StopServices
from habactors.protocol.files import Collected, Fetched, Listen, Rendered, Unlisten
from habactors.protocol.leadership import AskLeadership, AskStandings, Leadership
from habactors.protocol.lifecycle import Identity, Start, Wake
from habactors.protocol.news import Withdraw
from habactors.protocol.views import GroupView, Recount, ServiceView, Views
from habactors.roles.backoff import Backoff
from habactors.roles.context import Places, split
from habactors.roles.deadlines import Deadlines
from habactors.roles.follower import Follower, Step, fold
from habactors.roles.leading import LEAD
from habactors.roles.orders import Orders
from habactors.roles.role import Role
from habactors.roles.service import RECONFIGURE, RUN, SHUTDOWN_SECONDS, Service
from habactors.roles.specs import (
    PROCESS,
    RECOVERING,
    SPEC,
    Prints,
    Spec,
    decode_prints,
    decode_spec,
    read_records,
    read_time,
)
from habactors.roles.steps import REPEAT_SECONDS

RECOVERY_SECONDS = 30.0
RECOUNT = ("recount", "")
STRAY = "stray"
IDENT = re.compile(r"\w[\w.+-]*(/\w[\w.+-]*){0,3}")
SERVICE = "service"


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
        self._orders = Orders(self)
        self._closing = False
        self._recovering_until = 0.0
        self._recovered: dict[str, None] = {}
        self._orphans: dict[str, None] = {}
        self._board: ServiceBoard | None = None
        self._follower = Follower()
        self._deadlines: Deadlines[tuple[str, str]] = Deadlines()

    def hear(self, message: Any, now: float) -> None:
        match message:
            case Views():
                self._follow(message, now)
            case Running(job) | Ended(job):
                self._pass_on(job, message, now)
            case Rendered(service_group):
                if service_group in self.services:
                    self.services[service_group].rendered(message, now)
            case Fetched(ticket):
                if ticket in self.services:
                    self.services[ticket].fetched(message)
                self._orders.fetched(message, now)
            case (
                LoadService() | UnloadService() | StartService() | StopService() | RestartService()
            ):
                self._orders.take_up(message, now)
            case Collected(folder):
                for service in self.services.values():
                    if service.spec.folder == folder:
                        service.collected(message)
            case Leadership(service_group=group):
                if group in self.services:
                    self.services[group].lead(message, now)
            case AskStandings():
                for service in self.services.values():
                    service.stand_again()
            case ReadBoard():
                self._board = None
            case StopServices():
                self._close()
            case Start():
                self._start(message, now)
            case Wake():
                self._keep_time(now)
        self._pursue_all(now)
        self._say_board()
        self.wake_at(self._deadlines.next)

    def add(self, spec: Spec) -> Service:
        """A service that is new here."""
        service = Service(self, self.places, spec, Backoff(self.settings, self.rng))
        service.closing = self._closing
        service.see(self.groups.get(spec.service_group))
        self.services[spec.service_group] = service
        if service.leading:
            self.say(AskLeadership())
        self._orphans.pop(spec.service_group, None)
        self.say(Listen(spec.folder))
        return service

    def keep_spec(self, service: Service) -> None:
        """What is wanted of a service survives."""
        self.keep(SPEC + service.name, msgspec.msgpack.encode(service.spec), durable=True)

    def _start(self, start: Start, now: float) -> None:
        specs, damaged = read_records(start.kept, SPEC, decode_spec)
        prints, prints_damaged = read_records(start.kept, PROCESS, decode_prints)
        self._recovering_until = read_time(start.kept.get(RECOVERING, b""))
        if start.damaged or damaged or prints_damaged:
            self._recovering_until = now + RECOVERY_SECONDS
            self.keep(RECOVERING, msgspec.msgpack.encode(self._recovering_until))
        self._orders.restore(start.kept)
        for spec in specs.values():
            self.add(spec)
        for name, started in prints.items():
            if name in self.services:
                self.services[name].remember(started)
                self.services[name].remember_lead(start.kept.get(LEAD + name, b""), now)
            else:
                self._orphans[name] = None
        for wanted in self.settings.load:
            load = LoadService(
                0, wanted.package, wanted.group, wanted.topology, wanted.shutdown_timeout_seconds
            )
            self._orders.load(load, now)
        self._recount(now)
        self.say(AskLeadership())

    def _close(self) -> None:
        self._closing = True
        for service in self.services.values():
            service.closing = True

    def _recount(self, now: float) -> None:
        """Ask the census for everything, until it answers."""
        self.say(Recount())
        self._deadlines.set(RECOUNT, now + REPEAT_SECONDS)

    def _follow(self, views: Views, now: float) -> None:
        step = self._follower.take(views)
        if step is Step.GAP:
            self._recount(now)
        if step is not Step.NEXT:
            return
        self._deadlines.clear(RECOUNT)
        fold(views, {}, self.groups)
        for service in self.services.values():
            service.see(self.groups.get(service.name))
        self._look_for_strays(now)

    def _look_for_strays(self, now: float) -> None:
        """What is said to run here but is not loaded: load it again if our memory was lost."""
        mine = {name: view for name, group in self.groups.items() if (view := self._mine(group))}
        for name in {**mine, **self._orphans}:
            key = (STRAY, name)
            if self._closing or name in self.services or key in self._deadlines:
                continue
            if now >= self._recovering_until:
                self._send_away(name, is_listed=name in mine)
                self._deadlines.set(key, now + REPEAT_SECONDS)
                continue
            self._deadlines.set(key, self._recovering_until)
            if name in mine and name not in self._recovered:
                self._recovered[name] = None
                self._recover(mine[name], now)

    def _mine(self, group: GroupView) -> ServiceView | None:
        return next((view for view in group.members if view.member_id == self.me.id), None)

    def _recover(self, view: ServiceView, now: float) -> None:
        """What the ring says may name a package, but never a folder of this host."""
        name = view.service_group
        _, group, _ = split(name)
        if not IDENT.fullmatch(view.ident):
            return
        self.report(now, "service", name, name, "", "recovered", "from the ring")
        self._orders.load(LoadService(0, view.ident, group, view.topology), now)

    def _send_away(self, name: str, *, is_listed: bool) -> None:
        """Tell the ring that it does not run here, and see to it that it is true."""
        if is_listed:
            self.say(Withdraw(name))
        if name not in self._orphans:
            self._orphans[name] = None
            self.keep(PROCESS + name, msgspec.msgpack.encode(Prints()))
        service, group, _ = split(name)
        taken = [one.spec.folder for one in self.services.values()]
        folder = f"{service}.{group}" if service in taken else service
        path = f"{self.places.svc_dir}/{folder}"
        for hook, pid_file in ((RUN, "PID"), (RECONFIGURE, f"hooks/{RECONFIGURE}.PID")):
            self.say(Halt(f"{name}/{hook}", f"{path}/{pid_file}", "TERM", SHUTDOWN_SECONDS))

    def _pass_on(self, job: str, news: Running | Ended, now: float) -> None:
        name = job.rpartition("/")[0]
        service = self.services.get(name)
        if service and isinstance(news, Running):
            service.running(news, now)
        elif service and isinstance(news, Ended):
            service.ended(news, now)
        elif isinstance(news, Ended) and job == f"{name}/{RUN}" and name in self._orphans:
            del self._orphans[name]
            self.keep(PROCESS + name, None)

    def _keep_time(self, now: float) -> None:
        due = self._deadlines.due(now)
        if RECOUNT in due:
            self._recount(now)
        if any(what == STRAY for what, _ in due):
            self._look_for_strays(now)

    def _pursue_all(self, now: float) -> None:
        for service in list(self.services.values()):
            service.pursue(now)
            key = (SERVICE, service.name)
            if service.next_time is None:
                self._deadlines.clear(key)
            else:
                self._deadlines.set(key, service.next_time)
            if service.is_down:
                self._finish(service, now)
        if self._closing and all(service.is_down for service in self.services.values()):
            self.say(ServicesStopped())

    def _finish(self, service: Service, now: float) -> None:
        self._orders.finish(service)
        if service.spec.unloading:
            del self.services[service.name]
            self._deadlines.clear((SERVICE, service.name))
            self._deadlines.set((STRAY, service.name), now + REPEAT_SECONDS)
            self.keep(SPEC + service.name, None, durable=True)
            self.say(Unlisten(service.spec.folder))

    def _say_board(self) -> None:
        """When it changed, or was asked for; and at the start: others remember the life before."""
        board = ServiceBoard(tuple(service.status() for service in self.services.values()))
        if board != self._board:
            self._board = board
            self.say(board)
