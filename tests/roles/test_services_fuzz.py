"""Does it end well, whatever comes in whatever order? Left alone, what is wanted comes to be."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack
from msgspec.structs import replace

from habactors.protocol.commands import (
    LoadService,
    RestartService,
    StartService,
    StopService,
    UnloadService,
)
from habactors.protocol.errands import Ended
from habactors.roles.hook import HOOK_SECONDS
from habactors.roles.preparation import RETRY_SECONDS
from habactors.roles.services import RECOVERY_SECONDS
from habactors.roles.specs import SPEC, Spec
from tests.roles.services_host import DB, WEB, Host, records

GROUPS = ("web.default", "web.blue", "db.default")
HOOKED = replace(DB, hooks=("reconfigure", "run"))
HEALING_SECONDS = RECOVERY_SECONDS + RETRY_SECONDS + 2 * HOOK_SECONDS + 10.0

groups = st.sampled_from(GROUPS)
jobs = st.builds("{}/{}".format, groups, st.sampled_from(["run", "reconfigure"]))

orders = st.one_of(
    st.tuples(st.just("load"), groups, st.booleans()),
    st.tuples(st.sampled_from(["unload", "start", "stop", "restart"]), groups),
)
changes = st.one_of(
    st.tuples(st.just("configure"), groups, st.sampled_from([80, 81, 82, "bad"])),
    st.tuples(st.just("crash"), jobs, st.sampled_from([0, 1, -11])),
    st.tuples(st.just("run"), st.sampled_from([0.0005, 0.001, 0.01, 0.1, 1.0, 3.0, 12.0])),
)
troubles = st.one_of(
    st.tuples(st.sampled_from(["kill", "start actor", "restart node", "damage", "new census"])),
    st.tuples(st.sampled_from(["silence", "break disk", "lose packages"]), st.booleans()),
    st.tuples(st.sampled_from(["stubborn", "failing"]), jobs, st.booleans()),
    st.tuples(st.just("lose letters"), st.sampled_from([0.0, 0.3, 0.9])),
)
stories = st.lists(st.one_of(orders, changes, troubles), max_size=40)


class World:
    """A host that things happen to, and what its operators were promised."""

    def __init__(self):
        self.host = Host(WEB, HOOKED)
        self.promised = {}
        self.is_damaged = False
        self._luck = Random(1)
        self._requests = iter(range(1_000, 9_999))

    def happen(self, what, *arguments):
        getattr(self, "_" + what.replace(" ", "_"))(*arguments)

    def heal(self):
        """All troubles end; then there is time."""
        host = self.host
        host.lose = lambda letter: False
        host.census.silent = False
        host.shelf.broken = ""
        host.shelf.packages = {"web": WEB, "db": HOOKED}
        host.root.stubborn.clear()
        host.root.failing.clear()
        for name, (version, body) in list(host.census.configs.items()):
            if b"bad" in body:
                host.census.configure_text(name, version + 1, "port = 83")
        if host.role is None:
            host.start()
        host.run(1.0)
        host.census.configure("other.default", port=1)  # whoever missed views finds a gap
        host.run(HEALING_SECONDS)

    def _order(self, kind, *arguments):
        """Orders are obeyed whole, or not heard at all: the code of the answer, "" if none yet."""
        if self.host.role is None or (self.is_damaged and arguments[0] == "web"):
            return "unheard"
        request = next(self._requests)
        self.host.hear(kind(request, *arguments))
        answer = self.host.answers.get(request)
        return answer.code if answer else ""

    def _load(self, name, force):
        package, _, group = name.partition(".")
        load = (package, group, "standalone", None, force)
        if not self._order(LoadService, *load):
            self.promised[name] = "up"

    def _unload(self, name):
        if not self._order(UnloadService, name):
            self.promised.pop(name, None)

    def _start(self, name):
        if not self._order(StartService, name):
            self.promised[name] = "up"

    def _stop(self, name):
        if not self._order(StopService, name) and name in self.promised:
            self.promised[name] = "down"

    def _restart(self, name):
        self._order(RestartService, name)

    def _configure(self, name, port):
        self.host.census.configure(name, port=port)

    def _crash(self, job, code):
        self.host.root.crash(job, code)

    def _run(self, seconds):
        self.host.run(seconds)

    def _kill(self):
        self.host.kill()

    def _start_actor(self):
        self.host.start()

    def _restart_node(self):
        self.host.restart_node()

    def _damage(self):
        """What was promised is forgotten; only the ring remembers some of it.

        It does not remember which groups had a folder of another name than their package's, nor
        what was about to end.
        """
        host = self.host
        host.run(0.01)
        groups = [job.rpartition("/")[0] for job in host.root.processes]
        is_listed = all(host.census.is_listed(group) for group in groups)
        if is_listed and not any("." in row.path for row in host.board.services):
            self.host.records.clear()
            self.host.start(damaged=True)
            self.is_damaged = True

    def _new_census(self):
        self.host.census.restart()

    def _silence(self, on):
        self.host.census.silent = on

    def _break_disk(self, on):
        self.host.shelf.broken = "disk full" if on else ""

    def _lose_packages(self, on):
        self.host.shelf.packages = {} if on else {"web": WEB, "db": HOOKED}

    def _stubborn(self, job, on):
        (self.host.root.stubborn.add if on else self.host.root.stubborn.discard)(job)

    def _failing(self, job, on):
        (self.host.root.failing.add if on else self.host.root.failing.discard)(job)

    def _lose_letters(self, chance):
        """Any letter but those that tell of a death, which nobody repeats."""
        luck = self._luck
        self.host.lose = lambda letter: not isinstance(letter, Ended) and luck.random() < chance


def check(host):
    """Everything is as it is wanted to be, and nobody is restless."""
    wanted = {
        name: msgpack.decode(host.records[SPEC + name], type=Spec).desired
        for name in records(host, SPEC)
    }
    assert {row.service_group: row.desired for row in host.board.services} == wanted
    up = sorted(name for name, desired in wanted.items() if desired == "up")
    assert sorted(host.root.processes) == [f"{name}/run" for name in up]
    assert sorted(records(host, "process/")) == up
    for name, desired in wanted.items():
        row = host.row(name)
        assert (row.state, row.pid, row.blocked) == (desired, host.pid(name), "")
        assert host.census.is_listed(name) == (desired == "up")
    assert sorted(host.shelf.listening) == sorted(row.path[5:] for row in host.board.services)
    assert host.role.out.wake is None
    return wanted


@given(stories)
def test_left_alone_all_ends_as_it_is_wanted(story):
    world = World()
    for name in GROUPS[: len(story) % 4]:
        world.happen("load", name, False)
    for what, *arguments in story:
        world.happen(what, *arguments)
    world.heal()
    wanted = check(world.host)
    assert world.is_damaged or wanted == world.promised
    started = len(world.host.root.spans)
    world.host.run(HEALING_SECONDS)
    assert len(world.host.root.spans) == started


@given(
    st.lists(st.tuples(st.sampled_from(["port", "unused", "crash", "kill"]), st.integers(0, 2)))
)
def test_it_is_restarted_exactly_as_often_as_its_files_change_or_it_dies(story):
    host = Host()
    host.order(LoadService, "web")
    port, starts = 80, 1
    for what, value in story:
        if what == "crash":
            host.root.crash("web.default/run")
            starts += 1
        elif what == "kill":
            host.start()
        else:
            shown = value if what == "port" else port
            host.census.configure("web.default", port=shown, unused=value)
            starts += shown != port
            port = shown
        host.run(20.0)
    assert (host.state(), host.starts()) == ("up", starts)
    assert host.shelf.rendered["web.default"] == f"1.0 {port}"
    assert host.role.out.wake is None
