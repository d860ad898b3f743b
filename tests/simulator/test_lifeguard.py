"""How many healthy members are held for dead where some are slow, and what does Lifeguard change?

The grid of Lifeguard (Dadgar, Phillips, Currey 2018, section V): some members stall again and
again. Their wires stand still while their other actors, and so their timers, go on: then a member
misses answers that were given, which is what makes SWIM accuse the innocent.
"""

from random import Random

import pytest

from habactors.config import DetectorConfig
from habactors.protocol.events import Event
from habactors.simulator.cast import cast_of
from tests.bench.simulator import acquainted

OFF = DetectorConfig(watchers=0, suspicion_max_factor=1.0, local_health_max=0)
"""Plain SWIM, whose members also take each other's word for a death."""
SHARE_MAX = 0.02
"""The paper's table IV: 1.5 % of all, and 1.9 % of those at healthy members."""


def trusting(make):
    """A disseminator that does not look for itself before it believes a death."""

    def made(seat):
        role = make(seat)
        role._doubts.holds_back = lambda _rumor, _now: False
        return role

    return made


def false_positives(settings, members, stalled, stall_seconds, gap_seconds, seconds=20):
    """How often a healthy member was confirmed: by anybody, and by healthy ones."""
    cast = {name: make for name, make in cast_of(settings).items() if name != "census"}
    if settings is OFF:
        cast["disseminator"] = trusting(cast["disseminator"])
    ring = acquainted(members, 1, cast)
    slow = Random(f"{stalled} slow").sample(list(ring.hosts), stalled)
    wrong = []

    def follow(host, actor, out):
        for letter in out.said:
            is_end = isinstance(letter, Event) and letter.after == "confirmed"
            if is_end and letter.name not in slow:
                wrong.append(host.name)

    def stall(host):
        host.pause_actor("wire", stall_seconds)
        ring.agenda.at(ring.agenda.now + stall_seconds + gap_seconds, stall, host)

    ring.watch(follow)
    for name in slow:
        stall(ring.hosts[name])
    ring.run(seconds)
    return len(wrong), sum(name not in slow for name in wrong)


def test_lifeguard_spares_the_healthy_in_a_small_ring():
    everywhere, at_healthy = false_positives(OFF, 32, 4, 4, 0.064)
    assert everywhere > 100
    assert at_healthy > 50
    spared = false_positives(DetectorConfig(), 32, 4, 4, 0.064)
    assert spared[0] <= SHARE_MAX * everywhere
    assert spared[1] <= SHARE_MAX * at_healthy


@pytest.mark.soak
@pytest.mark.timeout(1_800)
def test_lifeguard_spares_the_healthy_over_the_grid():
    plain, guarded = [0, 0], [0, 0]
    for stalled in (4, 8, 16):
        for stall_seconds, gap_seconds in ((0.5, 0.064), (2, 0.064), (4, 0.064), (4, 1), (8, 0.5)):
            for total, settings in ((plain, OFF), (guarded, DetectorConfig())):
                found = false_positives(settings, 128, stalled, stall_seconds, gap_seconds)
                total[0] += found[0]
                total[1] += found[1]
    assert min(plain) > 500
    assert guarded[0] <= SHARE_MAX * plain[0]
    assert guarded[1] <= SHARE_MAX * plain[1]
