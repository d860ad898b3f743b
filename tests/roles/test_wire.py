"""The wire on a stage: it sorts by message family and passes on."""

import pytest

from habactors.protocol.ballots import (
    Candidacy,
    Canvass,
    Leaning,
    Release,
    Renewal,
    Renewed,
    Vote,
)
from habactors.protocol.electorate import Electorate
from habactors.protocol.gossip import Digest, Hello, Noted, Outline, Rumors, Want
from habactors.protocol.hands import Arrived, Drop, Heed, LinkFell, Transmit
from habactors.protocol.probes import Ack, Nack, Ping, PingRequest
from habactors.protocol.transport import (
    Balloted,
    Gossiped,
    LinkLost,
    Probed,
    RingIs,
    RingMet,
    Send,
    Watch,
    WireStarted,
)
from habactors.roles.wire import EARLY_MAX, Wire
from habactors.roles.wiring import SENT
from tests.roles.stage import ADA, Stage, member, peer

BOB = peer("bob", b"\x00\x01")
PROBES = (Ping(1, "ada"), Ack(1, "ada"), PingRequest(1, "cyd", "cyd:9638"), Nack(1, "cyd"))
GOSSIP = (Hello(member("bob"), 7), Rumors(()), Digest(7), Outline(b""), Want(b""), Noted(1))
DB = "db.prod"
BALLOTS = (
    Canvass(DB, 1, Electorate(), 0),
    Leaning(
        DB,
        1,
        willing=True,
        better=False,
        known_term=0,
        electorate=Electorate(),
        leader="",
        suitability=0,
    ),
    Candidacy(DB, 1, Electorate()),
    Vote(DB, 1, granted=True, known_term=1),
    Renewal(DB, 1, 1, Electorate()),
    Renewed(DB, 1, 1, granted=True, known_term=1, suitability=0, eligible=True),
    Release(DB, 1, ""),
)
ALL = (*PROBES, *GOSSIP, *BALLOTS)
OURS, THEIRS = "5" * 16, "7" * 16
HELLO = GOSSIP[0]


@pytest.fixture
def deaf():
    """A wire that has just started, and does not know its ring yet."""
    return Stage(Wire(ADA)).start().drop()


@pytest.fixture
def wire(deaf):
    """The wire of a node that is in no ring yet."""
    return deaf.hear(RingIs(""))


@pytest.fixture
def settled(deaf):
    """The wire of a member of a ring."""
    return deaf.hear(RingIs(OURS))


def dropped(wire, reason):
    assert wire.take(Drop) == Drop(reason)
    wire.expect_nothing()


def names(messages):
    return [type(message).__name__ for message in messages]


@pytest.mark.parametrize("probe", PROBES, ids=names(PROBES))
def test_probes_go_to_the_detector_with_who_sent_them(wire, probe):
    assert wire.hear(Arrived(BOB, probe)).take(Probed) == Probed(BOB, probe)
    wire.expect_nothing()


@pytest.mark.parametrize("gossip", GOSSIP, ids=names(GOSSIP))
def test_gossip_goes_to_the_disseminator_with_who_sent_it(wire, gossip):
    assert wire.hear(Arrived(BOB, gossip)).take(Gossiped) == Gossiped(BOB, gossip)
    wire.expect_nothing()


@pytest.mark.parametrize("ballot", BALLOTS, ids=names(BALLOTS))
def test_ballots_go_to_the_election_with_who_sent_them(wire, ballot):
    assert wire.hear(Arrived(BOB, ballot)).take(Balloted) == Balloted(BOB, ballot)
    wire.expect_nothing()


def test_no_message_of_the_ring_was_forgotten_here():
    assert {type(message) for message in ALL} == set(SENT)


@pytest.mark.parametrize("message", ALL, ids=names(ALL))
def test_what_is_to_be_sent_goes_out_to_that_peer(wire, message):
    assert wire.hear(Send(BOB, message)).take(Transmit) == Transmit(BOB, message)
    wire.expect_nothing()


@pytest.mark.parametrize("refused", [True, False])
def test_a_link_that_fell_is_told(wire, refused):
    wire.hear(LinkFell("bob:9638", refused))
    assert wire.take(LinkLost) == LinkLost("bob:9638", refused)


# Whom it keeps links to


def test_whom_the_detector_watches_the_sockets_heed(wire):
    wire.hear(Watch(("bob:9638", "cyd:9638")))
    assert wire.take(Heed) == Heed(("bob:9638", "cyd:9638"))
    assert wire.hear(Watch(())).take(Heed) == Heed(())


def test_a_wire_that_starts_asks_whom_to_watch_and_which_ring_is_ours():
    stage = Stage(Wire(ADA)).start()
    assert stage.take(WireStarted)
    stage.expect_nothing()


# Rings


def test_what_comes_before_the_ring_is_known_waits_and_keeps_its_order(deaf):
    deaf.hear(Arrived(BOB, PROBES[0], OURS), Arrived(BOB, PROBES[1], OURS))
    deaf.expect_nothing()
    deaf.hear(RingIs(OURS))
    assert deaf.take_all(Probed) == [Probed(BOB, PROBES[0]), Probed(BOB, PROBES[1])]
    assert deaf.hear(RingIs(OURS)).take_all(Probed) == []


def test_what_waited_is_sorted_like_all_else_once_the_ring_is_known(deaf):
    deaf.hear(Arrived(BOB, PROBES[0], THEIRS), Arrived(BOB, PROBES[0], OURS, "cyd"))
    deaf.hear(RingIs(OURS))
    assert deaf.take_all(Drop) == [Drop("foreign"), Drop("misdirected")]
    assert deaf.take_all(Probed) == []


def test_only_so_much_waits(deaf):
    deaf.hear(*[Arrived(BOB, PROBES[0], OURS)] * (EARLY_MAX + 3))
    assert deaf.take_all(Drop) == [Drop("early")] * 3
    assert len(deaf.hear(RingIs(OURS)).take_all(Probed)) == EARLY_MAX


def test_a_message_for_another_member_is_dropped(settled):
    """Its address was somebody else's before."""
    dropped(settled.hear(Arrived(BOB, PROBES[0], OURS, "ada-of-old")), "misdirected")


@pytest.mark.parametrize("target", ["", "ada"])
def test_a_message_for_this_member_or_for_whoever_lives_here_is_heard(settled, target):
    settled.hear(Arrived(BOB, HELLO, OURS, target))
    assert settled.take(Gossiped) == Gossiped(BOB, HELLO)
    settled.expect_nothing()


@pytest.mark.parametrize("message", ALL, ids=names(ALL))
def test_what_another_ring_says_is_not_heard_but_that_it_was_met_is_told(settled, message):
    settled.hear(Arrived(BOB, message, THEIRS, "ada"))
    assert settled.take(RingMet) == RingMet(THEIRS, BOB, knocked=False)
    dropped(settled, "foreign")


@pytest.mark.parametrize(
    ("message", "target", "knocked"),
    [(HELLO, "", True), (HELLO, "ada", False), (PROBES[0], "", False)],
)
def test_only_a_greeting_of_whoever_lives_here_is_a_knock(settled, message, target, knocked):
    settled.hear(Arrived(BOB, message, THEIRS, target))
    assert settled.take(RingMet).knocked is knocked


def test_who_is_in_no_ring_yet_is_heard_in_every_ring(settled):
    settled.hear(Arrived(BOB, HELLO, ""))
    assert settled.take(Gossiped) == Gossiped(BOB, HELLO)
    settled.expect_nothing()


def test_who_is_in_no_ring_yet_hears_the_first_that_speaks_and_tells_of_its_ring(wire):
    wire.hear(Arrived(BOB, HELLO, THEIRS, "ada"))
    assert wire.take(RingMet).ring == THEIRS
    assert wire.take(Gossiped) == Gossiped(BOB, HELLO)
    wire.expect_nothing()


def test_a_misdirected_message_of_another_ring_is_no_meeting(settled):
    dropped(settled.hear(Arrived(BOB, HELLO, THEIRS, "cyd")), "misdirected")


def test_all_that_goes_out_bears_the_ring(deaf):
    assert deaf.hear(Send(BOB, HELLO)).take(Transmit).ring == ""
    assert deaf.hear(RingIs(OURS), Send(BOB, HELLO)).take(Transmit).ring == OURS
    assert deaf.hear(RingIs(THEIRS), Send(BOB, HELLO)).take(Transmit).ring == THEIRS


def test_whose_ring_changes_hears_its_new_mates_and_no_longer_its_old_ones(settled):
    settled.hear(RingIs(THEIRS), Arrived(BOB, HELLO, THEIRS), Arrived(BOB, HELLO, OURS))
    assert len(settled.take_all(Gossiped)) == 1
    assert settled.take(RingMet).ring == OURS


def test_the_wire_never_asks_to_be_woken_and_keeps_nothing(wire):
    for message in ALL:
        wire.hear(Arrived(BOB, message), Send(BOB, message))
    assert wire.role.out.wake is None
    assert wire.kept == []
