"""Real nodes on this machine: each with a loopback address, a folder and processes of its own."""

import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import tomli_w

from habactors.client import Control
from habactors.errors import UserError

REPOSITORY = Path(__file__).parent.parent
PACKAGES = REPOSITORY / "conf" / "packages"
PROGRAM = (sys.executable, "-m", "habactors")
CAST = (
    "wire",
    "disseminator",
    "detector",
    "census",
    "election",
    "services",
    "sidecar",
    "control",
)
WIRE_PORT = 9638
SIDECAR_PORT = 9631
MARK = "HABACTORS_TEST"

_networks = itertools.count()


def until(condition, seconds=10.0, what=""):
    """Wait for a condition, and return what it returned; fail after the deadline.

    `what` is the text of that failure, or tells it when it is asked.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = condition()
        except UserError:
            found = None
        if found:
            return found
        if time.monotonic() >= deadline:
            said = what() if callable(what) else what
            raise AssertionError(said or f"not within {seconds} s: {condition}")
        time.sleep(0.01)


def population(host, group):
    """The members that serve in the group, as this node sees it."""
    return host.control.census()["census_groups"].get(group, {}).get("population", {})


class Host:
    """A node under test: `start`, ask `control`, kill parts of it, `stop`."""

    def __init__(self, folder, name, address, peers=(), **sections):
        self.name = name
        self.address = address
        self.folder = Path(folder) / name
        self.folder.mkdir()
        self.run_dir = self.folder / "run"
        self.data_dir = self.folder / "data"
        self.file = self.folder / "node.toml"
        self.log = self.folder / "log"
        settings = {
            "node": {"name": name, "data_dir": str(self.data_dir), "run_dir": str(self.run_dir)},
            "wire": {"listen": f"{address}:{WIRE_PORT}", "peers": list(peers)},
            "sidecar": {"listen": f"{address}:{SIDECAR_PORT}"},
            "services": {"packages": [str(PACKAGES)]},
            "log": {"format": "json"},
        }
        for section, values in sections.items():
            settings.setdefault(section, {}).update(values)
        self.file.write_text(tomli_w.dumps(settings))
        self.inside = ()  # the command that runs another on this host's network
        self.process = None
        self.control = Control(self.run_dir)

    def start(self, *options):
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [*self.inside, *PROGRAM, "start", "-c", str(self.file), *options],
                stdout=log,
                stderr=log,
                cwd=REPOSITORY,
                env=os.environ | {MARK: str(self.folder)},
            )
        return self

    def wait_until_up(self, seconds=15.0):
        until(self.actors_running, seconds, f"{self.name} is not up: {self.printed()}")
        return self

    def actors_running(self):
        rows = self.control.status()["actors"]
        return len(rows) == len(CAST) + 1 and all(row["state"] == "running" for row in rows)

    @property
    def pid(self):
        return self.process.pid

    def pid_of(self, actor):
        rows = self.control.status()["actors"]
        return next(row["pid"] for row in rows if row["name"] == actor)

    def members(self):
        """Health by name, as this node sees it."""
        return {row["name"]: row["health"] for row in self.control.members()}

    def sees(self, **healths):
        """Whether this node holds exactly that of the members named."""
        members = self.members()
        return all(members.get(name) == health for name, health in healths.items())

    def service(self, name):
        rows = self.control.svc_status()
        return next((row for row in rows if row["service_group"] == name), None)

    def service_pid(self, name):
        row = self.service(name)
        return row["pid"] if row and row["state"] == "up" else None

    def events(self):
        """All events that this node has printed."""
        return [line for line in self.lines() if "kind" in line]

    def changes(self, *healths, since=0.0):
        """The events in which this node began to hold one of the healths of a member."""
        return [
            event
            for event in self.events()
            if event["kind"] == "member" and event["to"] in healths and event["time"] >= since
        ]

    def lines(self):
        printed = self.log.read_text().splitlines()
        return [json.loads(line) for line in printed if line.startswith("{")]

    def printed(self):
        return self.log.read_text()[-4000:] if self.log.exists() else ""

    def kill_whole(self):
        """Everything of this node at once, as a power cut would; services included."""
        root = psutil.Process(self.pid)
        root.suspend()  # it replaces nobody any more
        victims = [*root.children(recursive=True), root]
        for victim in victims:
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.kill()
        psutil.wait_procs(victims, timeout=5)
        self.process.wait(5)

    @contextlib.contextmanager
    def frozen(self):
        """All processes of this node stand still, as on a machine that is paused."""
        root = psutil.Process(self.pid)
        root.suspend()  # first, so that it starts nobody meanwhile
        stopped = [root, *root.children(recursive=True)]
        try:
            for process in stopped:
                process.suspend()
            yield
        finally:
            for process in reversed(stopped):
                process.resume()

    def stop(self):
        """End the node in good order, and if that fails, in bad order."""
        self.control.close()
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill_whole()
            raise

    def leftovers(self):
        """Processes that belong to this node's folder."""
        found = []
        for process in psutil.process_iter():
            try:
                if self._owns(process):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def _owns(self, process):
        """A service by its working directory, an actor by what it was started with."""
        folder = str(self.folder)
        return process.cwd().startswith(folder) or process.environ().get(MARK) == folder


class Hosts:
    """The nodes of one test, on a loopback network of their own, ended with the test."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="hb", dir="/tmp"))
        self.network = f"127.{os.getpid() % 200 + 20}.{next(_networks) % 250}"
        self.hosts = []

    def add(self, name, peers=(), **sections):
        """A node, not yet started, that knows the peers (other nodes)."""
        address = f"{self.network}.{len(self.hosts) + 1}"
        host = Host(self.folder, name, address, [peer.address for peer in peers], **sections)
        self.hosts.append(host)
        return host

    def ring(self, *names, **sections):
        """Started nodes that all know each other; the first is everybody's peer."""
        hosts = []
        for name in names:
            hosts.append(self.add(name, hosts[:1], **sections).start())
        for host in hosts:
            host.wait_until_up()
        healths = dict.fromkeys(names, "alive")
        for host in hosts:
            until(lambda host=host: host.sees(**healths), what=f"{host.name}: {host.printed()}")
        return hosts

    def end(self):
        failures = []
        for host in self.hosts:
            try:
                host.stop()
            except Exception as error:  # noqa: BLE001 - the others must still be ended
                failures.append(error)
            for process in host.leftovers():
                process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        assert not failures, failures
