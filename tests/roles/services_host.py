"""The services role on an imagined host: fake hands, a fake census, and root's own table of jobs.

Letters take a moment and may be lost, the role may be restarted with what it kept, processes die
and are stubborn. The host asserts what must never happen: two processes of one job at once, a
wake-up in the past, one that leads nowhere, and anything that the wiring does not know.
"""

import heapq
import json
from itertools import count
from random import Random

from msgspec.structs import replace

from habactors.config import ServicesConfig
from habactors.protocol import files, hands
from habactors.protocol.commands import Answered, ServiceBoard
from habactors.protocol.errands import Halt, ServicesStopped, Spawn, StopServices
from habactors.protocol.events import Event
from habactors.protocol.health import Health
from habactors.protocol.letters import AnyLetter, read, write
from habactors.protocol.lifecycle import Identity, Start, Wake
from habactors.protocol.news import Offer, Withdraw
from habactors.protocol.views import GroupView, Recount, ServiceView, Views
from habactors.roles.context import Places
from habactors.roles.deadlines import Deadlines
from habactors.roles.jobs import Jobs
from habactors.roles.role import Role
from habactors.roles.services import Services
from habactors.roles.wiring import HEARERS

NOW = 1_000.0
LETTER_SECONDS = 0.001
END_SECONDS = 0.05
WAKES_MAX = 20

ME = Identity("ada", "ada", "ada:9638")
SETTINGS = ServicesConfig(packages=(), backoff_min_seconds=1.0, backoff_max_seconds=8.0)

WEB = files.Package(
    path="/packages/web",
    origin="core",
    name="web",
    version="1.0",
    release="",
    exports={"port": "port"},
    defaults={"port": 80, "command": "serve", "unused": 0},
    hooks=("run",),
    shutdown_timeout_seconds=5.0,
)
"""Its config file shows `port`, its run hook `command`, nothing shows `unused`."""

DB = replace(WEB, name="db", path="/packages/db")


class Agenda:
    """What happens when, in virtual time."""

    def __init__(self):
        self.now = NOW
        self._order = count()
        self._items = []

    def after(self, seconds, call, *arguments):
        heapq.heappush(self._items, (self.now + seconds, next(self._order), call, arguments))

    def run(self, seconds):
        end = self.now + seconds
        while self._items and self._items[0][0] <= end:
            self.now, _, call, arguments = heapq.heappop(self._items)
            call(*arguments)
        self.now = end


class Shelf:
    """The hands: packages by name, and what is rendered. `broken` makes the disk refuse."""

    def __init__(self, *packages):
        self.packages = {package.name: package for package in packages}
        self.broken = ""
        self.listening = []
        self.renderings = []
        self.rendered = {}
        self.outputs = {}
        self.proclaimed = []

    def do(self, message):
        """The answer, if there is one."""
        match message:
            case files.Fetch(ticket, ident):
                name = ident.removeprefix("core/").partition("/")[0]
                package = self.packages.get(name)
                if package is None:
                    hint = "did you mean core/web?"
                    return files.Fetched(ticket, None, "not-found", f"no package {name}", hint)
                return files.Fetched(ticket, package)
            case files.Render(service, package, context):
                return self._render(service, package, context)
            case files.Collect(folder, hook):
                return files.Collected(folder, hook, self.outputs.get(folder, ""))
            case files.Proclaim(folder, text):
                self.proclaimed.append((folder, json.loads(text)))
            case files.Listen(folder):
                self.listening.append(folder)
            case files.Unlisten(folder):
                self.listening.remove(folder)
        return None

    def _render(self, service, package, context):
        cfg = context["cfg"]
        self.renderings.append((service, cfg))
        if self.broken or cfg["port"] == "bad":
            return files.Rendered(service, "", "", error=self.broken or "web.conf:1:1: bad port")
        me = context["svc"]["me"]
        leads = " leads" if me and me["leader"] else ""
        config = f"{package.version} {cfg['port']}{leads}"
        self.rendered[service] = config
        return files.Rendered(service, config, f"{package.version} {cfg['command']}")


class Root(Role):
    """Root's table of jobs over imagined processes, which outlive every actor.

    `stubborn` jobs end only when killed, `failing` ones cannot be started; `spans` are the lives
    of all processes: job, pid, what was rendered at their start.
    """

    NAME = "root"

    def __init__(self, host):
        super().__init__(ME)
        self.host = host
        self.processes = {}
        self.proofs = {}
        self.spans = []
        self.stubborn = set()
        self.failing = set()
        self.heard = []
        self._pids = count(100)
        self.restart()

    def restart(self):
        """The whole node was killed; the processes were not."""
        self._deadlines = Deadlines()
        self._jobs = Jobs(self, self._deadlines)
        self._known = {}

    def hear(self, message, now):
        self.heard.append(message)
        match message:
            case Spawn():
                self._jobs.spawn(message)
            case Halt():
                self._jobs.halt(message, now)
            case ServicesStopped():
                self.host.stopped = True
        self._pass_on()

    def _pass_on(self):
        """Do or say what the jobs want."""
        now = self.host.agenda.now
        while self.out.said:
            message = self.out.said.pop(0)
            match message:
                case hands.Launch(spawn):
                    self._launch(spawn, now)
                case hands.SignalJob():
                    self._signal(message)
                case _:
                    self.host.post("root", message)
        if self._deadlines.next is not None:
            self.host.agenda.after(max(0.0, self._deadlines.next - now), self._ring)

    def _ring(self):
        for _, name in self._deadlines.due(self.host.agenda.now):
            self._jobs.overdue(name, self.host.agenda.now)
        self._pass_on()

    def _launch(self, spawn, now):
        job = spawn.job
        if self._adopt(job, spawn.pid_file, now):
            return
        if job in self.failing:
            self._jobs.ended(hands.JobEnded(job, 0, None, "no such file"))
            return
        assert job not in self.processes, f"a second process of {job}"
        pid = self.processes[job] = next(self._pids)
        self._known[job] = True
        self.proofs[job] = spawn.pid_file
        self.spans.append((job, pid, self.host.shelf.rendered.get(job.rpartition("/")[0])))
        self._jobs.started(hands.JobStarted(job, pid, now, adopted=False))

    def _adopt(self, job, pid_file, now):
        proved = [other for other, path in self.proofs.items() if path == pid_file]
        assert proved in ([], [job]), f"{job} would be taken for {proved}"
        if not proved:
            return False
        if job not in self._known:
            self._known[job] = True
            self._jobs.started(hands.JobStarted(job, self.processes[job], now, adopted=True))
        return True

    def _signal(self, order):
        job = order.job
        if job not in self.processes or not (
            job in self._known or self._adopt(job, order.pid_file, self.host.agenda.now)
        ):
            self._jobs.ended(hands.JobEnded(job, 0, None))
        elif order.signal == "KILL":
            self.end(job, self.processes[job], -9)
        elif order.signal != "CONT" and job not in self.stubborn:
            self.host.agenda.after(END_SECONDS, self.end, job, self.processes[job], -15)

    def end(self, job, pid, code):
        """A process ends; who knows it hears of it."""
        if self.processes.get(job) != pid:
            return
        del self.processes[job], self.proofs[job]
        if self._known.pop(job, None):
            self._jobs.ended(hands.JobEnded(job, pid, code))
        self._pass_on()

    def crash(self, job, code=1):
        """A process dies of itself, if it runs."""
        if job in self.processes:
            self.end(job, self.processes[job], code)


class Census:
    """Disseminator and census in one: what is offered is listed at once, and told as views."""

    def __init__(self, host):
        self.host = host
        self.configs = {}
        self.members = {}
        self.silent = False
        self.epoch = 0
        self.restart()

    def restart(self):
        self.epoch += 1
        self.version = 0
        self._say_all()

    def hear(self, message):
        if self.silent:
            return
        match message:
            case Recount():
                self._say_all()
            case Offer(service_group, ident, topology, exports, sys):
                view = ServiceView(
                    ME.id,
                    service_group,
                    ident,
                    1,
                    topology,
                    exports,
                    sys,
                    int(Health.ALIVE),
                    False,
                )
                self.list(view)
            case Withdraw(service_group):
                if self.members.get(service_group, {}).pop(ME.id, None):
                    self._say(service_group)

    def list(self, view):
        group = self.members.setdefault(view.service_group, {})
        if group.get(view.member_id) != view:
            group[view.member_id] = view
            self._say(view.service_group)

    def configure(self, service_group, **cfg):
        """An operator applies a configuration."""
        version = self.configs.get(service_group, (0, b""))[0] + 1
        lines = (f"{key} = {json.dumps(value)}" for key, value in cfg.items())
        self.configure_text(service_group, version, "\n".join(lines))

    def configure_text(self, service_group, version, text):
        self.configs[service_group] = (version, text.encode())
        self._say(service_group)

    def is_listed(self, service_group):
        return ME.id in self.members.get(service_group, {})

    def _view(self, name):
        version, body = self.configs.get(name, (0, b""))
        members = self.members.get(name, {})
        if not version and not members:
            return None
        return GroupView(
            name, version, body, "eve", tuple(members[one] for one in sorted(members))
        )

    def _say(self, name):
        self.version += 1
        view = self._view(name)
        views = Views(
            self.epoch,
            self.version,
            whole=False,
            members=(),
            groups=(view,) if view else (),
            gone_groups=() if view else (name,),
        )
        self.host.post("census", views)

    def _say_all(self):
        views = [self._view(name) for name in dict.fromkeys([*self.members, *self.configs])]
        groups = tuple(view for view in views if view)
        self.host.post("census", Views(self.epoch, self.version, True, (), groups))


class Host:
    """The host. `lose(letter)` decides which letters are lost, `loads` are those of node.toml."""

    def __init__(self, *packages, loads=(), seed=1):
        self.agenda = Agenda()
        self.shelf = Shelf(*(packages or (WEB, DB)))
        self.lose = lambda letter: False
        self.stopped = False
        self.answers = {}
        self.events = []
        self.board = ServiceBoard(())
        self.said = []
        self.records = {}
        self._settings = replace(SETTINGS, load=tuple(loads))
        self._seeds = Random(seed)
        self._requests = count(1)
        self._life = 0
        self._boot = 0
        self._rang = (0.0, 0)
        self.role = None
        self._waiting = []
        self.root = Root(self)
        self.census = Census(self)
        self.hear_ballot = lambda letter: None
        self.start()

    # The role's life

    def start(self, *, damaged=False):
        """The services actor starts, or starts anew with what it kept."""
        self._life += 1
        sys = {"ip": "10.0.0.1", "member_id": ME.id}
        places = Places("/svc", sys=sys, environment={"PATH": "/bin"})
        self.shelf.listening.clear()
        self.role = Services(ME, self._settings, places, Random(self._seeds.random()))
        self.hear(Start(dict(self.records), damaged))
        return self

    def restart_node(self):
        """Root and all actors are gone, with all letters between them; processes go on."""
        self._boot += 1
        self.root.restart()
        self.start()
        self.census.restart()
        return self

    def kill(self):
        """The services actor is gone; what it was told meanwhile is lost."""
        self._life += 1
        self.role = None

    def hear(self, message):
        """Drive the role as its body does."""
        if self.role is None:
            return
        waiting = [message]
        while waiting:
            self.role.hear(waiting.pop(0), self.agenda.now)
            out = self.role.out
            for record in out.kept:
                if record.value is None:
                    self.records.pop(record.key, None)
                else:
                    self.records[record.key] = record.value
            said, out.said, out.kept = out.said, [], []
            for letter in said:
                waiting += self._deliver(letter)
        self._set_alarm(self.role.out.wake)

    def _deliver(self, letter):
        """To the hands at once, to others by post."""
        hearers = HEARERS["services", type(letter)]
        self.said.append(letter)
        if hearers == ("services.hands",):
            answer = self.shelf.do(letter)
            return [] if answer is None else [answer]
        assert isinstance(letter, AnyLetter)
        letter = read(write(letter))
        match letter:
            case Answered():
                self.answers[letter.request] = letter
            case Event():
                self.events.append(letter)
            case ServiceBoard():
                self.board = letter
            case _ if not self.lose(letter):
                calls = {"root": self._tell_root, "election": self._tell_election}
                call = calls.get(hearers[0], self.census.hear)
                self.agenda.after(LETTER_SECONDS, self._bring, self._boot, call, letter)
        return []

    def _bring(self, boot, call, letter):
        if boot == self._boot:
            call(letter)

    def _tell_root(self, letter):
        self.root.hear(letter, self.agenda.now)

    def _tell_election(self, letter):
        self.hear_ballot(letter)

    def post(self, speaker, letter):
        """A letter to the role; whoever is dead when it comes does not hear it."""
        assert "services" in HEARERS[speaker, type(letter)]
        if not self.lose(letter):
            letter = read(write(letter))
            self.agenda.after(LETTER_SECONDS, self._bring, self._boot, self.hear, letter)

    def _set_alarm(self, wake):
        if wake is None:
            return
        now = self.agenda.now
        if wake <= now:
            time, often = self._rang
            self._rang = (now, often + 1 if time == now else 1)
            assert self._rang[1] < WAKES_MAX, "asks to be woken without end"
        self.agenda.after(max(0.0, wake - now), self._ring, wake, self._life)

    def _ring(self, wake, life):
        if life == self._life and self.role and self.role.out.wake == wake:
            self.hear(Wake())

    # What operators see and do

    def order(self, kind, *arguments, **named):
        """Give an order and let it settle; the answer, or None as long as there is none."""
        request = next(self._requests)
        self.hear(kind(request, *arguments, **named))
        self.run(0.5)
        return self.answers.get(request)

    def stop_services(self):
        """As root does when the node stops: said again until it is answered."""
        self.stopped = False
        for _ in range(100):
            if self.stopped:
                return True
            self.post("root", StopServices())
            self.run(1.0)
        return False

    def run(self, seconds=1.0):
        self.agenda.run(seconds)
        return self

    def row(self, name="web.default"):
        """The service on the board, or None."""
        rows = {row.service_group: row for row in self.board.services}
        return rows.get(name)

    def state(self, name="web.default"):
        row = self.row(name)
        return row.state if row else None

    def pid(self, name="web.default"):
        """The pid of the process that really runs, 0 when none does."""
        return self.root.processes.get(f"{name}/run", 0)

    def starts(self, name="web.default"):
        """How often its process was started."""
        return sum(job == f"{name}/run" for job, _, _ in self.root.spans)

    def take(self, kind):
        """What the role said of that kind since the last look."""
        taken = [letter for letter in self.said if isinstance(letter, kind)]
        self.said = [letter for letter in self.said if not isinstance(letter, kind)]
        return taken

    def whys(self, after):
        """The reasons of all changes to a state."""
        return [event.why for event in self.events if event.after == after]


def lose_first(kind, times=1):
    """Loses the first letters of a kind."""
    left = iter(range(times))
    return lambda letter: isinstance(letter, kind) and next(left, None) is not None


def records(host, prefix):
    """Names of what the role has kept under a prefix."""
    return sorted(key.removeprefix(prefix) for key in host.records if key.startswith(prefix))
