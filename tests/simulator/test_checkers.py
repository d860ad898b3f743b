"""Does every checker find what it looks for, in a ring where some role is broken on purpose?"""

import pytest

from habactors.config import DetectorConfig, DisseminatorConfig
from habactors.protocol.health import Health
from habactors.protocol.lifecycle import Start, Wake
from habactors.protocol.news import Accusation, Known, News
from habactors.protocol.rumors import Departure, Membership
from habactors.protocol.transport import LinkLost
from habactors.roles.detector import Detector
from habactors.roles.disseminator import Disseminator
from habactors.simulator import checkers
from habactors.simulator.cast import CAST
from habactors.simulator.conditions import Conditions
from habactors.simulator.ring import Ring
from habactors.simulator.wellness import Wellness


def ring(count=5, **roles):
    """A ring that is whole; `roles` by actor stand in for the real ones."""
    made = Ring(count, 7, cast={**CAST, **roles})
    made.start()
    made.run(5)
    return made


def make_detector(kind):
    return lambda seat: kind(seat.me, DetectorConfig(), seat.rng)


def make_disseminator(kind):
    return lambda seat: kind(seat.me, DisseminatorConfig(), seat.peers, seat.rng)


def one_wrong(checker):
    """The first thing that a checker found."""
    assert checker.verdict()
    return checker.verdict()[0]


class Careless(Detector):
    """Accuses nobody, whatever happens."""

    def say(self, message):
        if not isinstance(message, Accusation):
            super().say(message)


class Malicious(Detector):
    """Holds somebody for dead every now and then."""

    def hear(self, message, now):
        super().hear(message, now)
        if isinstance(message, Wake) and self.rng.random() < 0.05 and self.members:
            member = self.members[self.rng.choice(list(self.members))]
            self.say(Accusation(member.id, member.incarnation, int(Health.CONFIRMED), "so there"))


class Unfair(Detector):
    """Pings somebody, never mind whose turn it is."""

    def _take_turn(self, now):
        super()._take_turn(now)
        for _ in range(self.rng.randrange(len(self.rotation))):
            self.rotation.next()


class Talkative(Detector):
    """Pings everybody all the time."""

    def _take_turn(self, now):
        for _ in range(20):
            super()._take_turn(now)


class Forgetful(Disseminator):
    """Forgets at its third start what it kept at the second."""

    def hear(self, message, now):
        forgets = isinstance(message, Start) and message.kept.get("incarnation") == b"2"
        super().hear(Start() if forgets else message, now)


class Forgiving(Disseminator):
    """Forgets who is departed."""

    def hear(self, message, now):
        super().hear(message, now)
        for rumor in [rumor for rumor in self.table if isinstance(rumor, Departure)]:
            self.table.drop(rumor.key)


# Completeness


def test_whoever_is_down_and_not_found_is_told():
    made = ring(detector=make_detector(Careless))
    check = checkers.Completeness(made, 10)
    made.hosts["m3"].lose_power()
    made.run(9.8)
    assert check.verdict() == []
    made.run(0.5)
    assert one_wrong(check) == "m0 holds m3 alive@1, down for 10 s, at 15.1 s"
    assert len(check.verdict()) == 4


def test_whoever_is_found_in_time_is_not_told():
    made = ring()
    check = checkers.Completeness(made, 20)
    made.hosts["m3"].lose_power()
    made.run(60)
    assert check.verdict() == []


def test_nobody_is_to_be_found_by_those_who_cannot():
    made = ring(detector=make_detector(Careless))
    check = checkers.Completeness(made, 3)
    made.isolate("m1")
    made.hosts["m2"].pause(60)
    made.hosts["m3"].lose_power()
    made.run(30)
    assert {line.split()[0] for line in check.verdict()} == {"m0", "m4"}


# Accuracy


def test_an_innocent_who_is_held_for_dead_is_told():
    made = ring(detector=make_detector(Malicious))
    check = checkers.Accuracy(made, 3)
    made.run(20)
    observer, verb, accused, *rest = one_wrong(check).split()
    assert (verb, " ".join(rest[:5])) == ("holds", "confirmed, well for 3 s,")
    assert observer != accused


def test_who_is_cut_off_is_rightly_held_for_dead():
    made = ring()
    check = checkers.Accuracy(made, 3)
    made.isolate("m2")
    made.run(30)
    assert check.verdict() == []


def test_who_is_back_must_be_forgiven_in_time():
    made = ring()
    made.isolate("m2")
    made.run(20)
    patient, strict = checkers.Accuracy(made, 15), checkers.Accuracy(made, 0.2)
    made.heal()
    made.run(30)
    assert patient.verdict() == []
    assert "confirmed, well for 0.2 s" in one_wrong(strict)


# Incarnations, departures


def test_an_incarnation_that_falls_is_told():
    made = ring(disseminator=make_disseminator(Forgetful))
    check = checkers.Incarnations(made)
    made.crash_actor("m2", "disseminator")
    made.run(5)
    made.crash_actor("m2", "disseminator")
    made.run(5)
    assert one_wrong(check).startswith("m2 held m2 at incarnation 2, then at 1")


def test_nobody_is_blamed_for_what_the_loss_of_power_took():
    made = ring()
    check = checkers.Incarnations(made)
    for _ in range(3):
        made.hosts["m2"].lose_power()
        made.run(3)
        made.start(["m2"])
        made.run(3)
    assert check.verdict() == []


@pytest.mark.parametrize(("kind", "wrong"), [(Disseminator, 0), (Forgiving, 3)])
def test_a_departure_that_is_forgotten_is_told(kind, wrong):
    made = ring(3, disseminator=make_disseminator(kind))
    check = checkers.Departures(made)
    for host in made.up:
        role = host.role("disseminator")
        role.take_in(Departure("id-m9", "test"), made.agenda.now, durable=True, hot=True)
        role.hear(Wake(), made.agenda.now)
        host.empty("disseminator", role.out)
    made.run(1)
    assert len(check.verdict()) == wrong
    assert all("held id-m9 to be departed, then None" in line for line in check.verdict())


# The probe gap and the costs


def test_a_quiet_ring_keeps_its_bounds():
    made = ring(8)
    made.run(20)
    checks = [
        checkers.ProbeGap(made),
        checkers.MessagesBound(made, 12),
        checkers.BytesBound(made, 500),
    ]
    made.run(120)
    assert [check.verdict() for check in checks] == [[], [], []]


def test_whoever_is_not_probed_in_time_is_told():
    made = ring(8, detector=make_detector(Unfair))
    check = checkers.ProbeGap(made)
    made.run(200)
    assert "did not ping" in one_wrong(check)


def test_whoever_is_never_probed_at_all_is_told():
    made = ring(4)
    check = checkers.ProbeGap(made)
    made.hosts["m1"].actors["detector"].end()
    made.run(5.5)
    assert one_wrong(check).startswith("id-m1 did not ping id-m0 for 5.5 periods, not 5")


def test_who_says_too_much_is_told_once_for_each_span():
    made = ring(4, detector=make_detector(Talkative))
    messages, size = checkers.MessagesBound(made, 10), checkers.BytesBound(made, 400)
    made.run(4.9)
    assert "sent more than 10 messages in a period" in one_wrong(messages)
    assert "sent more than 400 bytes in a second" in one_wrong(size)
    assert len(messages.verdict()) <= 4 * 6


# What they rest on


def test_well_is_who_runs_and_reaches_a_majority():
    made = ring(6)
    wellness = Wellness(made)
    wellness.look()
    made.part(["m0", "m1", "m2", "m3"], ["m4", "m5"])
    made.hosts["m3"].pause(100)
    made.run(1)
    wellness.look()
    assert [host.name for host in wellness.well(0.9)] == ["m0", "m1", "m2"]
    assert wellness.well(1.1) == []
    made.hosts["m0"].lose_power()
    wellness.look()
    assert [host.name for host in wellness.down(0)] == ["m0"]
    assert wellness.down(0.1) == []


def test_who_loses_most_of_what_is_said_is_not_well():
    conditions = Conditions(1)
    assert conditions.are_fair
    assert conditions.is_good("a", "b")
    conditions.loss_at["a"] = 0.8
    conditions.loss_on["c", "b"] = 0.3
    assert not conditions.are_fair
    assert not conditions.is_good("b", "a")
    assert conditions.is_good("b", "c")


def test_a_checker_does_not_drown_in_what_is_wrong():
    made = ring(2)
    check = checkers.Checker(made)
    for number in range(1_000):
        check.note(f"wrong {number}")
    assert len(check.verdict()) == 100


def test_news_of_a_lower_incarnation_is_told_whoever_says_it():
    made = ring(2)
    check = checkers.Incarnations(made)
    host = made.hosts["m0"]
    out = host.role("disseminator").out
    for incarnation in (5, 4):
        member = Membership("id-m1", "m1", "m1:9638", incarnation)
        out.said[:] = [News(1, 1, (Known(member, 0.0),))]
        check.follow(host, "disseminator", out)
    assert one_wrong(check).startswith("m0 held m1 at incarnation 5, then at 4")
    out.said[:] = [LinkLost("m1:9638", refused=False)]
    check.follow(host, "detector", out)
    out.said.clear()
