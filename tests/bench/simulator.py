"""Wall seconds per simulated second of an idle ring: [--nodes N] [--seconds S] [--profile]."""

import argparse
import cProfile
import gc
import pstats
import resource
from random import Random
from time import perf_counter

from habactors.config import DisseminatorConfig
from habactors.protocol.lifecycle import Identity, Start
from habactors.protocol.news import Overheard
from habactors.protocol.rumors import Membership
from habactors.roles.disseminator import Disseminator
from habactors.simulator import Ring, truth
from habactors.simulator.cast import CAST
from habactors.simulator.ring import address, member_id
from habactors.simulator.store import Store

BUDGET_SECONDS = 0.1
"""What a simulated second of 1,000 idle nodes may cost."""

APART_SECONDS = 0.0001
"""All start within a fraction of a ping's time-out, or they would suspect those to come."""

SETTLING_SECONDS = 15


def acquainted(count, seed, cast=CAST):
    """A whole ring of hosts that all knew each other in an earlier life, and kept it.

    Each comes back at incarnation 2, and 2 is what the others kept of it: there is nothing to
    tell, so that a ring of 1,000 is built in seconds, not in minutes.
    """
    ring = Ring(count, seed, cast=cast, sealed=False)
    records = _records(ring)
    for own, host in zip(list(records), ring.hosts.values(), strict=True):
        kept = host.stores["disseminator"].records
        kept.update({key: value for key, value in records.items() if key != own})
        kept["incarnation"] = b"1"
    ring.start(apart_seconds=APART_SECONDS)
    ring.run(SETTLING_SECONDS)
    return ring


def _records(ring):
    """What a disseminator keeps of all the hosts, in their order, as it keeps it itself."""
    me = Identity("id-scribe", "scribe", "scribe:1")
    scribe = Disseminator(me, DisseminatorConfig(), (), Random(0))
    scribe.hear(Start(), ring.agenda.now)
    scribe.out.kept.clear()
    members = (Membership(member_id(name), name, address(name), 2) for name in ring.hosts)
    scribe.hear(Overheard(tuple(members)), ring.agenda.now)
    store = Store()
    for record in scribe.out.kept:
        store.keep(record)
    return store.records


def measure(ring, seconds):
    """Wall seconds and events per simulated second."""
    noted, began = ring.agenda.noted, perf_counter()
    ring.run(seconds)
    return (perf_counter() - began) / seconds, (ring.agenda.noted - noted) / seconds


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--nodes", type=int, default=1_000)
    options.add_argument("--seconds", type=int, default=20)
    options.add_argument("--profile", action="store_true", help="also say where the time goes")
    chosen = options.parse_args()
    began = perf_counter()
    gc.disable()
    ring = acquainted(chosen.nodes, 1)
    gc.freeze()
    gc.enable()
    wrong = truth.one_truth(ring)
    print(f"{chosen.nodes} nodes: built in {perf_counter() - began:.1f} s, {wrong or 'one truth'}")
    seconds, events = measure(ring, chosen.seconds)
    print(
        f"{seconds:.4f} s of wall time per simulated second (for 1,000: {BUDGET_SECONDS} at most)"
    )
    print(f"{events:.0f} events per simulated second, {seconds / events * 1e6:.1f} us each")
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    if chosen.profile:
        profile = cProfile.Profile()
        profile.runcall(ring.run, chosen.seconds)
        pstats.Stats(profile).sort_stats("tottime").print_stats(20)


if __name__ == "__main__":
    main()
