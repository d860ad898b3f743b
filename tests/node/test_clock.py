"""The clock of a node carries on from where the wall clock stood."""

import time

from habactors.node.clock import Clock


def test_it_starts_at_the_time_of_day():
    assert abs(Clock().now() - time.time()) < 0.1


def test_a_step_of_the_wall_clock_does_not_show(monkeypatch):
    clock = Clock()
    before = clock.now()
    monkeypatch.setattr(time, "time", lambda: before + 86_400.0)
    assert 0.0 <= clock.now() - before < 1.0


def test_time_that_the_host_was_suspended_counts(monkeypatch):
    clock = Clock()
    before = clock.now()
    real = time.clock_gettime
    monkeypatch.setattr(
        time, "clock_gettime", lambda kind: real(kind) + 60.0 * (kind == time.CLOCK_BOOTTIME)
    )
    assert 60.0 <= clock.now() - before < 61.0


def test_it_never_runs_backwards():
    clock = Clock()
    times = [clock.now() for _ in range(10_000)]
    assert times == sorted(times)
