"""The laws of elections, over random schedules of faults."""

import pytest

from habactors.config import ElectionConfig
from habactors.roles import reign, voter
from habactors.roles.election import Election
from tests.simulator.elections import Schedule

SCHEDULES = 120
SCHEDULES_BROKEN = 300
FAULTS_SECONDS = 35
MEND_SECONDS = 30.0
"""By then a group whose hosts are all up and reach each other has a leader whom all know."""


@pytest.mark.parametrize("start", range(0, SCHEDULES, 30))
def test_whatever_happens_there_is_one_leader_a_term_and_no_two_leases(start):
    for seed in range(start, start + 30):
        schedule = Schedule(seed)
        schedule.disturb(FAULTS_SECONDS)
        assert schedule.leases.verdict() == [], seed
        assert schedule.mend(MEND_SECONDS) is not None, seed
        assert schedule.leases.verdict() == [], seed


@pytest.mark.soak
def test_fifty_thousand_schedules_keep_the_laws():
    for seed in range(1_000, 51_000):
        schedule = Schedule(seed)
        schedule.disturb(FAULTS_SECONDS)
        assert schedule.mend(MEND_SECONDS) is not None, seed
        assert schedule.leases.verdict() == [], seed


def caught(seeds):
    """Whether the checker finds something wrong in any of these schedules."""
    for seed in range(seeds):
        schedule = Schedule(seed)
        schedule.disturb(FAULTS_SECONDS)
        if schedule.leases.verdict():
            return True
    return False


def test_who_forgets_its_vote_is_caught(monkeypatch):
    def forgetful(self, term, electorate):
        return term >= self.record.term and electorate.version >= self.record.electorate.version

    monkeypatch.setattr(voter.Voter, "_suits", forgetful)
    monkeypatch.setattr(voter.Voter, "_may", lambda *_: True)
    assert caught(SCHEDULES_BROKEN)


def test_a_lease_that_is_too_long_is_caught(monkeypatch):
    monkeypatch.setattr(reign, "DRIFT", -0.2)
    assert caught(SCHEDULES_BROKEN)


def test_a_voter_that_is_not_silent_after_its_restart_is_caught():
    class Rash(Election):
        def _start(self, kept, now, *, damaged):
            super()._start(kept, now, damaged=damaged)
            self._quiet_until = now
            for contest in self.contests.values():
                contest.voter._quiet_until = now

    def rash(seat):
        return Rash(seat.me, ElectionConfig(), seat.life, seat.rng)

    for seed in range(SCHEDULES_BROKEN):
        schedule = Schedule(seed, election=rash)
        schedule.disturb(FAULTS_SECONDS)
        if schedule.leases.verdict():
            return
    raise AssertionError("nobody noticed")
