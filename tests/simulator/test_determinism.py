"""Does a run depend on anything but its seed?"""

import os
import subprocess
import sys
from hashlib import blake2b
from pathlib import Path

from habactors.simulator.ring import Ring
from habactors.simulator.stage import Stage
from habactors.simulator.transcript import Transcript
from tests.simulator.test_churn import Churn, actors_down, lossy, nodes_down, parted

ROOT = Path(__file__).parent.parent.parent
HASH_SEEDS = ("0", "1", "4711")


def transcript(seed):
    """The verbose transcript of a ring that suffers everything."""
    churn = Churn("determinism", seed)
    lines = []
    churn.stage.detail = "verbose"
    Transcript(churn.stage, lines.append)
    for fault in (lossy, parted, nodes_down, actors_down):
        fault(churn)
    return "\n".join(lines)


def digest():
    """Stands for some transcripts, each of thousands of lines."""
    told = "\n".join(transcript(seed) for seed in range(3))
    assert told.count("\n") > 10_000
    return blake2b(told.encode()).hexdigest()


def test_one_seed_tells_one_story_under_any_hash_seed():
    program = "from tests.simulator.test_determinism import digest; print(digest())"
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in HASH_SEEDS
    ]
    told = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0]
    assert told == [told[0]] * 3
    assert told[0].strip() == digest()


def test_two_seeds_tell_two_stories():
    assert transcript(1) != transcript(2)


def test_whether_messages_go_through_their_bytes_makes_no_difference():
    stories = []
    for sealed in (True, False):
        lines = []
        ring = Ring(6, 3, sealed=sealed)
        Transcript(Stage(ring, "verbose"), lines.append)
        ring.start()
        ring.run(5)
        ring.isolate("m2")
        ring.run(15)
        stories.append(lines)
    assert stories[0] == stories[1]
