"""What happens to one service, from its loading to its unloading?

Level-triggered: after anything that happened, `pursue` compares what is wanted with what is so and
says the next step. Steps are idempotent and said again while unanswered, so the service, the
services actor, the census and root may each die at any moment.
"""

import msgspec

from habactors.protocol.commands import ServiceStatus
from habactors.protocol.errands import Ended, Halt, Running, Spawn
from habactors.protocol.files import Collected, Fetched, Rendered
from habactors.protocol.leadership import Leadership
from habactors.protocol.news import Withdraw
from habactors.protocol.views import GroupView
from habactors.roles.backoff import Backoff
from habactors.roles.context import Places, split
from habactors.roles.hook import Hook
from habactors.roles.leading import TOPOLOGY, Leading
from habactors.roles.preparation import Preparation
from habactors.roles.role import Role
from habactors.roles.specs import PROCESS, Prints, Spec
from habactors.roles.steps import Steps
from habactors.roles.suitability import SUITABILITY, Suitability

SHUTDOWN_SECONDS = 8.0
RUN = "run"
RECONFIGURE = "reconfigure"
RESTART_CODE = 75
"""With this exit code (EX_TEMPFAIL) a reconfigure hook asks for a restart instead."""


class Service:
    """One loaded service; it speaks through the services role."""

    def __init__(self, role: Role, places: Places, spec: Spec, backoff: Backoff) -> None:
        self.spec = spec
        self.state = "waiting"
        self.since = 0.0
        self.restarts = 0
        self.restart_why = ""
        self.started = Prints()
        self.closing = False
        self.waiting: dict[int, str] = {}
        self._role = role
        self._places = places
        self._backoff = backoff
        self._backoff_until = 0.0
        self._steps = Steps(role)
        self._preparation = Preparation(role, places, self._steps)
        self._group: GroupView | None = None
        self._certain = False
        self._spawning: Prints | None = None
        is_led = spec.topology == TOPOLOGY
        self.leading = Leading(role, spec.service_group, spec.folder) if is_led else None
        self._suitability = Suitability(
            role, self._job(SUITABILITY), self._pid_file(SUITABILITY), spec.folder
        )
        self._hook: Hook | None = Hook(self._job(RECONFIGURE), self._pid_file(RECONFIGURE))

    @property
    def name(self) -> str:
        return self.spec.service_group

    @property
    def pid(self) -> int:
        return self.started.pid

    @property
    def wanted(self) -> bool:
        return self.spec.desired == "up" and not self.closing and not self.spec.unloading

    @property
    def is_down(self) -> bool:
        """Whether nothing of it runs, nor will."""
        return self.state == "down" and not self.wanted and self._hook is None

    @property
    def next_time(self) -> float | None:
        """When to pursue it again, whatever happens."""
        return self._steps.next_time

    def remember(self, started: Prints) -> None:
        """What a former life of the services actor knew; root will say whether it still runs."""
        self.started = started
        if started.run:
            self._preparation.files = started
        if started.pid:
            self._become("up", started.since)

    def remember_lead(self, term: bytes, now: float) -> None:
        """Under which term its process led, in a former life of the services actor."""
        if self.leading and term.isdigit():
            self.leading.remember(int(term), now)

    def lead(self, news: Leadership, now: float) -> None:
        """How this node stands in the service's group."""
        if self.leading:
            self.leading.hear(news)
            if not news.leader:
                self._suitability.hurry(now)

    def stand_again(self) -> None:
        """The election actor begins anew."""
        if self.leading:
            self.leading.stand_again()

    def fetched(self, news: Fetched) -> None:
        self._preparation.fetched(news)

    def rendered(self, news: Rendered, now: float) -> None:
        self._preparation.rendered(news, now)

    def see(self, group: GroupView | None) -> None:
        """The census' view of this service's group."""
        self._group = group

    def hurry(self) -> None:
        """An operator wants it to get on: no pause, no memory of what failed."""
        self._backoff.reset()
        self._backoff_until = 0.0
        self._preparation.hurry()

    def running(self, news: Running, now: float) -> None:
        if news.job == self._suitability.job:
            self._suitability.running(news, now)
        elif self._hook and self._hook.job == news.job:
            self._hook.running(news, now)
        if news.job != self._job(RUN):
            return
        if news.pid != self.pid:
            self._take_process(news, now)
        self._settle()
        if self.state != "stopping":
            self._become("up", now)

    def _take_process(self, news: Running, now: float) -> None:
        """A process that is new to us: started at our word just now, or at a former life's."""
        known = self.started if self.started.run else self._spawning or Prints()
        if self._spawning and not news.adopted and news.started >= self._spawning.since:
            known = self._spawning
        self._note_process(msgspec.structs.replace(known, pid=news.pid, since=news.started))
        how = "adopted" if news.adopted else "started"
        self._report(now, "up", f"{how} as pid {news.pid}")

    def ended(self, news: Ended, now: float) -> None:
        if news.job == self._suitability.job:
            self._steps.forget(SUITABILITY)
            self._suitability.ended(news, now)
        elif self._hook and self._hook.job == news.job and self._hook.is_over(news, now):
            self._end_hook(self._hook, news, now)
        if news.job != self._job(RUN):
            return
        is_news = bool(news.pid or news.error or self.pid)
        if self._certain and not is_news and self.state != "stopping":
            return  # the answer to a Halt that came when all was over
        lived_seconds = now - self.started.since if self.pid else 0.0
        self._settle()
        self._note_process(Prints())
        self._suitability.forget(now)
        if self.leading:
            self.leading.demote()
        if self.wanted and self.state != "stopping":
            self._back_off(_outcome(news), lived_seconds, now)
            return
        if is_news:
            self._report(now, "down", f"ended as told ({_outcome(news)})")
        self._become("waiting" if self.wanted else "down", now)

    def _settle(self) -> None:
        """Root has said what is so."""
        self._certain, self._spawning = True, None
        self._steps.forget("spawn", "halt")

    def _back_off(self, why: str, lived_seconds: float, now: float) -> None:
        pause_seconds = self._backoff.pause_seconds(lived_seconds)
        self.restarts += 1
        self.restart_why = why
        self._report(now, "backoff", f"{why}, again in {pause_seconds:.1f} s")
        self._backoff_until = now + pause_seconds
        self._become("backoff", now)

    def pursue(self, now: float) -> None:
        """Say the next step, if one is due."""
        self._steps.look()
        if self._hook:
            self._pursue_hook(self._hook, now)
        if self.wanted and self.state == "backoff" and now < self._backoff_until:
            self._steps.look_again(self._backoff_until)
        elif self.wanted and self.state in ("backoff", "down"):
            self._become("waiting", now)
        if self.leading:
            self._pursue_leadership(self.leading, now)
        if not self.wanted:
            self._bring_down(now)
            return
        if self.state == "stopping":
            self._say_halt(now)
        files = self._preparation.advance(self.spec, self._group, self.leading, now)
        if files and self.state not in ("stopping", "backoff"):
            self._bring_up(files, now)

    def _pursue_leadership(self, leading: Leading, now: float) -> None:
        """Tell whether this service could lead, and stop it in time when it leads no more."""
        unfit = {"backoff": self.restart_why, "stopping": "it is being stopped"}
        self._measure(now)
        leading.expire(now)
        leading.stand(
            wanted=self.wanted,
            fit=unfit.get(self.state, "" if self.pid else self._preparation.unfit),
            suitability=self._suitability.value,
            measured_at=self._suitability.measured_at,
        )
        end = leading.end_of_reign(now)
        if end is None:
            return
        if not self.pid and self._certain and self._spawning is None:
            leading.demote()
        elif self.state == "stopping":
            pass
        elif now >= end:
            self._restart_for("it leads its group no more", now)
        else:
            self._steps.look_again(end)

    def _measure(self, now: float) -> None:
        """Ask the service how suitable it is, from time to time."""
        package = self._preparation.package
        if package is None or SUITABILITY not in package.hooks or self.state != "up":
            return
        fifo = f"{self.path}/hooks/{SUITABILITY}.out"
        spawn = msgspec.structs.replace(self._spawn(SUITABILITY), fifo=fifo)
        step = self._suitability.step(spawn, self.pid, now)
        if step:
            self._steps.say(SUITABILITY, step, now)
        else:
            self._steps.look_again(self._suitability.next_time)

    def collected(self, news: Collected) -> None:
        """What a hook wrote."""
        self._suitability.collected(news.text)

    def _bring_down(self, now: float) -> None:
        if not self.closing and self._preparation.is_listed(self._group):
            self._steps.say("withdraw", Withdraw(self.name), now)
        if self.state != "down":
            self._become("stopping", now)
            self._say_halt(now)

    def _bring_up(self, files: Prints, now: float) -> None:
        if self.leading:
            self.leading.lead()
            self.leading.proclaim()
        if not self.pid or not self._certain:
            self._start(files, now)
        elif not self.started.run:  # nobody knows what it was started with
            order, since = self.spec.order, self.started.since
            self._note_process(Prints(files.config, files.run, order, self.pid, since))
        elif self.started.order != self.spec.order:
            self._restart_for("an operator wanted it", now)
        elif files.run != self.started.run:
            self._restart_for("its run hook changed", now)
        elif files.config != self.started.config:
            self._take_up_config(files, now)

    def _start(self, files: Prints, now: float) -> None:
        """Note what the process is started with before it is: we may not live to hear of it."""
        if self._spawning is None:
            self._spawning = Prints(files.config, files.run, self.spec.order, 0, now)
            if not self.started.run:
                self._note_process(self._spawning)
        if not self.pid:
            self._become("initializing", now)
        self._steps.say("spawn", self._spawn(RUN), now)

    def _take_up_config(self, files: Prints, now: float) -> None:
        package = self._preparation.package
        assert package is not None, "runs without a package"
        if RECONFIGURE not in package.hooks:
            self._restart_for("its configuration changed", now)
        elif self._hook is None:
            self._report(now, "reconfiguring", "its configuration changed")
            self._hook = Hook(
                self._job(RECONFIGURE),
                self._pid_file(RECONFIGURE),
                spawn=self._spawn(RECONFIGURE),
                pid=self.pid,
                config=files.config,
                now=now,
            )
            self._pursue_hook(self._hook, now)

    def _pursue_hook(self, hook: Hook, now: float) -> None:
        """A hook ends at its time limit, or when its service is to end."""
        if self.state != "up" or not self.wanted:
            hook.limit(now)
        step = hook.step(now)
        if step:
            self._steps.say("hook", step, now)
        else:
            self._steps.look_again(hook.until)

    def _end_hook(self, hook: Hook, news: Ended, now: float) -> None:
        self._hook = None
        self._steps.forget("hook")
        if hook.is_worth_telling(news):
            self._report(now, self.state, f"reconfigure {_outcome(news)}")
        if news.code == RESTART_CODE and self.pid == hook.pid:
            self._restart_for("its configuration cannot be taken up live", now)
        elif hook.was_for(self.pid):
            self._note_process(msgspec.structs.replace(self.started, config=hook.config))

    def _restart_for(self, why: str, now: float) -> None:
        """End the process; because it is wanted, it comes back."""
        self.restarts += 1
        self.restart_why = why
        self._report(now, "stopping", why)
        self._become("stopping", now)
        self._say_halt(now)

    def _say_halt(self, now: float) -> None:
        package = self._preparation.package
        signal, seconds = "TERM", SHUTDOWN_SECONDS
        if package:
            signal, seconds = package.shutdown_signal, package.shutdown_timeout_seconds
        if self.spec.shutdown_timeout_seconds is not None:
            seconds = self.spec.shutdown_timeout_seconds
        if self.leading and self.leading.term:
            seconds = min(seconds, self.leading.seconds_to_stop(now))
        halt = Halt(self._job(RUN), self._pid_file(RUN), signal, seconds)
        self._steps.say("halt", halt, now)

    def _become(self, state: str, now: float) -> None:
        if state != self.state:
            self.state = state
            self.since = self.started.since if state == "up" else now

    def _spawn(self, hook: str) -> Spawn:
        package = self._preparation.package
        assert package is not None, "spawns without a package"
        version = self._group.config_version if self._group else 0
        known = self.leading.known if self.leading else None
        own = {
            "HABACTORS_SERVICE_GROUP": self.name,
            "HABACTORS_MEMBER_ID": self._role.me.id,
            "HABACTORS_CONFIG_VERSION": str(version),
            "HABACTORS_TERM": str(known.term) if known else "",
            "HABACTORS_ROLE": known.role if known else "",
        }
        return Spawn(
            self._job(hook),
            (f"{self.path}/hooks/{hook}",),
            self.path,
            {**self._places.environment, **own},
            f"{self.path}/logs/output.fifo",
            self._pid_file(hook),
            package.user,
            package.group,
            dies_with_root=self.leading is not None,
        )

    def _note_process(self, started: Prints) -> None:
        self.started = started
        record = None if started == Prints() else msgspec.msgpack.encode(started)
        self._role.keep(PROCESS + self.name, record)

    @property
    def path(self) -> str:
        """The folder of all that is the service's own."""
        return f"{self._places.svc_dir}/{self.spec.folder}"

    def _job(self, hook: str) -> str:
        return f"{self.name}/{hook}"

    def _pid_file(self, hook: str) -> str:
        return f"{self.path}/PID" if hook == RUN else f"{self.path}/hooks/{hook}.PID"

    def _report(self, now: float, after: str, why: str) -> None:
        self._role.report(now, "service", self.name, self.name, self.state, after, why)

    def status(self) -> ServiceStatus:
        service, group, _ = split(self.name)
        package = self._preparation.package
        return ServiceStatus(
            ident=package.ident if package else self.spec.package,
            service=service,
            group=group,
            service_group=self.name,
            topology=self.spec.topology,
            desired=self.spec.desired,
            state=self.state,
            pid=self.pid,
            since=self.since,
            restarts=self.restarts,
            next_restart=self._backoff_until if self.state == "backoff" else 0.0,
            blocked=self._preparation.blocked if self.wanted else "",
            path=self.path,
            config=msgspec.json.encode(self._preparation.config),
            restarted_because=self.restart_why,
            role=self.leading.role if self.leading else "",
        )


def _outcome(news: Ended) -> str:
    if news.error:
        return f"could not start: {news.error}"
    if news.code is None:
        return "exit code unknown"
    if news.code < 0:
        return f"killed by signal {-news.code}"
    return f"exit code {news.code}"
