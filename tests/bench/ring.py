"""How fast is a ring, and what does it cost? Ours beside Serf's; see --help.

Both rings run on this machine, one after the other, each in a network of its own if root asks.
"""

import argparse
import json
import os
import signal
import statistics
import sys
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from habactors.console.launch import signals_as_exit
from tests.bench.rings import serf
from tests.bench.rings.measure import COUNTED, LOST, QUANTITIES, TAILED, Measures
from tests.bench.rings.network import isolate
from tests.bench.rings.ours import Ours
from tests.bench.rings.sightings import Broken

RINGS = {ring.NAME: ring for ring in (Ours, serf.Serf)}
HOW = {
    "habactors": (
        "habactors: times are those of the nodes' own events; news is config apply.\n"
        "A node has news when it has written it down (to a tick of the kernel, 4 ms)."
    ),
    "serf": "serf: lan profile; times are those of the agents' log lines; news is a user event.",
}
"""What is seen of each kind of ring."""

NODES_MAX = 250
MISSING = "–"


def main():
    options = read_options()
    chosen = [options.only] if options.only else list(RINGS)
    if "serf" in chosen and not serf.is_installed():
        sys.exit("bench: serf is not installed: apt-get install serf, or use --only habactors")
    load = os.getloadavg()[0]
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        TextColumn("{task.fields[what]:<22}"),
        TimeElapsedColumn(),
    )
    with signals_as_exit(), Progress(*columns, console=Console(stderr=True)) as progress:
        measured = {name: measure(name, options, progress) for name in chosen}
    if options.format == "json":
        print(json.dumps(shape(measured, options, load), indent=1))
    else:
        Console(width=None if sys.stdout.isatty() else 120).print(table(measured, options, load))


def read_options():
    parser = argparse.ArgumentParser(prog="bench ring", description=__doc__)
    parser.add_argument("--nodes", type=_count(2, NODES_MAX), default=8, help="how many (8)")
    parser.add_argument("--runs", type=_count(1), default=3, help="rings built of each kind (3)")
    parser.add_argument(
        "--kills", type=_count(0), default=5, help="nodes killed in the first ring (5)"
    )
    parser.add_argument("--cuts", type=_count(0), default=3, help="nodes cut off in it (3)")
    parser.add_argument(
        "--applies", type=_count(0), default=25, help="pieces of news spread in it (25)"
    )
    parser.add_argument(
        "--idle-seconds", type=float, default=20.0, help="how long it is watched idle (20)"
    )
    parser.add_argument("--only", choices=RINGS, help="measure this kind of ring only")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    return parser.parse_args()


def _count(least, most=10_000):
    def read(text):
        number = int(text)
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{text} is not from {least} to {most}")
        return number

    return read


def measure(name, options, progress):
    """Build the rings of that kind; only the first is measured in all respects."""
    steps = 3 * options.runs + options.applies + options.kills + options.cuts
    task = progress.add_task(name, total=steps, what="")

    def tell(what):
        progress.update(task, advance=1, what=what)

    measures = Measures(options, tell, has_network=isolate())
    for run in range(options.runs):
        network = f"127.{os.getpid() % 200 + 20}.{len(progress.tasks) * 100 + run % 100}"
        ring = RINGS[name](options.nodes, network)
        with ending(ring):
            measures.of_ring(ring, only_join=run > 0)
        if measures.gave_up:
            break
    progress.update(task, completed=steps, what="")
    return measures


@contextmanager
def ending(ring):
    """Ends the ring, and no second Ctrl-C comes between."""
    try:
        yield
    finally:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        ring.end()
        signal.signal(signal.SIGINT, before)


def table(measured, options, load):
    shown = Table(title=f"rings of {options.nodes} nodes", caption=caption(measured, load))
    shown.add_column("quantity")
    shown.add_column("unit")
    for name in measured:
        shown.add_column(name, justify="right")
    for key, (words, unit) in QUANTITIES.items():
        shown.add_row(words, unit, *(cell(key, run.samples) for run in measured.values()))
        if key in TAILED:
            tails = (tail(run.samples[key]) for run in measured.values())
            shown.add_row("    p90 / p99 / worst", unit, *tails)
    if any(run.gave_up for run in measured.values()):
        shown.add_row("gave up", "", *(run.gave_up or MISSING for run in measured.values()))
    return shown


def cell(key, samples):
    """Median [least–greatest], or how many of how many."""
    values = samples[key]
    if key in LOST:
        lost = len(values)
        return f"{lost} of {lost + len(samples[LOST[key]])}"
    if not values:
        return MISSING
    if key in COUNTED:
        return str(sum(values))
    median = statistics.median(values)
    if len(values) == 1:
        return number(median)
    return f"{number(median)} [{number(min(values))}–{number(max(values))}]"


def tail(values):
    if not values:
        return MISSING
    return " / ".join(map(number, (percentile(values, 90), percentile(values, 99), max(values))))


def number(value):
    places = 3 if value < 0.1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:.{places}f}"


def percentile(values, share):
    """The nearest rank: the smallest value that so many percent do not exceed."""
    ranked = sorted(values)
    return ranked[max(0, -(-len(ranked) * share // 100) - 1)]


def caption(measured, load):
    """What the table does not say of itself."""
    counts = ", ".join(
        f"{name}: {len(run.samples['join'])} rings, {len(run.samples['kill_last'])} kills,"
        f" {len(run.samples['cut_last'])} cuts, {len(run.samples['spread'])} news"
        for name, run in measured.items()
    )
    notes = [
        f"Median [least–greatest]; {counts}.",
        f"{os.cpu_count()} processors for all nodes together; load before: {load:.1f}.",
        *(HOW[name] for name in measured),
        "After kill -9 the host lives, and refuses connections; who is cut off is only silent.",
        "Whether a node that came back sees all alive is looked up every 0.05 s.",
    ]
    runs = measured.values()
    if any(run.samples["packets"] for run in runs):
        notes.append("Traffic is all that the loopback of a ring carries, acknowledgements too.")
    else:
        notes.append("Traffic is not counted: that takes root, for a network of its own.")
    if not any(run.samples["cut_last"] for run in runs):
        notes.append("Nothing was cut off: that takes root, nft (package nftables), and --cuts.")
    return escape("\n".join(notes))


def shape(measured, options, load):
    """The same for scripts, with all samples, and all that was said of the nodes that died."""
    return {
        "nodes": options.nodes,
        "processors": os.cpu_count(),
        "load_before": load,
        "rings": {
            name: {
                "quantities": {
                    key: {"unit": unit, "samples": run.samples[key]}
                    for key, (_, unit) in QUANTITIES.items()
                },
                "deaths": run.deaths,
                "gave_up": run.gave_up,
            }
            for name, run in measured.items()
        },
    }


if __name__ == "__main__":
    try:
        main()
    except Broken as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
