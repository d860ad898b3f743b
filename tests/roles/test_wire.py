"""The wire on a stage: it sorts by message family and passes on."""

import pytest

from habactors.protocol.gossip import Digest, Hello, Outline, Rumors, Want
from habactors.protocol.hands import Arrived, LinkFell, Transmit
from habactors.protocol.probes import Ack, Ping, PingRequest
from habactors.protocol.transport import Gossiped, LinkLost, Probed, Send
from habactors.roles.wire import Wire
from habactors.roles.wiring import SENT
from tests.roles.stage import ADA, Stage, member, peer

BOB = peer("bob", b"\x00\x01")
PROBES = (Ping(1, "ada"), Ack(1, "ada"), PingRequest(1, "cyd", "cyd:9638"))
GOSSIP = (Hello(member("bob"), 7), Rumors(()), Digest(7), Outline(b""), Want(b""))


@pytest.fixture
def wire():
    return Stage(Wire(ADA)).start()


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


def test_no_message_of_the_ring_was_forgotten_here():
    assert {type(message) for message in (*PROBES, *GOSSIP)} == set(SENT)


@pytest.mark.parametrize("message", [*PROBES, *GOSSIP], ids=names((*PROBES, *GOSSIP)))
def test_what_is_to_be_sent_goes_out_to_that_peer(wire, message):
    assert wire.hear(Send(BOB, message)).take(Transmit) == Transmit(BOB, message)
    wire.expect_nothing()


@pytest.mark.parametrize("refused", [True, False])
def test_a_link_that_fell_is_told(wire, refused):
    wire.hear(LinkFell("bob:9638", refused))
    assert wire.take(LinkLost) == LinkLost("bob:9638", refused)


def test_the_wire_never_asks_to_be_woken_and_keeps_nothing(wire):
    for message in (*PROBES, *GOSSIP):
        wire.hear(Arrived(BOB, message), Send(BOB, message))
    assert wire.role.out.wake is None
    assert wire.kept == []
