"""What does the imagined network do to a message?"""

import pytest

from habactors.protocol.envelope import Malformed
from habactors.protocol.gossip import Digest
from habactors.protocol.hands import Arrived, LinkFell, Transmit
from habactors.protocol.lifecycle import Peer
from habactors.protocol.probes import Ping
from habactors.protocol.transport import LinkLost
from habactors.simulator.agenda import Agenda
from habactors.simulator.links import Presence
from habactors.simulator.network import Network, Unwired

ADA, BOB = Peer("a", "ada:1"), Peer("b", "bob:1")


class Post:
    """A network between two nodes, and what came in at each, with its time."""

    def __init__(self, *, sealed=True):
        self.agenda = Agenda()
        self.network = Network(self.agenda, 1, sealed=sealed)
        self.conditions = self.network.conditions
        self.arrived = {"ada:1": [], "bob:1": []}
        for address, letters in self.arrived.items():
            self.network.attach(address, self.door(letters))
            self.network.links.set_presence(address, Presence.NODE)

    def door(self, letters):
        return lambda letter: letters.append((self.agenda.elapsed, letter))

    def send(self, source, target, times=1):
        """How many messages of the sender have arrived at the target so far."""
        for number in range(times):
            self.network.carry(source, "disseminator", Transmit(target, Digest(number), "ring"))
        self.agenda.run(1)
        return sum(type(letter) is Arrived for _, letter in self.arrived[target.address])


def test_a_message_arrives_wrapped_with_its_sender():
    post = Post()
    post.send(ADA, BOB)
    assert post.arrived["bob:1"][0][1] == Arrived(ADA, Digest(0), "ring", "b")


def test_messages_take_their_time_and_overtake_each_other():
    post = Post()
    post.conditions.latency_seconds = (0.2, 0.4)
    post.send(ADA, BOB, times=500)
    times = [time for time, _ in post.arrived["bob:1"]]
    assert min(times) >= 0.2
    assert 0.39 < max(times) <= 0.4
    checksums = [letter.message.checksum for _, letter in post.arrived["bob:1"]]
    assert checksums != sorted(checksums) == list(range(500))


def test_the_share_of_lost_messages_is_the_one_asked_for():
    post = Post()
    post.conditions.loss = 0.1
    assert 860 < post.send(ADA, BOB, times=1000) < 940


def test_losses_in_bursts_are_of_the_length_and_the_share_asked_for():
    post = Post()
    post.conditions.loss, post.conditions.burst = 0.2, 8.0
    lost = [post.conditions.swallows("ada:1", "bob:1") for _ in range(50_000)]
    bursts = sum(lost[at] and not lost[at - 1] for at in range(1, len(lost)))
    assert sum(lost) / len(lost) == pytest.approx(0.2, rel=0.1)
    assert sum(lost) / bursts == pytest.approx(8, rel=0.1)


def test_a_burst_is_of_one_sender():
    post = Post()
    post.conditions.loss, post.conditions.burst = 0.5, 1_000.0
    pairs = [(post.conditions.swallows("a", "x"), post.conditions.swallows("b", "x"))
             for _ in range(20_000)]  # fmt: skip
    assert set(pairs[5_000:]) >= {(True, False), (False, True)}


def test_everything_is_lost_at_a_hundred_percent():
    post = Post()
    post.conditions.loss, post.conditions.burst = 1.0, 5.0
    assert post.send(ADA, BOB, times=50) == 0


def test_a_loss_at_one_host_is_of_what_comes_and_of_what_goes_there():
    post = Post()
    post.conditions.loss_at["ada:1"] = 0.5
    assert 430 < post.send(ADA, BOB, times=1000) < 570
    assert 430 < post.send(BOB, ADA, times=1000) < 570
    assert not any(post.conditions.swallows("bob:1", "eve:1") for _ in range(100))


def test_a_loss_on_one_way_leaves_the_way_back_alone():
    post = Post()
    post.conditions.loss_on["ada:1", "bob:1"] = 1.0
    assert post.send(ADA, BOB, times=10) == 0
    assert post.send(BOB, ADA, times=10) == 10


def test_a_cut_swallows_one_direction_until_it_heals():
    post = Post()
    assert post.send(ADA, BOB) == post.send(BOB, ADA) == 1
    post.network.cut(["ada:1"], ["bob:1"])
    assert post.send(ADA, BOB) == 1
    assert post.send(BOB, ADA) == 2
    post.conditions.heal()
    post.agenda.run(3)
    assert post.send(ADA, BOB) == 2


def test_what_is_cut_twice_is_mended_twice():
    post = Post()
    ways = post.network.cut(["ada:1"], ["bob:1"])
    post.network.cut(["ada:1", "eve:1"], ["bob:1"])
    post.conditions.mend(ways)
    assert post.conditions.is_cut("ada:1", "bob:1")
    post.conditions.mend(ways)
    assert not post.conditions.is_cut("ada:1", "bob:1")
    assert post.conditions.is_parted("bob:1", "eve:1")


def test_an_address_without_anybody_swallows():
    post = Post()
    post.network.carry(ADA, "disseminator", Transmit(Peer("", "eve:1"), Digest(0)))
    post.agenda.run(0.9)
    assert post.arrived == {"ada:1": [], "bob:1": []}
    post.agenda.run(0.2)
    assert post.arrived["ada:1"] == [(pytest.approx(1), LinkFell("eve:1", refused=False))]


@pytest.mark.parametrize("message", [Ping(1, "b"), LinkLost("bob:1", refused=True)])
def test_what_the_wiring_does_not_list_is_an_error(message):
    with pytest.raises(Unwired, match="disseminator sends"):
        Post().network.carry(ADA, "disseminator", Transmit(BOB, message))


def test_a_message_over_a_limit_is_found_when_sealed():
    with pytest.raises(Malformed):
        Post().network.carry(ADA, "detector", Transmit(BOB, Ping(1, "x" * 65)))
    Post(sealed=False).network.carry(ADA, "detector", Transmit(BOB, Ping(1, "x" * 65)))
