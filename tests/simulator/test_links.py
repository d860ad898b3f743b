"""When does an imagined host hear that a link of its fell?"""

import pytest

from habactors.protocol.gossip import Digest
from habactors.protocol.transport import Gossiped, LinkLost, RingIs, WireStarted
from habactors.simulator.host import Host
from habactors.simulator.links import LINKS_MAX
from habactors.simulator.ring import Ring
from tests.simulator.test_host import Scribe

ONE, OTHER = "m0:9638", "m1:9638"


class Speaker(Scribe):
    """Tells its wire which ring it is in, and counts what comes over the network."""

    NAME = "disseminator"

    def hear(self, message, now):
        if isinstance(message, WireStarted):
            self.say(RingIs("ring"))
        elif isinstance(message, Gossiped):
            self.heard.append(message)


class Listener(Scribe):
    """Notes when it heard of links."""

    NAME = "detector"

    def hear(self, message, now):
        if isinstance(message, LinkLost):
            self.heard.append((now, message))


class Pair:
    """Two hosts or more, whose actors say nothing of themselves."""

    def __init__(self, count=2):
        self.ring = Ring(count, 1, cast={"disseminator": Speaker, "detector": Listener})
        self.ring.start()
        self.ring.run(0.001)
        self.one, self.other, *_ = self.ring.hosts.values()
        self.links = self.ring.network.links

    def send(self, source=None, target=None):
        (source or self.one).wire.send("disseminator", (target or self.other).peer, Digest(0))

    def got(self, host=None):
        """How many messages have come to the other, or to that host."""
        return len((host or self.other).role("disseminator").heard)

    def lost(self, host=None):
        """What the one, or that host, heard of links: seconds from now on, and what was said."""
        return [
            (time - self.began, lost.address, lost.refused)
            for time, lost in (host or self.one).role("detector").heard
        ]

    def after(self, act, *arguments, seconds=5):
        self.began = self.ring.agenda.now
        act(*arguments)
        self.ring.run(seconds)
        return self.lost()


@pytest.fixture
def pair():
    """Two hosts, the one of which has just sent something to the other."""
    made = Pair()
    made.began = made.ring.agenda.now
    made.send()
    made.ring.run(0.01)
    assert made.got() == 1
    return made


def about(seconds, target=OTHER, *, refused=False):
    return (pytest.approx(seconds, abs=0.001), target, refused)


def test_a_link_falls_a_moment_after_the_node_at_its_end_was_killed(pair):
    assert pair.after(Host.stop, pair.other) == [about(0.0015)]


def test_only_who_made_a_link_hears_of_it(pair):
    pair.after(Host.stop, pair.one)
    assert pair.lost(pair.other) == []


def test_who_has_no_link_hears_nothing():
    pair = Pair()
    assert pair.after(Host.stop, pair.other) == []


def test_a_machine_without_a_node_refuses_within_a_round_trip(pair):
    pair.after(Host.stop, pair.other)
    pair.one.role("detector").heard.clear()
    ((seconds, *rest),) = pair.after(pair.send)
    assert rest == [OTHER, True]
    assert 0.002 < seconds < 0.006


def test_two_messages_into_one_refusal_are_one_lost_link(pair):
    pair.after(Host.stop, pair.other)
    pair.one.role("detector").heard.clear()
    pair.send()
    assert len(pair.after(pair.send)) == 1


def test_what_is_under_way_when_a_node_is_killed_is_lost(pair):
    pair.send()
    pair.other.stop()
    pair.ring.run(0.0005)
    pair.ring.start(["m1"])
    pair.ring.run(1)
    assert pair.got() <= 1


def test_a_link_without_heartbeat_stands_while_nothing_is_sent(pair):
    assert pair.after(Host.lose_power, pair.other, seconds=60) == []


def test_a_link_without_heartbeat_falls_two_seconds_after_something_was_sent_in_vain(pair):
    pair.other.lose_power()
    pair.ring.run(30)
    assert pair.after(pair.send) == [about(2)]


def test_nobody_is_there_to_be_connected_to_for_a_second(pair):
    pair.other.lose_power()
    pair.after(pair.send)
    pair.one.role("detector").heard.clear()
    assert pair.after(pair.send) == [about(1)]


def test_a_cut_that_heals_in_time_fells_nothing(pair):
    pair.ring.cut(["m0"], ["m1"])
    pair.send()
    pair.ring.run(1.9)
    assert pair.after(pair.ring.heal) == []
    pair.send()
    pair.ring.run(1)
    assert pair.got() == 2


def test_a_link_needs_both_directions(pair):
    pair.ring.cut_one_way(["m1"], ["m0"])
    assert pair.after(pair.send) == [about(2)]
    assert pair.got() == 2
    pair.one.role("detector").heard.clear()
    assert pair.after(pair.send) == [about(1)]
    assert pair.got() == 2


@pytest.mark.parametrize(
    "hush",
    [
        lambda pair: pair.other.lose_power(),
        lambda pair: pair.ring.isolate("m1"),
        lambda pair: pair.ring.cut_one_way(["m1"], ["m0"]),
        lambda pair: pair.other.pause(10),
    ],
)
def test_a_watched_link_falls_when_heartbeats_fail_to_come(pair, hush):
    pair.links.watch(ONE, [OTHER])
    ((seconds, *rest),) = pair.after(hush, pair)
    assert rest == [OTHER, False]
    assert 1.5 <= seconds <= 2.0


def test_a_watched_link_is_made_at_once():
    pair = Pair()
    pair.links.watch(ONE, [OTHER])
    assert pair.after(Host.stop, pair.other) == [about(0.0015)]


def test_whoever_is_watched_in_vain_from_the_start_falls_too():
    pair = Pair()
    pair.other.stop()
    ((seconds, *rest),) = pair.after(pair.links.watch, ONE, [OTHER])
    assert rest == [OTHER, True]
    assert seconds < 0.006


def test_a_link_that_is_watched_only_after_silence_began_falls_as_well(pair):
    pair.ring.isolate("m1")
    pair.ring.run(10)
    assert pair.after(pair.links.watch, ONE, [OTHER]) == [about(1)]


def test_what_is_no_longer_watched_keeps_its_heartbeat(pair):
    pair.links.watch(ONE, [OTHER])
    pair.links.watch(ONE, [])
    assert len(pair.after(pair.ring.isolate, "m1")) == 1


def test_short_silences_add_up_to_nothing(pair):
    pair.links.watch(ONE, [OTHER])
    for _ in range(10):
        pair.ring.isolate("m1")
        pair.ring.run(1)
        pair.ring.heal()
        pair.ring.run(0.1)
    assert pair.lost() == []


def test_a_watched_link_that_fell_is_not_made_anew_by_itself(pair):
    pair.links.watch(ONE, [OTHER])
    assert len(pair.after(pair.ring.isolate, "m1", seconds=60)) == 1


def test_who_stood_still_for_long_hears_afterwards_that_its_watched_links_fell(pair):
    pair.links.watch(ONE, [OTHER])
    assert pair.after(pair.one.pause, 5) == [about(5)]


def test_a_link_to_a_node_that_stands_still_is_acknowledged_by_its_machine(pair):
    pair.other.pause(10)
    assert pair.after(pair.send, seconds=9) == []


def test_nobody_greets_a_new_link_to_a_node_that_stands_still():
    pair = Pair()
    pair.other.pause(10)
    assert pair.after(pair.send) == [about(2)]


def test_a_node_that_came_back_knows_no_link_of_the_life_before(pair):
    pair.ring.isolate("m1")
    pair.other.stop()
    pair.ring.heal()
    pair.ring.start(["m1"])
    ((seconds, *rest),) = pair.after(pair.send)
    assert rest == [OTHER, False]
    assert seconds < 0.006
    pair.send()
    pair.ring.run(1)
    assert pair.got() == 1


def test_an_answer_goes_back_over_the_link_that_the_question_came_by(pair):
    pair.send(pair.other, pair.one)
    assert pair.after(Host.stop, pair.one) == []
    assert pair.lost(pair.other) == []


def test_when_its_asker_is_gone_an_answer_takes_a_link_of_its_own(pair):
    pair.one.stop()
    pair.send(pair.other, pair.one)
    pair.after(pair.ring.run, 1)
    assert pair.lost(pair.other) == [(pytest.approx(0.004, abs=0.002), ONE, True)]


def test_a_crash_of_the_wire_fells_all_links_to_it_and_says_nothing_of_its_own(pair):
    assert pair.after(pair.ring.crash_actor, "m1", "wire") == [about(0.0015)]
    assert pair.lost(pair.other) == []
    pair.one.role("detector").heard.clear()
    assert pair.after(pair.ring.crash_actor, "m0", "wire") == []


def test_while_the_wire_is_down_nobody_is_refused_and_everything_waits(pair):
    pair.ring.crash_actor("m1", "wire")
    pair.ring.run(0.01)
    pair.send()
    pair.send(pair.other, pair.one)
    pair.ring.run(0.015)
    assert (pair.got(), pair.got(pair.one)) == (1, 0)
    pair.ring.run(0.02)
    assert (pair.got(), pair.got(pair.one)) == (2, 1)
    assert [refused for *_, refused in pair.lost()] == [False]


def test_while_the_wire_stands_still_everything_waits_and_nothing_is_lost(pair):
    pair.other.pause_actor("wire", 5)
    pair.send()
    pair.send(pair.other, pair.one)
    pair.ring.run(4.9)
    assert (pair.got(), pair.got(pair.one)) == (1, 0)
    pair.ring.run(0.2)
    assert (pair.got(), pair.got(pair.one)) == (2, 1)


def test_a_wire_that_stands_still_answers_no_heartbeat(pair):
    pair.links.watch(ONE, [OTHER])
    ((seconds, *_),) = pair.after(pair.other.pause_actor, "wire", 5)
    assert 1.5 <= seconds <= 2.0


def test_what_was_under_way_to_a_wire_is_lost_with_it(pair):
    pair.send()
    pair.ring.crash_actor("m1", "wire")
    pair.ring.run(1)
    assert pair.got() == 1


def test_the_link_that_was_used_least_recently_gives_way():
    pair = Pair(LINKS_MAX + 2)
    for host in list(pair.ring.hosts.values())[1:]:
        pair.send(pair.one, host)
    assert pair.after(Host.stop, pair.other) == []
    assert pair.after(Host.stop, pair.ring.hosts["m2"]) == [about(0.0015, "m2:9638")]


def test_a_ring_where_nobody_watches_notes_nothing_of_links(pair):
    noted = pair.ring.agenda.noted
    pair.ring.isolate("m1")
    pair.other.pause(1)
    assert pair.ring.agenda.noted == noted + 1
