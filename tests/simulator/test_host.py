"""What becomes of letters, records and deadlines on an imagined host?"""

import pytest

from habactors.protocol.hands import LinkFell
from habactors.protocol.lifecycle import Start, Wake
from habactors.protocol.news import CatchUp, Leave, Offer
from habactors.protocol.probes import Ping
from habactors.protocol.transport import LinkLost, WireStarted
from habactors.roles.role import Role
from habactors.simulator.host import LETTER_SECONDS, Host
from habactors.simulator.network import Unwired
from habactors.simulator.ring import Ring

PING = Ping(1, "id-m1")


class Scribe(Role):
    """Writes down what it hears, save of the wire, and does what a test wants of it."""

    def __init__(self, seat):
        super().__init__(seat.me)
        self.heard = []
        self.orders = lambda role, message, now: None

    def hear(self, message, now):
        if isinstance(message, WireStarted):
            return
        self.heard.append(message)
        self.orders(self, message, now)

    def names(self):
        return [type(message).__name__ for message in self.heard]


class Silent(Scribe):
    NAME = "detector"


class Speaker(Scribe):
    NAME = "disseminator"


def ring(hosts=1):
    made = Ring(hosts, 1, cast={"disseminator": Speaker, "detector": Silent})
    made.start()
    return made


def order(role, orders):
    """Let a role do something whenever it hears anything."""
    role.orders = orders


@pytest.fixture
def alone():
    """A ring of one host, that host, and its two roles."""
    made = ring()
    host = made.hosts["m0"]
    return made, host, host.role("disseminator"), host.role("detector")


def test_actors_start_in_the_order_of_the_cast(alone):
    _, host, speaker, silent = alone
    assert list(host.actors) == ["disseminator", "detector"]
    assert speaker.heard == silent.heard == [Start()]


def test_a_letter_takes_a_moment_and_reaches_whom_the_wiring_names(alone):
    made, host, speaker, silent = alone
    host.tell("detector", CatchUp())
    made.run(LETTER_SECONDS / 2)
    assert speaker.heard == [Start()]
    made.run(LETTER_SECONDS)
    assert speaker.heard == [Start(), CatchUp()]
    assert silent.heard == [Start()]


def test_a_letter_that_the_wiring_does_not_list_is_an_error(alone):
    _, host, _, silent = alone
    with pytest.raises(Unwired, match="census says Leave"):
        host.tell("census", Leave())
    order(silent, lambda role, *_: role.say(Leave()))
    with pytest.raises(Unwired, match="detector says Leave"):
        host.wire.receive(LinkFell("m1:9638", refused=False))


def test_a_crash_loses_letters_under_way_and_keeps_those_said_later(alone):
    made, host, speaker, _ = alone
    host.tell("detector", CatchUp())
    host.crash("disseminator", 0.03)
    made.run(0.01)
    host.tell("root", Leave())
    made.run(0.01)
    successor = host.role("disseminator")
    assert successor.heard == []
    made.run(0.02)
    assert successor.names() == ["Start", "Leave"]
    assert speaker.names() == ["Start"]


def test_a_successor_starts_with_what_was_kept(alone):
    made, host, speaker, _ = alone
    order(speaker, lambda role, *_: role.keep("key", b"value"))
    host.tell("root", Leave())
    made.run(1)
    host.crash("disseminator", 0.03)
    made.run(1)
    assert host.role("disseminator").heard == [Start({"key": b"value"})]


def keep_both(role, message, now):
    role.keep("durable", b"1", durable=True)
    role.keep("plain", b"1")


@pytest.mark.parametrize(
    ("end", "kept"), [(Host.stop, ["durable", "plain"]), (Host.lose_power, ["durable"])]
)
def test_a_killed_node_keeps_all_and_one_without_power_what_is_durable(alone, end, kept):
    made, host, speaker, _ = alone
    order(speaker, keep_both)
    host.tell("root", Leave())
    made.run(1)
    end(host)
    made.start(["m0"])
    assert sorted(host.role("disseminator").heard[0].kept) == kept


def test_a_node_that_is_down_hears_nothing_afterwards(alone):
    made, host, _, _ = alone
    host.tell("root", Leave())
    host.crash("disseminator", 0.03)
    host.stop()
    made.run(1)
    assert host.role("disseminator").heard == []


def test_a_pause_delays_everything_and_loses_nothing(alone):
    made, host, speaker, _ = alone
    order(speaker, lambda role, _, now: role.wake_at(made.agenda.now + 0.5))
    host.tell("root", Leave())
    made.run(0.1)
    host.pause(2)
    host.pause(3)
    made.run(1)
    host.tell("detector", CatchUp())
    made.run(1.5)
    assert speaker.names() == ["Start", "Leave"]
    made.run(1)
    assert speaker.names()[:4] == ["Start", "Leave", "Wake", "CatchUp"]


def test_one_actor_can_stand_still_while_the_others_go_on(alone):
    made, host, speaker, silent = alone
    host.pause_actor("disseminator", 2)
    assert not host.is_whole
    host.tell("root", Leave())
    host.wire.receive(LinkFell("m1:9638", refused=False))
    made.run(1.9)
    assert speaker.names() == ["Start"]
    assert silent.names() == ["Start", "LinkLost"]
    made.run(0.2)
    assert speaker.names() == ["Start", "Leave"]
    assert host.is_whole


def test_the_latest_deadline_counts(alone):
    made, host, speaker, _ = alone
    wishes = iter([3.0, 1.0, 2.0, None])
    order(speaker, lambda role, _, now: role.wake_at(_after(made, next(wishes))))
    for _ in range(3):
        host.tell("root", Leave())
        made.run(0.01)
    made.run(1.5)
    assert "Wake" not in speaker.names()
    made.run(1)
    assert speaker.names()[-1] == "Wake"
    made.run(10)
    assert speaker.names().count("Wake") == 1


def _after(made, seconds):
    return None if seconds is None else made.agenda.now + seconds


def test_a_role_that_never_sleeps_is_an_error(alone):
    made, host, speaker, _ = alone
    order(speaker, lambda role, _, now: role.wake_at(now))
    host.tell("root", Leave())
    with pytest.raises(AssertionError, match="asks for Wake without end"):
        made.run(1)


def test_an_error_of_a_role_tells_where_and_when(alone):
    made, host, speaker, _ = alone
    order(speaker, lambda *_: 1 / 0)
    host.tell("root", Leave())
    with pytest.raises(ZeroDivisionError) as caught:
        made.run(1)
    assert "m0 disseminator at 0.000 s, hearing Leave()" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("end", "hears"),
    [
        (Host.stop, LinkLost("m1:9638", refused=True)),
        (Host.lose_power, LinkLost("m1:9638", refused=False)),
    ],
)
def test_a_killed_node_refuses_and_one_without_power_is_silent(end, hears):
    made = ring(2)
    one, other = made.hosts.values()
    end(other)
    one.wire.send("detector", other.peer, PING)
    made.run(1)
    assert one.role("detector").heard == [Start(), hears]


def test_hands_are_heard_by_their_own_actor():
    hands = {"detector": Silent, "detector.hands": Scribe}
    made = Ring(1, 1, cast=hands)
    made.start()
    host = made.hosts["m0"]
    order(
        host.role("detector.hands"),
        lambda role, message, _: role.say(Offer("a.b", "c", "", b"", b"")),
    )
    host.actors["detector.hands"].hear(Wake())
    made.run(1)
    assert host.role("detector").names() == ["Start", "Offer"]


def test_every_actor_draws_from_a_random_of_its_own():
    seats = []
    cast = {"detector": lambda seat: seats.append(seat) or Silent(seat)}
    for seed in (1, 1, 2):
        Ring(2, seed, cast=cast).start()
    draws = [seat.rng.random() for seat in seats]
    assert draws[:2] == draws[2:4]
    assert len(set(draws)) == 4
