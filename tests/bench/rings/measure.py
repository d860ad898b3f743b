"""What is measured of a ring, and how? The same of every ring, in the same order."""

import statistics
import time
from collections import defaultdict
from pathlib import Path
from random import Random

import psutil

from tests.bench.rings.network import can_cut, cut, mend, traffic
from tests.bench.rings.sightings import ALIVE, FAILED, GONE

JOIN_SECONDS = 180.0
KILL_SECONDS = 60.0
SPREAD_SECONDS = 20.0
REJOIN_SECONDS = 90.0
LEAVE_SECONDS = 30.0
SETTLE_SECONDS_A_NODE = 1.0
"""Each pings one other a second in both kinds of rings: then all links are open that will be."""

PAUSE_SECONDS = (1.0, 2.0)
"""Between two measurements: long enough for gossip to die down, and never in step with a timer."""

LOOK_SECONDS = 0.05

QUANTITIES = {
    "join": ("join: started at once, all see all alive", "s"),
    "join_up": ("join: the same, since the last process is up", "s"),
    "processes": ("processes of a node", ""),
    "cpu": ("idle: processor of a node", "%"),
    "pss": ("idle: PSS of a node", "MB"),
    "rss": ("idle: RSS of a node, shared pages counted each time", "MB"),
    "packets": ("idle: packets per node", "1/s"),
    "bytes": ("idle: bytes per node", "1/s"),
    "spread": ("news: the last node has it", "s"),
    "spread_lost": (f"news: not everywhere within {SPREAD_SECONDS:.0f} s", "of all"),
    "spread_cpu": ("news: processor time of a node for each", "ms"),
    "kill_first": ("kill -9: the first other node knows", "s"),
    "kill_median": ("kill -9: the median other node knows", "s"),
    "kill_last": ("kill -9: the last other node knows", "s"),
    "kill_lost": (f"kill -9: not known to all within {KILL_SECONDS:.0f} s", "of all"),
    "cut_first": ("stopped and cut off: the first other node knows", "s"),
    "cut_median": ("stopped and cut off: the median other node knows", "s"),
    "cut_last": ("stopped and cut off: the last other node knows", "s"),
    "cut_lost": (f"stopped and cut off: not known to all within {KILL_SECONDS:.0f} s", "of all"),
    "rejoin": ("rejoin: started again, all others see it alive", "s"),
    "rejoin_up": ("rejoin: the same, since its last process is up", "s"),
    "rejoin_whole": ("rejoin: and it sees all alive", "s"),
    "leave": ("leave: asked to leave, all others know", "s"),
    "leave_lost": (f"leave: not known to all within {LEAVE_SECONDS:.0f} s", "of all"),
    "leave_wrong": ("leave: others who take it for a crash", "times"),
    "false": ("living nodes held for dead, over all nodes and time", "times"),
}
"""By key: what it is, and its unit; in the order of the table."""

TAILED = ("spread", "kill_last", "cut_last", "rejoin")
"""Those whose tail is shown too."""

LOST = {
    "spread_lost": "spread",
    "kill_lost": "kill_last",
    "cut_lost": "cut_last",
    "leave_lost": "leave",
}
COUNTED = ("leave_wrong", "false")
"""Those whose samples are added up."""


class TimedOut(Exception):
    """What should have come did not, within the limit."""


class Measures:
    """The measurements of rings of one kind, one after the other; `tell(what)` shows progress.

    `samples` are the values by quantity, `deaths` what was said of each node that was killed or
    cut off, and `gave_up` tells what never came. A ring that `has_network` has it to itself.
    """

    def __init__(self, options, tell, *, has_network):
        self.samples = defaultdict(list)
        self.deaths = []
        self.gave_up = ""
        self._options = options
        self._tell = tell
        self._has_network = has_network
        self._rng = Random(options.nodes)

    def of_ring(self, ring, *, only_join):
        """Start it, measure it; its end is the caller's."""
        self._ring = ring
        self._dead = []
        try:
            self._join()
            if not only_join:
                self._idle()
                self._spread_news()
                self._kill_some()
                if self._has_network and can_cut():
                    self._cut_some()
            self._leave(self._rng.choice(ring.names))
        except TimedOut as error:
            self.gave_up = f"{self._stage}: {error}"
        self._note("false", self._false_alarms())

    def _begin(self, stage):
        self._stage = stage
        self._tell(stage)

    def _join(self):
        self._begin(f"join of {len(self._ring.names)}")
        began = self._ring.start()
        names = self._ring.names
        pairs = [(one, other) for one in names for other in names if one != other]
        last = self._await(pairs, (ALIVE,), began, JOIN_SECONDS)[-1]
        up = max(self._ring.up(name) for name in names)
        self._note("join", last - began)
        self._note("join_up", last - up)

    def _idle(self):
        self._begin(f"idle for {self._options.idle_seconds:.0f} s")
        nodes_seconds = SETTLE_SECONDS_A_NODE * len(self._ring.names)
        self._ring.look(min(nodes_seconds, 2 * self._options.idle_seconds))
        nodes = [self._ring.processes(name) for name in self._ring.names]
        processes = [process for node in nodes for process in node]
        began, spent, carried = time.monotonic(), run_seconds(processes), traffic()
        self._ring.look(self._options.idle_seconds)
        lasted, now_carried = time.monotonic() - began, traffic()
        self._note("cpu", 100 * (run_seconds(processes) - spent) / lasted / len(nodes))
        if self._has_network:
            for key, before, after in zip(("packets", "bytes"), carried, now_carried, strict=True):
                self._note(key, (after - before) / lasted / len(nodes))
        self._note("processes", len(processes) / len(nodes))
        memories = [[process.memory_full_info() for process in node] for node in nodes]
        for node in memories:
            self._note("pss", sum(memory.pss for memory in node) / 1e6)
            self._note("rss", sum(memory.rss for memory in node) / 1e6)

    def _spread_news(self):
        """And what a piece of news costs a node, beyond what it spends when idle."""
        count, nodes = self._options.applies, len(self._ring.names)
        processes = [one for name in self._ring.names for one in self._ring.processes(name)]
        began, spent = time.monotonic(), run_seconds(processes)
        for number in range(1, count + 1):
            self._begin(f"news {number} of {count}")
            self._pause()
            self._spread(number)
        if count:
            idle = self.samples["cpu"][0] / 100 * nodes * (time.monotonic() - began)
            spent = run_seconds(processes) - spent - idle
            self._note("spread_cpu", 1000 * spent / count / nodes)

    def _spread(self, number):
        moment = self._ring.spread(number)
        try:
            times = self._until(lambda: self._ring.spread_times(number), SPREAD_SECONDS)
        except TimedOut:
            self._note("spread_lost", number)
        else:
            self._note("spread", max(times) - moment)

    def _kill_some(self):
        for number in range(1, self._options.kills + 1):
            self._begin(f"kill {number} of {self._options.kills}")
            self._pause()
            victim = self._rng.choice(self._ring.names)
            moment = self._ring.kill(victim)
            self._note_death("kill", victim, moment)
            self._rejoin(victim, moment)

    def _cut_some(self):
        """Stop a node and cut it off: nothing answers for it any more, also no refusals."""
        for number in range(1, self._options.cuts + 1):
            self._begin(f"cut {number} of {self._options.cuts}")
            self._pause()
            victim = self._rng.choice(self._ring.names)
            moment = time.time()
            cut(self._ring.addresses[victim])
            self._ring.freeze(victim)
            self._note_death("cut", victim, moment)
            self._ring.kill(victim)
            mend()
            self._rejoin(victim, moment)

    def _note_death(self, how, victim, moment):
        pairs = _pairs(self._others(victim), victim)
        try:
            times = self._await(pairs, (FAILED,), moment, KILL_SECONDS)
        except TimedOut:
            self._note(f"{how}_lost", victim)
        else:
            self._note(f"{how}_first", times[0] - moment)
            self._note(f"{how}_median", statistics.median(times) - moment)
            self._note(f"{how}_last", times[-1] - moment)
        told = self._ring.sightings.told_of(victim, moment, time.time())
        self.deaths.append(
            {
                "how": how,
                "node": victim,
                "told": [[seen.time - moment, *seen[1:]] for seen in told],
            }
        )

    def _rejoin(self, victim, killed):
        began = self._ring.start_one(victim)
        self._dead.append((victim, killed, began))
        pairs = _pairs(self._others(victim), victim)
        last = self._await(pairs, (ALIVE,), began, REJOIN_SECONDS)[-1]
        self._note("rejoin", last - began)
        self._note("rejoin_up", last - self._ring.up(victim))
        self._until(lambda: self._ring.is_whole(victim, began), REJOIN_SECONDS)
        self._note("rejoin_whole", max(last, time.time()) - began)

    def _leave(self, leaver):
        self._begin("leave")
        self._pause()
        moment = self._ring.leave(leaver)
        self._dead.append((leaver, moment, time.time() + LEAVE_SECONDS))
        pairs = _pairs(self._others(leaver), leaver)
        try:
            times = self._await(pairs, GONE, moment, LEAVE_SECONDS)
        except TimedOut:
            self._note("leave_lost", leaver)
        else:
            self._note("leave", times[-1] - moment)
        first = (self._ring.sightings.first(*pair, GONE, moment) for pair in pairs)
        self._note("leave_wrong", sum(seen.state == FAILED for seen in first if seen))

    def _false_alarms(self):
        """How often somebody held a living node for dead, of all that was said in this ring."""
        return sum(
            seen.state == FAILED
            and not any(
                name in (seen.subject, seen.observer) and killed <= seen.time <= back
                for name, killed, back in self._dead
            )
            for seen in self._ring.sightings.all
        )

    def _others(self, name):
        return [other for other in self._ring.names if other != name]

    def _await(self, pairs, states, since, seconds):
        sightings = self._ring.sightings
        return self._until(lambda: sightings.times(pairs, states, since), seconds)

    def _until(self, condition, seconds):
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            if time.monotonic() > deadline:
                raise TimedOut(f"not within {seconds:.0f} s")
            self._ring.look(LOOK_SECONDS)
        return found

    def _pause(self):
        self._ring.look(self._rng.uniform(*PAUSE_SECONDS))

    def _note(self, key, value):
        self.samples[key].append(value)


def _pairs(observers, subject):
    return [(observer, subject) for observer in observers]


def run_seconds(processes):
    """Processor time of all their threads, counted in nanoseconds (proc(5))."""
    spent = 0
    for process in processes:
        try:
            for thread in process.threads():
                stat = Path(f"/proc/{process.pid}/task/{thread.id}/schedstat").read_text()
                spent += int(stat.split()[0])
        except (OSError, psutil.Error):
            continue  # it has ended
    return spent / 1e9
