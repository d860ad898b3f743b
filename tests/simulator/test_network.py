"""What does the imagined network do to a message?"""

from random import Random

import pytest

from habactors.protocol.envelope import Malformed
from habactors.protocol.gossip import Digest
from habactors.protocol.lifecycle import Peer
from habactors.protocol.probes import Ping
from habactors.protocol.transport import Gossiped, LinkLost
from habactors.simulator.agenda import Agenda
from habactors.simulator.network import Network, Unwired

ADA, BOB = Peer("a", "ada:1"), Peer("b", "bob:1")


class Post:
    """A network between two doors, and what came in at each, with its time."""

    def __init__(self, *, sealed=True):
        self.agenda = Agenda()
        self.network = Network(self.agenda, Random(1), sealed=sealed)
        self.arrived = {"ada:1": [], "bob:1": []}
        for address, letters in self.arrived.items():
            self.network.attach(address, self.door(letters))

    def door(self, letters):
        return lambda letter: letters.append((self.agenda.elapsed, letter))

    def send(self, source, target, times=1):
        for number in range(times):
            self.network.carry(source, "disseminator", target, Digest(number))
        self.agenda.run(1)
        return len(self.arrived[target.address])


def test_a_message_arrives_wrapped_with_its_sender():
    post = Post()
    post.send(ADA, BOB)
    assert post.arrived["bob:1"][0][1] == Gossiped(ADA, Digest(0))


def test_messages_take_their_time_and_overtake_each_other():
    post = Post()
    post.network.latency_seconds = (0.2, 0.4)
    post.send(ADA, BOB, times=500)
    times = [time for time, _ in post.arrived["bob:1"]]
    assert min(times) >= 0.2
    assert 0.39 < max(times) <= 0.4
    checksums = [letter.message.checksum for _, letter in post.arrived["bob:1"]]
    assert checksums != sorted(checksums) == list(range(500))


def test_the_share_of_lost_messages_is_the_one_asked_for():
    post = Post()
    post.network.loss = 0.1
    assert 860 < post.send(ADA, BOB, times=1000) < 940


def test_a_cut_swallows_one_direction_until_it_heals():
    post = Post()
    post.network.cut(["ada:1"], ["bob:1"])
    assert post.send(ADA, BOB) == 0
    assert post.send(BOB, ADA) == 1
    post.network.heal()
    assert post.send(ADA, BOB) == 1


def test_an_address_without_anybody_swallows():
    post = Post()
    post.network.carry(ADA, "disseminator", Peer("", "eve:1"), Digest(0))
    post.agenda.run(1)
    assert post.arrived == {"ada:1": [], "bob:1": []}


def test_a_refusal_travels_back_to_the_sender():
    post = Post()
    post.network.refuse("ada:1", "bob:1")
    post.agenda.run(1)
    assert post.arrived["ada:1"][0][1] == LinkLost("bob:1", refused=True)


@pytest.mark.parametrize("message", [Ping(1, "b"), LinkLost("bob:1", refused=True)])
def test_what_the_wiring_does_not_list_is_an_error(message):
    with pytest.raises(Unwired, match="disseminator sends"):
        Post().network.carry(ADA, "disseminator", BOB, message)


def test_a_message_over_a_limit_is_found_when_sealed():
    with pytest.raises(Malformed):
        Post().network.carry(ADA, "detector", BOB, Ping(1, "x" * 65))
    Post(sealed=False).network.carry(ADA, "detector", BOB, Ping(1, "x" * 65))
