"""What happens to one service, from its loading to its unloading?

Level-triggered: after anything that happened, `pursue` compares what is wanted with what is so and
says the next step. Steps are idempotent and said again while unanswered, so the service, the
services actor, the census and root may each die at any moment.
"""

from typing import Any

import msgspec

from habactors.protocol.commands import ServiceStatus
from habactors.protocol.errands import Ended, Halt, Running, Spawn
from habactors.protocol.files import Fetched, Package, Render, Rendered
from habactors.protocol.news import Offer, Withdraw
from habactors.protocol.views import GroupView
from habactors.roles.backoff import Backoff
from habactors.roles.context import Places, context, split
from habactors.roles.layers import Unreadable, merge, parse, pick
from habactors.roles.role import Role

REPEAT_SECONDS = 2.0
HOOK_SECONDS = 30.0


class Spec(msgspec.Struct, frozen=True, array_like=True):
    """What an operator wants of a service; kept. `request` is the command that loaded it."""

    package: str
    service_group: str
    topology: str
    folder: str
    desired: str = "up"
    shutdown_timeout_seconds: float | None = None
    request: int = 0


class Prints(msgspec.Struct, frozen=True, array_like=True):
    """Fingerprints of what a process was started with, or of what is rendered now.

    Kept while it runs.
    """

    config: str = ""
    run: str = ""
    pid: int = 0
    since: float = 0.0


class Service:
    """One loaded service; it speaks through the services role."""

    def __init__(self, role: Role, places: Places, spec: Spec, backoff: Backoff) -> None:
        self.spec = spec
        self.package: Package | None = None
        self.state = "waiting"
        self.blocked = ""
        self.since = 0.0
        self.restarts = 0
        self.restart_why = ""
        self.started = Prints()
        self.unloading = False
        self.closing = False
        self.waiting: list[tuple[int, str]] = []
        self.next_time: float | None = None
        self.config: dict[str, Any] = {}
        self._role = role
        self._places = places
        self._backoff = backoff
        self._group: GroupView | None = None
        self._context: dict[str, Any] | None = None
        self._rendered: Prints | None = None
        self._certain = False
        self._asked: dict[str, float] = {}
        self._reconfiguring: Prints | None = None

    @property
    def name(self) -> str:
        return self.spec.service_group

    @property
    def pid(self) -> int:
        return self.started.pid

    @property
    def wanted(self) -> bool:
        return self.spec.desired == "up" and not self.closing and not self.unloading

    def remember(self, started: Prints) -> None:
        """A former life of the services actor saw this process.

        Root will say whether it still runs.
        """
        self.started = started
        self.state, self.since = "up", started.since

    def fetched(self, news: Fetched) -> None:
        self.package = news.package
        self.blocked = "" if news.package else f"{news.message}: {news.hint}"

    def see(self, group: GroupView | None) -> None:
        """The census' view of this service's group."""
        self._group = group

    def rendered(self, news: Rendered) -> None:
        self.blocked = news.error
        self._rendered = None if news.error else Prints(news.config_print, news.run_print)

    def running(self, news: Running, now: float) -> None:
        if news.job != self._job("run"):
            return
        fresh = news.pid != self.started.pid
        self._certain = True
        self._asked.clear()
        if fresh:
            current = self._rendered or Prints()
            self._note_process(Prints(current.config, current.run, news.pid, news.started))
            how = "adopted" if news.adopted else "started"
            self._report(now, "up", f"{how} as pid {news.pid}")
        self.state, self.since = "up", self.started.since

    def ended(self, news: Ended, now: float) -> None:
        if news.job == self._job("reconfigure"):
            self._end_reconfigure(news, now)
        if news.job != self._job("run"):
            return
        was_up, lived_seconds = self.state, now - self.started.since if self.pid else 0.0
        self._certain = True
        self._asked.clear()
        self._note_process(Prints())
        self.since = now
        if was_up == "stopping":
            self._report(now, "down", f"ended as told ({_outcome(news)})")
            self.state = "waiting" if self.wanted else "down"
        elif self.wanted:
            pause_seconds = self._backoff.pause_seconds(lived_seconds)
            self.restarts += 1
            self.restart_why = _outcome(news)
            self.state, self.next_time = "backoff", now + pause_seconds
            self._report(now, "backoff", f"{_outcome(news)}, again in {pause_seconds:.1f} s")
        else:
            self.state = "down"

    def restart(self, why: str) -> None:
        """End the process; because it is wanted, it comes back."""
        self._backoff.reset()
        if self.pid:
            self.restarts += 1
            self.restart_why = why
            self.state = "stopping"
        elif self.state == "backoff":
            self.state = "waiting"

    def pursue(self, now: float) -> None:
        """Say the next step, if one is due; `next_time` is when to look again."""
        if self.state == "backoff" and self.next_time is not None and now >= self.next_time:
            self.state = "waiting"
        if self.state != "backoff":
            self.next_time = None
        if not self.wanted:
            self._bring_down(now)
        elif self.state == "stopping":
            self._say_halt(now)
        elif self._is_prepared(now):
            self._bring_up(now)

    def _bring_down(self, now: float) -> None:
        if not self.closing and self._is_listed():
            self._say_again("withdraw", Withdraw(self.name), now)
        if self.state == "down" and self._certain:
            return
        self.state = "stopping"
        self._say_halt(now)

    def _is_prepared(self, now: float) -> bool:
        """Whether package, census and rendered files are all there."""
        if self.package is None:
            return False
        offer = self._offer()
        if not self._is_listed(offer):
            if not self.pid:
                self.state, self.blocked = "waiting", "waits for the census to list it"
            self._say_again("offer", offer, now)
            return False
        assert self._group is not None, "listed in a group that is not there"
        if self.blocked.startswith("waits for the census"):
            self.blocked = ""
        fresh = context(self._places, self.package, self.spec.folder, self._group, self.config)
        if fresh != self._context:
            self._context, self._rendered = fresh, None
            self._role.say(Render(self.name, self.package, fresh))
        return self._rendered is not None

    def _bring_up(self, now: float) -> None:
        assert self._rendered is not None, "prepared without rendered files"
        if self.state == "backoff":
            return
        if not self.pid or not self._certain:
            if not self.pid:
                self.state = "initializing"
            self._say_again("spawn", self._spawn("run"), now)
        elif self._rendered.run != self.started.run:
            self._restart_for("its run hook changed", now)
        elif self._rendered.config != self.started.config:
            self._take_up_config(now)

    def _take_up_config(self, now: float) -> None:
        assert self.package is not None, "runs without a package"
        if "reconfigure" not in self.package.hooks:
            self._restart_for("its configuration changed", now)
        elif self._reconfiguring is None:
            self._reconfiguring = self._rendered
            self._report(now, "reconfiguring", "its configuration changed")
            self._role.say(self._spawn("reconfigure"))

    def _end_reconfigure(self, news: Ended, now: float) -> None:
        rendered, self._reconfiguring = self._reconfiguring, None
        if rendered and self.pid:
            self._note_process(
                Prints(rendered.config, self.started.run, self.pid, self.started.since)
            )
        self._report(now, self.state, f"reconfigure {_outcome(news)}")

    def _restart_for(self, why: str, now: float) -> None:
        self.restart(why)
        self._report(now, "stopping", why)
        self._say_halt(now)

    def _say_halt(self, now: float) -> None:
        seconds = self.spec.shutdown_timeout_seconds
        signal = "TERM"
        if self.package:
            signal = self.package.shutdown_signal
            seconds = self.package.shutdown_timeout_seconds if seconds is None else seconds
        halt = Halt(self._job("run"), self._path("PID"), signal, 8.0 if seconds is None else seconds)
        self._say_again("halt", halt, now)

    def _say_again(self, what: str, message: Any, now: float) -> None:
        """Say a step, and say it again when it stays unanswered."""
        if now >= self._asked.get(what, float("-inf")) + REPEAT_SECONDS:
            self._asked[what] = now
            self._role.say(message)
        again = self._asked[what] + REPEAT_SECONDS
        self.next_time = again if self.next_time is None else min(again, self.next_time)

    def _is_listed(self, offer: Offer | None = None) -> bool:
        """Whether the census lists this service (just as offered)."""
        me = self._role.me.id
        for view in self._group.members if self._group else ():
            if view.member_id == me:
                said = Offer(self.name, view.ident, view.topology, view.exports, view.sys)
                return offer is None or said == offer
        return False

    def _offer(self) -> Offer:
        assert self.package is not None, "offers without a package"
        self.config = self._merged()
        exports = {
            name: pick(self.config, path) for name, path in sorted(self.package.exports.items())
        }
        return Offer(
            self.name,
            self.package.ident,
            self.spec.topology,
            msgspec.json.encode(exports),
            msgspec.json.encode(self._places.sys),
        )

    def _merged(self) -> dict[str, Any]:
        assert self.package is not None, "merges without a package"
        body = self._group.config_body if self._group else b""
        try:
            return merge(self.package.defaults, parse(body))
        except Unreadable:
            return self.package.defaults

    def _spawn(self, hook: str) -> Spawn:
        assert self.package is not None, "spawns without a package"
        path = f"{self._places.svc_dir}/{self.spec.folder}"
        own = {
            "HABACTORS_SERVICE_GROUP": self.name,
            "HABACTORS_MEMBER_ID": self._role.me.id,
            "HABACTORS_TERM": "",
            "HABACTORS_ROLE": "",
        }
        return Spawn(
            self._job(hook),
            (f"{path}/hooks/{hook}",),
            path,
            {**self._places.environment, **own},
            f"{path}/logs/output.fifo",
            self._path("PID" if hook == "run" else f"hooks/{hook}.PID"),
            self.package.user,
            self.package.group,
        )

    def _note_process(self, started: Prints) -> None:
        self.started = started
        record = msgspec.msgpack.encode(started) if started.pid else None
        self._role.keep(f"process/{self.name}", record)

    def _job(self, hook: str) -> str:
        return f"{self.name}/{hook}"

    def _path(self, name: str) -> str:
        return f"{self._places.svc_dir}/{self.spec.folder}/{name}"

    def _report(self, now: float, after: str, why: str) -> None:
        self._role.report(now, "service", self.name, self.name, self.state, after, why)

    def status(self) -> ServiceStatus:
        service, group, _ = split(self.name)
        return ServiceStatus(
            ident=self.package.ident if self.package else self.spec.package,
            service=service,
            group=group,
            service_group=self.name,
            topology=self.spec.topology,
            desired=self.spec.desired,
            state=self.state,
            pid=self.pid,
            since=self.since,
            restarts=self.restarts,
            next_restart=self.next_time or 0.0 if self.state == "backoff" else 0.0,
            blocked=self.blocked,
            path=f"{self._places.svc_dir}/{self.spec.folder}",
            config=msgspec.json.encode(self.config),
            restarted_because=self.restart_why,
        )


def _outcome(news: Ended) -> str:
    if news.error:
        return f"could not start: {news.error}"
    if news.code is None:
        return "exit code unknown"
    if news.code < 0:
        return f"killed by signal {-news.code}"
    return f"exit code {news.code}"
