"""Do the measurements still measure? Those that take long are tried with next to nothing to do."""

import json
import subprocess
import sys

from tests.hosts import REPOSITORY


def test_the_bench_of_the_ring_measures_a_ring_of_three():
    command = [
        *(sys.executable, "tests/bench/ring.py", "--nodes", "3", "--runs", "1"),
        *(
            "--only",
            "habactors",
            "--kills",
            "1",
            "--cuts",
            "0",
            "--applies",
            "1",
            "--idle-seconds",
            "0.5",
        ),
        *("--format", "json"),
    ]
    ran = subprocess.run(
        command,
        cwd=REPOSITORY,
        env={"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    ring = json.loads(ran.stdout)["rings"]["habactors"]
    quantities = ring["quantities"]
    assert not ring["gave_up"]
    counts = [
        len(quantities[key]["samples"]) for key in ("join", "pss", "spread", "kill_last", "leave")
    ]
    assert counts == [1, 3, 1, 1, 1]
    assert 0 < quantities["join_up"]["samples"][0] < quantities["join"]["samples"][0]
