"""Our ring: whole nodes with their default settings, and what they print about each other."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import psutil

from habactors.errors import UserError
from tests.bench.rings.sightings import ALIVE, FAILED, LEFT, SUSPECT, Broken, Sighting, Sightings
from tests.hosts import MARK, Host

LOOK_SECONDS = 0.02
STOP_SECONDS = 30.0
KILL_SECONDS = 10.0
GROUP = "bench.default"
STATES = {"alive": ALIVE, "suspect": SUSPECT, "confirmed": FAILED}


class Ours:
    """A ring of nodes that all have the first one as their peer."""

    NAME = "habactors"

    def __init__(self, count, network):
        self.folder = Path(tempfile.mkdtemp(prefix="hb", dir="/tmp"))
        self.sightings = Sightings()
        self.hosts = {}
        self._logs = {}
        self._rests = defaultdict(bytes)
        self._ended = set()
        for number in range(1, count + 1):
            peers = [f"{network}.1"] if number > 1 else []
            host = Host(self.folder, f"n{number}", f"{network}.{number}", peers)
            host.log.touch()
            self.hosts[host.name] = host
            self._logs[host.name] = host.log.open("rb")

    @property
    def names(self):
        return list(self.hosts)

    @property
    def addresses(self):
        return {name: host.address for name, host in self.hosts.items()}

    def start(self):
        """Start all at once; when the first one was."""
        return min([self.start_one(name) for name in self.names])

    def start_one(self, name):
        moment = time.time()
        self.hosts[name].start()
        self._ended.discard(name)
        return moment

    def up(self, name):
        """When the last process of the node was born (proc(5): in hundredths of a second)."""
        now_less_uptime = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
        births = [_birth_ticks(process.pid) for process in self.processes(name)]
        return now_less_uptime + max(births) / os.sysconf("SC_CLK_TCK")

    def look(self, seconds):
        """Take in what the nodes have printed, and what they print in the next seconds."""
        deadline = time.monotonic() + seconds
        while True:
            for name, log in self._logs.items():
                *lines, self._rests[name] = (self._rests[name] + log.read()).split(b"\n")
                for line in lines:
                    self._take(name, line)
            self._check()
            if time.monotonic() >= deadline:
                return
            time.sleep(min(LOOK_SECONDS, max(0.0, deadline - time.monotonic())))

    def _check(self):
        """Nodes that end by themselves are none to measure."""
        for host in self.hosts.values():
            ended = host.process and host.process.poll() is not None
            if ended and host.name not in self._ended:
                raise Broken(f"{host.name} ended by itself: {host.printed()}")

    def _take(self, observer, line):
        event = json.loads(line) if line.startswith(b'{"') else {}
        state = STATES.get(event.get("to"))
        if event.get("kind") != "member" or state is None:
            return
        if state is FAILED and event["why"].startswith("left"):
            state = LEFT
        self.sightings.note(Sighting(event["time"], observer, event["name"], state, event["why"]))

    def is_whole(self, name, _since):
        """Whether the node itself sees all alive."""
        try:
            members = self.hosts[name].members()
        except UserError:
            return False
        return len(members) == len(self.hosts) and set(members.values()) == {"alive"}

    def kill(self, name):
        """Everything of the node at once, root first; the moment of it."""
        victims = self.processes(name)
        self._ended.add(name)
        moment = time.time()
        for victim in victims:
            os.kill(victim.pid, signal.SIGKILL)
        self.hosts[name].process.wait(KILL_SECONDS)
        psutil.wait_procs(victims, KILL_SECONDS)
        return moment

    def freeze(self, name):
        for process in self.processes(name):
            os.kill(process.pid, signal.SIGSTOP)

    def leave(self, name):
        control = self.hosts[name].control
        control.status()  # connects
        self._ended.add(name)
        moment = time.time()
        control.stop()
        return moment

    def spread(self, number):
        """Apply a configuration at one node; the moment of it.

        A node has it when it has written it down: that is the only thing which a quiet one writes,
        so the time of its file tells when, to a tick of the kernel, and costs the ring nothing.
        """
        name = self.names[number % len(self.names)]
        control = self.hosts[name].control
        control.status()  # connects
        others = [other for other in self.names if other != name]
        self._before = {other: _written(self.hosts[other]) for other in others}
        self._came = {}
        moment = time.time()
        control.config_apply(GROUP, number, f"number = {number}")
        return moment

    def spread_times(self, number):
        """When each of the others had it, None unless all do."""
        for name, before in self._before.items():
            if name not in self._came:
                written = _written(self.hosts[name])
                if written != before and self._has(name, number):
                    self._came[name] = written
        return list(self._came.values()) if len(self._came) == len(self._before) else None

    def _has(self, name, number):
        try:
            return self.hosts[name].control.config_show(GROUP)["version"] == number
        except UserError:
            return False

    def processes(self, name):
        """Root first."""
        root = psutil.Process(self.hosts[name].pid)
        return [root, *root.children(recursive=True)]

    def end(self):
        """All in good order at once; what does not end so is killed, by its pid."""
        running = [host for host in self.hosts.values() if host.process]
        for host in running:
            host.control.close()
            if host.process.poll() is None:
                host.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for host in running:
            try:
                host.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                host.kill_whole()
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get(MARK, "").startswith(f"{self.folder}/"):
                    process.kill()
        for log in self._logs.values():
            log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _written(host):
    return (host.data_dir / "state" / "disseminator.count").stat().st_mtime_ns / 1e9


def _birth_ticks(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[19])
