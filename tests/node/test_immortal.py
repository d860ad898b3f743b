"""Objects that live for ever, so that forked processes share them; each time in a new process."""

import subprocess
import sys

from habactors.node.immortal import is_possible


def only_where_possible(test):
    """Elsewhere there is nothing to test."""
    return test if is_possible() else None


BEFORE = """
import os, sys, weakref
from pathlib import Path
from habactors.node.nursery import settle

class Thing:
    pass

things = [Thing() for _ in range(50_000)]

def written_kilobytes():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty:"))

"""


def run(program):
    ran = subprocess.run(
        [sys.executable, "-c", BEFORE + program], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout.split()


@only_where_possible
def test_a_forked_process_that_looks_at_all_objects_shares_them_still():
    program = """
if os.fork() == 0:
    before = written_kilobytes()
    also_mine = list(things)
    print(written_kilobytes() - before, sys.getsizeof(also_mine) // 1024)
    sys.stdout.flush()
    os._exit(0)
os.wait()
"""
    grown, own = map(int, run("settle()" + program))
    grown_without, _ = map(int, run(program))
    assert grown < own + 200
    assert grown_without > own + 2000


@only_where_possible
def test_code_and_its_constants_are_among_them():
    assert run("""
def example():
    return ("a constant", 123456789.5)

settle()
parts = (Thing, example, example.__code__, example(), example()[1], things, things[7])
print(min(map(sys.getrefcount, parts)) >= sys.getrefcount(None))
""") == ["True"]


def test_what_is_made_later_ends_as_ever():
    assert run("""
settle()
thing, kept = Thing(), Thing()
things.append(thing)
watched = weakref.ref(thing)
del thing
print(watched() is None)
things.clear()
print(watched() is None, sys.getrefcount(kept) < sys.getrefcount(None))
""") == ["False", "True", "True"]


def test_a_process_with_immortal_objects_ends_in_good_order():
    assert run("""
import habactors.node.start, habactors.node.http.listener, atexit
settle()
atexit.register(print, "the end")
""") == ["the", "end"]
