"""Do rings of plain SWIM behave as its theory says? If not, suspect the simulator first."""

import pytest

from tests.bench import calibration
from tests.bench.calibration import EVERYBODY, FIRST_PING, TOLERANCE, failing


def test_a_given_member_is_pinged_by_somebody_as_soon_as_theory_says():
    found = calibration.first_ping(8, 1, 800)
    assert found == pytest.approx(FIRST_PING[8], rel=TOLERANCE)
    found = calibration.first_ping(64, 1, 100)
    assert found == pytest.approx(FIRST_PING[64], rel=TOLERANCE)


def test_a_rumor_is_everywhere_as_soon_as_theory_says():
    found = calibration.everybody_knows(8, 1, 150)
    assert found == pytest.approx(EVERYBODY[8], rel=TOLERANCE)
    found = calibration.everybody_knows(64, 1, 20)
    assert found == pytest.approx(EVERYBODY[64], rel=TOLERANCE)


def test_as_many_probes_fail_as_theory_says():
    found = calibration.failed_probes(32, 1, 0.2, 400)
    assert found == pytest.approx(failing(0.2), rel=TOLERANCE)


def test_the_theory_of_failed_probes_is_that_of_the_tables():
    assert failing(0.1) == pytest.approx(7.73e-3, rel=0.001)
    assert failing(0.2) == pytest.approx(7.41e-2, rel=0.001)


def test_a_measure_that_is_off_is_seen():
    finding = calibration.Finding("any", "N = 8", 2.0, 2.3)
    assert finding.error == pytest.approx(0.15)
    found = calibration.everybody_knows(8, 1, 20)
    assert found != pytest.approx(EVERYBODY[64], rel=TOLERANCE)


@pytest.mark.soak
@pytest.mark.timeout(1_200)
def test_every_measure_of_the_calibration_is_what_theory_says():
    measured = list(calibration.findings(list(FIRST_PING), 6.0))
    assert [finding for finding in measured if abs(finding.error) > TOLERANCE] == []
