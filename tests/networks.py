"""Real nodes on a network of their own, whose cables can be cut: Linux network namespaces.

Each host is a namespace with one interface; a bridge in one more namespace joins them, so nothing
of the machine's own network is touched, and two runs at once do not meet. Faults are nftables
rules on what comes to a host, silent unless said otherwise: to whoever sends, a lost packet was
sent. All of it bears the name of the test run, so what a killed run left can be told and ended.
"""

import contextlib
import itertools
import os
import re
import shutil
import subprocess
from pathlib import Path

import psutil

from tests.hosts import Hosts

PREFIX = "hbtest-"
NAMESPACES = Path("/run/netns")
SWITCH = "switch"
NETWORK = "10.9.0"
SIDECAR = "127.0.0.1:9631"  # of each namespace its own

RULES = """
table inet faults
delete table inet faults
table inet faults {{
    chain arriving {{
        type filter hook input priority filter
        iif lo accept
{rules}
    }}
}}
"""

_networks = itertools.count()


def run(*command, given=""):
    """What the command printed; a failure says what it complained of."""
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr.strip()}"
    return done.stdout


def hindrance():
    """Why no network can be made here, or None."""
    if os.geteuid() != 0:
        return "only root makes network namespaces: run the tests as root"
    for tool, package in (("ip", "iproute2"), ("nft", "nftables"), ("nsenter", "util-linux")):
        if shutil.which(tool) is None:
            return f"{tool} is missing: apt-get install {package}"
    return None


def started(pid):
    """When that process was started, in ticks since the boot: with the pid it is one for ever."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except OSError:
        return None


def namespaces(prefix=PREFIX):
    return sorted(path.name for path in NAMESPACES.glob(f"{prefix}*"))


def processes_in(namespace):
    """Every process that still lives there."""
    found = []
    for pid in run("ip", "netns", "pids", namespace).split():
        with contextlib.suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(int(pid)))
    return found


def remove(namespace):
    """End the namespace, its interface and whatever still runs there."""
    while remaining := processes_in(namespace):
        for process in remaining:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(remaining, timeout=1)
    run("ip", "netns", "delete", namespace)


def sweep():
    """Remove what the networks of killed test runs left behind."""
    for namespace in namespaces():
        owner = re.match(rf"{PREFIX}(\d+)-(\d+)-", namespace)
        if owner and started(owner[1]) != int(owner[2]):
            remove(namespace)


class Network(Hosts):
    """Hosts that reach each other unless told otherwise. Every fault lasts until `heal`."""

    def __init__(self):
        super().__init__()
        self.network = NETWORK
        pid = os.getpid()
        self.prefix = f"{PREFIX}{pid}-{started(pid)}-{next(_networks)}-"
        self._cut = {}
        self._refused = {}
        self._lost = {}

    def add(self, name, peers=(), **sections):
        """A node, not yet started, on a host of its own that is already plugged in."""
        given = {section: dict(values) for section, values in sections.items()}
        given["wire"] = {"open": True} | given.get("wire", {})
        given["sidecar"] = {"listen": SIDECAR} | given.get("sidecar", {})
        host = super().add(name, peers, **given)
        host.inside = ("nsenter", f"--net={self._plug_in(host)}")
        return host

    def _plug_in(self, host):
        if len(self.hosts) == 1:
            self._make_switch()
        namespace, switch = self.prefix + host.name, self.prefix + SWITCH
        port = f"to-{host.name}"
        run("ip", "netns", "add", namespace)
        cable = ("eth0", "netns", namespace, "type", "veth", "peer", "name", port, "netns", switch)
        run("ip", "link", "add", *cable)
        run("ip", "-n", switch, "link", "set", port, "master", "bridge", "up")
        run("ip", "-n", namespace, "address", "add", f"{host.address}/24", "dev", "eth0")
        run("ip", "-n", namespace, "link", "set", "lo", "up")
        run("ip", "-n", namespace, "link", "set", "eth0", "up")
        return NAMESPACES / namespace

    def _make_switch(self):
        switch = self.prefix + SWITCH
        run("ip", "netns", "add", switch)
        run("ip", "-n", switch, "link", "add", "bridge", "type", "bridge")
        run("ip", "-n", switch, "link", "set", "bridge", "up")

    def cut(self, one, other):
        """Neither hears the other any more."""
        self.cut_one_way(one, other)
        self.cut_one_way(other, one)

    def cut_one_way(self, speaker, hearer):
        """The hearer hears nothing of the speaker; the other way is open."""
        self._cut.setdefault(hearer, []).append(speaker.address)
        self._rule(hearer)

    def isolate(self, host):
        """Nobody hears the host, and it hears nobody."""
        self.split([host], [other for other in self.hosts if other is not host])

    def split(self, side, other_side):
        """No packet from either side to the other."""
        for one in side:
            for other in other_side:
                self.cut(one, other)

    def lose(self, share, *hosts):
        """So much of all that comes to the hosts, or to every host, is lost: 0 to 0.999."""
        for host in hosts or self.hosts:
            self._lost[host] = share
            self._rule(host)

    def refuse(self, host, peer):
        """The host answers whatever comes from the peer with a reset, as a closed port does."""
        self._refused.setdefault(host, []).append(peer.address)
        self._rule(host)

    def unplug(self, host):
        """The cable falls out of the switch: the host's address is nobody's any more."""
        run("ip", "-n", self.prefix + SWITCH, "link", "set", f"to-{host.name}", "nomaster")

    def heal(self):
        """All reach each other again."""
        for faults in (self._cut, self._refused, self._lost):
            faults.clear()
        for host in self.hosts:
            self._rule(host)
            port = f"to-{host.name}"
            run("ip", "-n", self.prefix + SWITCH, "link", "set", port, "master", "bridge")

    def _rule(self, host):
        rules = [f"ip saddr {address} drop" for address in self._cut.get(host, ())]
        rules += [
            f"ip saddr {address} meta l4proto tcp reject with tcp reset"
            for address in self._refused.get(host, ())
        ]
        if host in self._lost:
            rules.append(f"numgen random mod 1000 < {round(self._lost[host] * 1000)} drop")
        run(*host.inside, "nft", "-f", "-", given=RULES.format(rules="\n".join(rules)))

    def end(self):
        try:
            super().end()
        finally:
            for namespace in namespaces(self.prefix):
                remove(namespace)
