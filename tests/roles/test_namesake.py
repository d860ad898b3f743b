"""Is there another node with this one's member id?"""

from habactors.protocol.events import Event
from habactors.protocol.gossip import Hello, Rumors
from habactors.protocol.health import Health
from habactors.protocol.lifecycle import Identity, Peer
from habactors.protocol.limits import WHOLE_MAX
from habactors.protocol.rumors import Membership
from habactors.protocol.transport import Gossiped
from habactors.roles.namesake import ANSWER_SECONDS, CLAIMS, REPORT_SECONDS, WINDOW_SECONDS
from tests.roles.stage import member, peer
from tests.roles.telling import disseminator, own, ring_of, told


def claim(incarnation):
    """Another node says that it is ada."""
    return Membership("ada", "ada-too", "cellar:1", incarnation)


def conflicts(stage):
    return [event for event in stage.take_all(Event) if event.after == "conflict"]


def claims(stage, count, every_seconds):
    """So many claims, each above the last word of this node: how many it has outbid."""
    before = own(stage).incarnation
    outbid = 0
    for _ in range(count):
        stage.wait(every_seconds)
        stage.hear(told(claim(stage.role.incarnation + 1)))
        outbid += own(stage).incarnation > before
        before = own(stage).incarnation
    return outbid


def test_a_former_life_is_outbid_at_once_and_is_no_conflict():
    stage = ring_of(member("bob")).hear(told(claim(41)))
    assert own(stage) == member("ada", 42)
    assert conflicts(stage) == []


def test_what_is_left_over_of_some_former_lives_is_none_either():
    stage = ring_of(member("bob"))
    for incarnation in (5, 9)[: CLAIMS - 1]:
        stage.hear(told(claim(incarnation)))
    assert own(stage) == member("ada", 10)
    assert conflicts(stage) == []


def test_who_claims_it_again_and_again_is_reported_with_what_to_do():
    stage = ring_of(member("bob"))
    claims(stage, CLAIMS, every_seconds=1)
    (event,) = conflicts(stage)
    assert (event.kind, event.subject) == ("node", "ada")
    assert "ada-too at cellar:1 has the member id of this node" in event.why
    assert "empty its data_dir" in event.why


def test_two_nodes_of_one_id_do_not_outbid_each_other_in_a_frenzy():
    stage = ring_of(member("bob"))
    outbid = claims(stage, 600, every_seconds=0.1)
    assert CLAIMS <= outbid <= CLAIMS + 60 / ANSWER_SECONDS
    assert own(stage).address == stage.role.me.address


def test_the_conflict_is_reported_now_and_then_as_long_as_it_lasts():
    stage = ring_of(member("bob"))
    claims(stage, 300, every_seconds=1)
    assert len(conflicts(stage)) == 300 / REPORT_SECONDS


def test_claims_that_lie_far_apart_are_no_conflict():
    stage = ring_of(member("bob"))
    assert claims(stage, 10, every_seconds=WINDOW_SECONDS / 2 + 1) == 10
    assert conflicts(stage) == []


def test_after_a_quiet_time_a_former_life_is_outbid_at_once_again():
    stage = ring_of(member("bob"))
    claims(stage, 20, every_seconds=0.1)
    stage.wait(WINDOW_SECONDS + 1)
    assert claims(stage, 1, every_seconds=0) == 1


def test_accusations_are_refuted_even_in_the_midst_of_a_conflict():
    stage = ring_of(member("bob"))
    claims(stage, 20, every_seconds=0.1)
    said = stage.role.incarnation + 5
    stage.hear(told(member("ada", said, Health.SUSPECT, by="bob")))
    assert own(stage).incarnation == said + 1


def test_an_echo_of_its_own_word_is_no_claim():
    stage = ring_of(member("bob"))
    stage.hear(*[told(own(stage))] * 20)
    assert conflicts(stage) == []
    assert own(stage).incarnation == 1


def test_other_metadata_at_the_same_incarnation_is_outbid_and_its_own_kept():
    """It was restarted with another configuration, and the ring knows the former one better."""
    stage = ring_of(member("bob"))
    stage.hear(told(Membership("ada", "zoe", "zoo:1", 1)))
    assert own(stage) == member("ada", 2)


def test_a_namesake_that_greets_is_not_taken_for_this_node_itself():
    stage = ring_of(member("bob"))
    stage.hear(Gossiped(Peer("ada", "cellar:1"), Hello(claim(7), 0)))
    assert own(stage) == member("ada", 8)


def test_nobody_is_outbid_beyond_the_end_of_all_counting():
    stage = ring_of(member("bob"))
    stage.hear(*[told(claim(WHOLE_MAX))] * 10)
    assert own(stage) == member("ada", 1)
    assert conflicts(stage) == []


def test_both_of_two_namesakes_find_out():
    """They hear of each other through bob, who believes the last one."""
    cellar = Identity("ada", "ada-too", "cellar:1")
    stages = [ring_of(member("bob")), ring_of(member("bob"), me=cellar, seed=2)]
    stages[1].role.speak_of_myself(5, stages[1].now)
    said = 0
    for _ in range(40):
        for speaker, hearer in (stages, reversed(stages)):
            sent = [pair for pair in speaker.sent if isinstance(pair[1], Rumors)]
            speaker.sent = []
            said += len(sent)
            for _, message in sent:
                hearer.hear(Gossiped(peer("bob"), message))
            speaker.wait(0.3)
    for stage in stages:
        assert conflicts(stage)
        assert stage.role.incarnation < 40
    assert disseminator().incarnation == 0
