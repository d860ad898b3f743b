"""Templates rendered and compiled per second: [--seconds S] [--profile]."""

import argparse
import cProfile
import pstats
from functools import partial
from pathlib import Path
from runpy import run_path
from time import perf_counter

from habactors import template

TESTS = Path(__file__).parent.parent / "template"
BUDGET_PER_SECOND = 6_000
"""Renderings of a typical template, such as redis.conf with its twenty-odd tags."""


def rate(action, seconds):
    """How often a second the action can be done."""
    count, began = 0, perf_counter()
    while (elapsed := perf_counter() - began) < seconds:
        action()
        count += 1
    return count / elapsed


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=0.5, help="for each measurement")
    options.add_argument("--profile", action="store_true")
    chosen = options.parse_args()
    context = run_path(str(TESTS / "contexts.py"))["CONTEXTS"]["busy"]
    profile = cProfile.Profile()
    print(f"{'template':20} {'characters':>10} {'tags':>5} {'renders/s':>10} {'compiles/s':>10}")
    for path in sorted((TESTS / "corpus").iterdir()):
        if path.name == "shapes.txt":
            continue
        source = path.read_text()
        compiled = template.compile(source, path.name)
        if chosen.profile:
            profile.enable()
        renders = rate(partial(compiled.render, context), chosen.seconds)
        profile.disable()
        compiles = rate(partial(template.compile, source, path.name), chosen.seconds)
        tags = source.count("{{")
        print(f"{path.name:20} {len(source):10} {tags:5} {renders:10,.0f} {compiles:10,.0f}")
    print(f"(a typical one should reach {BUDGET_PER_SECOND:,} renders/s)")
    if chosen.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(20)


if __name__ == "__main__":
    main()
