"""Rings of plain SWIM against the theory of SWIM: [--nodes N...] [--effort F].

Each measure is of the roles as they are, with all that goes beyond SWIM switched off: no watched
links, no Lifeguard, no rounds of gossip (rumors travel on pings and acks alone). The theory is
that of Das, Gupta and Motivala 2002, and Monte Carlo simulations of its model. Times are protocol
periods.
"""

import argparse
from itertools import pairwise
from random import Random
from statistics import fmean
from typing import NamedTuple

from habactors.config import DetectorConfig, DisseminatorConfig
from habactors.protocol.lifecycle import Wake
from habactors.protocol.news import Accusation
from habactors.protocol.probes import Ping
from habactors.roles.detector import Detector
from habactors.simulator import truth
from habactors.simulator.cast import cast_of
from habactors.simulator.ring import member_id
from tests.bench.simulator import acquainted

TOLERANCE = 0.1
HELPERS = 3

FIRST_PING = {3: 0.70, 5: 0.82, 8: 0.88, 16: 0.94, 32: 0.97, 64: 0.99, 128: 0.99, 256: 1.00}
EVERYBODY = {8: 1.9, 16: 2.6, 32: 3.3, 64: 4.0, 128: 4.6, 256: 5.2}

PLAIN_DETECTOR = DetectorConfig(
    helpers=HELPERS,
    watchers=0,
    suspicion_max_factor=1.0,
    local_health_max=0,
)
SILENT_DISSEMINATOR = DisseminatorConfig(
    gossip_interval_seconds=80_000.0, sync_interval_seconds=80_000.0
)
PERIOD_SECONDS = PLAIN_DETECTOR.period_seconds
PLAIN = cast_of(PLAIN_DETECTOR, SILENT_DISSEMINATOR)


class Blunt(Detector):
    """Counts the probes that fail, and keeps them to itself, so that nobody is ever suspected."""

    def __init__(self, seat):
        super().__init__(seat.me, PLAIN_DETECTOR, seat.rng)
        self.failed = 0

    def say(self, message):
        if isinstance(message, Accusation):
            self.failed += 1
        else:
            super().say(message)


class Finding(NamedTuple):
    """A measure at some parameter, what theory expects, and what was found."""

    measure: str
    parameter: str
    expected: float
    found: float

    @property
    def error(self):
        """How far it is off, as a share of what is expected."""
        return self.found / self.expected - 1


def failing(loss):
    """The share of probes of a healthy member that fail: the ping and ack, and all helpers."""
    arrives = 1 - loss
    return (1 - arrives**2) * (1 - arrives**4) ** HELPERS


def first_ping(count, seed, periods):
    """From any moment until somebody pings a given member: the mean, over moments and members.

    That a member has crashed changes nothing before its first ping, so every gap between pings of
    anybody tells: a moment falls into a gap in proportion to its length, and on the average into
    its middle.
    """
    ring = acquainted(count, seed, PLAIN)
    pings = {member_id(name): [] for name in ring.hosts}

    def follow(host, actor, out):
        for _, message in out.sent:
            if isinstance(message, Ping):
                pings[message.target].append(ring.agenda.now)

    ring.watch(follow)
    ring.run(periods * PERIOD_SECONDS)
    gaps = [later - sooner for times in pings.values() for sooner, later in pairwise(times)]
    return sum(gap * gap for gap in gaps) / sum(gaps) / 2 / PERIOD_SECONDS


def first_ping_of_the_dead(count, seed, crashes):
    """The same of members that crash indeed, one after the other, and come back."""
    ring, rng = acquainted(count, seed, PLAIN), Random(f"{seed} crashes")
    victim, waits = None, []

    def follow(host, actor, out):
        for _, message in out.sent:
            if victim and isinstance(message, Ping) and message.target == victim.me.id:
                waits.append(ring.agenda.now - victim.since)
                bring_back()

    def bring_back():
        nonlocal victim
        back, victim = victim, None
        ring.agenda.at(ring.agenda.now, type(back).start, back)

    ring.watch(follow)
    while len(waits) < crashes:
        ring.run(rng.uniform(3, 4) * PERIOD_SECONDS)
        if victim is None:
            victim = rng.choice(ring.up)
            victim.lose_power()
    return fmean(waits) / PERIOD_SECONDS


def everybody_knows(count, seed, rumors):
    """From the birth of a rumor until all members have it: the mean."""
    ring, rng = acquainted(count, seed, PLAIN), Random(f"{seed} rumors")
    times = []
    for _ in range(rumors):
        ring.run(rng.uniform(15, 16) * PERIOD_SECONDS)
        origin = rng.choice(ring.up)
        times.append(_spread(ring, origin))
    return fmean(times) / PERIOD_SECONDS


def _spread(ring, origin):
    """The seconds until all know that a member has raised its incarnation."""
    actor = origin.actors["disseminator"]
    incarnation = actor.role.incarnation + 1
    actor.role.speak_of_myself(incarnation, ring.agenda.now)
    actor.hear(Wake())
    began = ring.agenda.now
    missing = list(ring.up)
    while missing:
        ring.run(0.01 * PERIOD_SECONDS)
        missing = [
            host
            for host in missing
            if truth.table(host).membership(origin.me.id).incarnation < incarnation
        ]
    return ring.agenda.now - began


def failed_probes(count, seed, loss, periods):
    """The share of all probes that fail while everybody is well."""
    ring = acquainted(count, seed, {**PLAIN, "detector": Blunt})
    ring.lose(loss)
    ring.run(periods * PERIOD_SECONDS)
    failed = sum(host.role("detector").failed for host in ring.up)
    return failed / (count * periods)


def findings(counts, effort):
    """All measures, one by one; `effort` multiplies how long each is made."""
    for count in counts:
        periods = int(effort * max(60, 6_000 / count))
        found = first_ping(count, count, periods)
        yield Finding("first ping", f"N = {count}", FIRST_PING[count], found)
    crashes = int(300 * effort)
    found = first_ping_of_the_dead(8, 8, crashes)
    yield Finding("first ping, crashed", "N = 8", FIRST_PING[8], found)
    for count in counts:
        if count in EVERYBODY:
            found = everybody_knows(count, count, int(40 * effort))
            yield Finding("everybody knows", f"N = {count}", EVERYBODY[count], found)
    for loss in (0.1, 0.2):
        found = failed_probes(32, 1, loss, int(600 * effort))
        yield Finding("failed probes", f"{loss:.0%} lost", failing(loss), found)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--nodes", type=int, nargs="+", default=list(FIRST_PING))
    options.add_argument("--effort", type=float, default=3.0, help="3 takes about two minutes")
    chosen = options.parse_args()
    print(f"{'MEASURE':<20} {'OF':<10} {'THEORY':>9} {'FOUND':>9} {'ERROR':>8}")
    for one in findings(chosen.nodes, chosen.effort):
        mark = "" if abs(one.error) <= TOLERANCE else "  too far off"
        print(
            f"{one.measure:<20} {one.parameter:<10} {one.expected:>9.4f} {one.found:>9.4f} "
            f"{one.error:>+8.1%}{mark}"
        )


if __name__ == "__main__":
    main()
