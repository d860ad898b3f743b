"""How does a member help another one to reach a third?"""

import pytest

from habactors.config import DetectorConfig
from habactors.protocol.lifecycle import Peer
from habactors.protocol.probes import Ack, Nack, Ping, PingRequest
from habactors.protocol.rumors import Departure
from habactors.protocol.transport import LinkLost, Probed
from habactors.roles.helping import ERRANDS_MAX, PATIENCE, PINGS_MAX, helping_seconds
from tests.roles.detecting import PERIOD, TIMEOUT, Newsroom, names, ring_of, suspect
from tests.roles.stage import DETECTION, member, peer

CYD = PingRequest(7, "cyd", "cyd:9638")


def asked(*members, **options):
    """Ada's detector, once bob has asked it for help with cyd: the stage, and the ping."""
    stage = ring_of(member("bob"), *members, **options)
    stage.hear(Probed(peer("bob", b"route"), CYD))
    return stage, stage.take(Ping)[1]


def test_it_pings_for_another_member_and_passes_the_answer_on():
    stage = ring_of(member("bob"), member("cyd"))
    stage.hear(Probed(peer("bob", b"route"), PingRequest(7, "cyd", "cyd:1")))
    receiver, ping = stage.take(Ping)
    assert (receiver, ping.target) == (Peer("cyd", "cyd:1"), "cyd")
    stage.hear(Probed(peer("cyd"), Ack(ping.sequence, "cyd")))
    assert stage.take(Ack) == (peer("bob", b"route"), Ack(7, "cyd"))
    stage.hear(Probed(peer("cyd"), Ack(ping.sequence, "cyd")))
    stage.expect_nothing()


def test_it_helps_with_members_that_it_does_not_know():
    stage = ring_of()
    stage.hear(Probed(peer("bob"), PingRequest(7, "eve", "eve:9638")))
    assert stage.take(Ping)[0] == peer("eve")


def test_it_passes_on_no_answer_of_somebody_else():
    stage = ring_of(member("bob"), member("cyd"))
    stage.hear(Probed(peer("bob"), PingRequest(7, "cyd", "cyd:9638")))
    _, ping = stage.take(Ping)
    stage.hear(Probed(peer("eve"), Ack(ping.sequence, "eve")))
    stage.expect_nothing()
    stage.hear(Probed(peer("cyd"), Ack(ping.sequence, "cyd")))
    assert stage.take(Ack) == (peer("bob"), Ack(7, "cyd"))


def test_errands_and_trials_are_never_confused():
    """Both for the same member at the same time: each answer serves the one it belongs to."""
    stage = ring_of(member("bob"), member("cyd"))
    stage.hear(LinkLost("cyd:9638", refused=False))
    _, trial = stage.take(Ping)
    stage.hear(Probed(peer("bob"), PingRequest(trial.sequence, "cyd", "cyd:9638")))
    _, errand = stage.take(Ping)
    assert errand.sequence != trial.sequence
    stage.hear(Probed(peer("cyd"), Ack(errand.sequence, "cyd")))
    assert stage.take(Ack) == (peer("bob"), Ack(trial.sequence, "cyd"))
    stage.wait(PERIOD / 2)
    assert [request.target for _, request in stage.take_all(PingRequest)] == ["cyd"]


def test_an_errand_without_an_answer_is_dropped_in_time():
    stage, ping = asked()
    stage.wait(PERIOD + 0.01).drop()
    stage.hear(Probed(peer("cyd"), Ack(ping.sequence, "cyd")))
    assert stage.take_all(Ack) == []


def test_it_runs_only_so_many_errands_at_a_time():
    stage = ring_of()
    request = Probed(peer("bob"), PingRequest(7, "cyd", "cyd:9638"))
    stage.hear(*[request] * (ERRANDS_MAX + 10))
    assert len(stage.take_all(Ping)) == ERRANDS_MAX
    stage.wait(PERIOD).drop().hear(request)
    assert len(stage.take_all(Ping)) == 1


def test_that_there_was_no_answer_is_said_while_the_asker_still_waits_for_it():
    stage, _ = asked()
    stage.wait(PATIENCE * TIMEOUT - 0.001)
    assert stage.take_all(Nack) == []
    stage.wait(0.002)
    assert stage.take(Nack) == (peer("bob", b"route"), Nack(7, "cyd"))
    assert len(stage.role._helping) == 0


@pytest.mark.parametrize(
    ("period", "timeout"), [(1.0, 0.5), (1.0, 0.9), (1.0, 0.1), (0.2, 0.15), (60.0, 20.0)]
)
def test_a_helper_gives_up_before_its_asker_does(period, timeout):
    settings = DetectorConfig(period_seconds=period, ping_timeout_seconds=timeout)
    stage, _ = asked(settings=settings)
    began = stage.now
    while not stage.take_all(Nack):
        stage.wake()
    assert stage.now - began < helping_seconds(settings) <= period - timeout + 1e-9


def test_a_refusal_of_the_targets_host_is_passed_on_at_once_and_once():
    stage, _ = asked()
    stage.hear(*[LinkLost("cyd:9638", refused=True)] * 2)
    assert stage.take(Nack) == (peer("bob", b"route"), Nack(7, "cyd", refused=True))
    stage.take_all(Ping)  # the helper itself looks after nobody whom it does not know
    stage.wait(PERIOD)
    assert stage.take_all(Nack) == []


def test_all_errands_to_a_host_that_refuses_are_answered():
    stage, _ = asked()
    stage.hear(Probed(peer("dan"), PingRequest(4, "cyd", "cyd:9638")))
    stage.hear(LinkLost("cyd:9638", refused=True))
    assert {(to.id, nack.sequence) for to, nack in stage.take_all(Nack)} == {
        ("bob", 7),
        ("dan", 4),
    }


def test_the_fall_of_another_link_settles_no_errand():
    stage, ping = asked()
    stage.hear(LinkLost("dan:9638", refused=True))
    assert stage.take_all(Nack) == []
    stage.hear(Probed(peer("cyd"), Ack(ping.sequence, "cyd")))
    assert len(stage.take_all(Ack)) == 1


def test_a_ping_that_fell_with_its_link_is_sent_again_but_not_for_ever():
    """Somebody may take every connection and drop it at once."""
    stage, first = asked()
    again = []
    for _ in range(10 * PINGS_MAX):
        stage.hear(LinkLost("cyd:9638", refused=False))
        again += [ping for receiver, ping in stage.take_all(Ping) if receiver.id == "cyd"]
    assert [ping.sequence for ping in again] == [first.sequence] * (PINGS_MAX - 1)
    stage.hear(Probed(peer("cyd"), Ack(first.sequence, "cyd")))
    assert len(stage.take_all(Ack)) == 1


def test_a_helper_tells_the_target_what_is_held_against_it_and_the_asker_what_is_new():
    stage = ring_of(member("bob"), suspect("cyd"))
    stage.hear(Probed(peer("bob"), CYD))
    _, ping = stage.take(Ping)
    assert ping.introductions == (suspect("cyd"),)
    Newsroom(stage).tell(member("dan"))
    stage.hear(Probed(peer("cyd"), Ack(ping.sequence, "cyd")))
    assert stage.take(Ack)[1].introductions == (member("dan"),)


def test_helping_says_nothing_of_the_helper_itself():
    """It is not the helper's fault when its errands fail, nor its merit when they do not."""
    stage = ring_of(*map(member, names(3)))
    stage.role.awareness.worsen(2)
    for number in range(6):
        stage.hear(Probed(peer("m00"), PingRequest(number, "eve", "eve:9638")))
        _, ping = [pair for pair in stage.take_all(Ping) if pair[0].id == "eve"][-1]
        if number % 2:
            stage.hear(Probed(peer("eve"), Ack(ping.sequence, "eve")))
        else:
            stage.hear(LinkLost("eve:9638", refused=True))
    assert stage.role.awareness.score == 2
    assert len(stage.role.dossier) == 3


def test_a_member_that_departed_is_pinged_for_others_all_the_same():
    """The asker has not heard of it yet; the departed one will tell."""
    stage = ring_of(member("bob"), member("cyd"), Departure("cyd", "bob"))
    stage.hear(Probed(peer("bob"), CYD))
    assert stage.take(Ping)[0] == peer("cyd")


def test_a_helper_that_stood_still_says_no_once_and_goes_on():
    stage, _ = asked(settings=DETECTION)
    stage.wake_late(60.0)
    assert [nack.sequence for _, nack in stage.take_all(Nack)] == [7]
    assert len(stage.role._helping) == 0
