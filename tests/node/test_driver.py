"""The driver keeps a role's promises: kept before said, heard in order, told to the right ones."""

import pytest

from habactors.node.counters import Counters
from habactors.node.driver import Driver
from habactors.protocol.errands import CallRoll, Running, StopServices
from habactors.protocol.events import Event
from habactors.protocol.files import Fetch, Fetched
from habactors.protocol.lifecycle import Peer, Start, Wake
from habactors.protocol.news import CatchUp, News, Snapshot, Withdraw
from habactors.protocol.probes import Ping
from habactors.protocol.transport import Send
from habactors.protocol.views import Recount
from habactors.roles.role import Keep, Role
from tests.roles.stage import ADA, NOW

BOB = Peer("bob", "bob:9638")
EVENT = Event(NOW, "ada", "services", "service", "a.b", "a.b", "up", "down", "")


class Clock:
    def now(self):
        return NOW


class Store:
    """Notes in the common diary when it writes."""

    def __init__(self, diary, kept=(), *, damaged=False):
        self.diary = diary
        self.kept = dict(kept)
        self.damaged = damaged

    def load(self):
        return self.kept

    def write(self, records):
        self.diary.append(("kept", [record.key for record in records]))


class Scripted(Role):
    """Does what the script says for a message; notes what it hears."""

    NAME = "services"

    def __init__(self, diary, script):
        super().__init__(ADA)
        self.diary = diary
        self.script = script

    def hear(self, message, now):
        self.diary.append(("heard", message))
        act = self.script.get(type(message))
        if act:
            act(self)


class Driven:
    """A driver with a role that follows a script; `do` is what its hands do."""

    def __init__(self, script, *, do=None, kept=(), damaged=False, name="services", store=True):
        self.diary = []
        self.counters = Counters()
        role = Scripted(self.diary, script)
        role.NAME = name
        self.driver = Driver(
            role,
            Clock(),
            self.counters,
            lambda hearers, letter: self.diary.append(("letter", hearers, letter)),
            lambda order: self.diary.append(("hands", order)) or (do and do(self, order)),
            Store(self.diary, kept, damaged=damaged) if store else None,
        )


def test_the_first_message_brings_what_was_kept():
    driven = Driven({}, kept={"spec/a": b"1"})
    driven.driver.start()
    assert driven.diary == [("heard", Start({"spec/a": b"1"}, damaged=False))]


def test_damage_is_told_to_the_role_and_counted():
    driven = Driven({}, damaged=True)
    driven.driver.start()
    assert driven.diary == [("heard", Start({}, damaged=True))]
    assert driven.counters.get("services", "damaged", "record") == 1


def test_what_is_kept_is_written_before_anything_is_said_sent_or_done():
    def act(role):
        role.say(Withdraw("a.b"))
        role.say(Fetch("t", "p"))
        role.keep("spec/a", b"1", durable=True)
        role.keep("spec/b", None)

    driven = Driven({StopServices: act})
    driven.driver.receive(StopServices())
    assert driven.diary[1:] == [
        ("kept", ["spec/a", "spec/b"]),
        ("letter", ("disseminator",), Withdraw("a.b")),
        ("hands", Fetch("t", "p")),
    ]


def test_what_cannot_be_kept_is_not_said():
    def act(role):
        role.keep("spec/a", b"1", durable=True)
        role.say(Withdraw("a.b"))

    driven = Driven({StopServices: act})
    driven.driver._store.write = lambda records: 1 / 0
    with pytest.raises(ZeroDivisionError):
        driven.driver.receive(StopServices())
    assert [entry[0] for entry in driven.diary] == ["heard"]


def test_a_role_that_keeps_without_a_store_is_an_error():
    driven = Driven({StopServices: lambda role: role.keep("a", b"")}, store=False)
    with pytest.raises(AssertionError, match="no store"):
        driven.driver.receive(StopServices())


def test_letters_go_to_whom_the_wiring_names():
    driven = Driven({StopServices: lambda role: role.say(EVENT)})
    driven.driver.receive(StopServices())
    assert driven.diary[-1] == ("letter", ("sidecar", "control"), EVENT)


def test_messages_for_other_members_go_to_the_wire():
    driven = Driven({Snapshot: lambda role: role.send(BOB, Ping(7, "bob"))}, name="detector")
    driven.driver.receive(Snapshot(1, 1, ()))
    assert driven.diary[-1] == ("letter", ("wire",), Send(BOB, Ping(7, "bob")))
    assert driven.counters.get("detector", "sent", "Ping") == 1


def test_a_message_of_another_actor_to_the_ring_is_an_error():
    driven = Driven({StopServices: lambda role: role.send(BOB, Ping(7, "bob"))})
    with pytest.raises(AssertionError, match="another actor's"):
        driven.driver.receive(StopServices())


def test_what_is_not_in_the_wiring_is_an_error():
    driven = Driven({StopServices: lambda role: role.say(CallRoll())})
    with pytest.raises(KeyError):
        driven.driver.receive(StopServices())


def test_a_letter_that_the_actor_does_not_hear_is_an_error():
    driven = Driven({})
    with pytest.raises(KeyError):
        driven.driver.receive(CallRoll())
    assert driven.diary == []


def test_what_hands_find_out_is_heard_after_what_was_said_was_done_and_in_order():
    def act(role):
        role.say(Fetch("1", "p"))
        role.say(Fetch("2", "p"))
        role.say(Recount())

    def find_out(driven, order):
        for number in range(2):
            driven.driver.hear(Fetched(f"{order.ticket}.{number}", None))

    driven = Driven({StopServices: act}, do=find_out)
    driven.driver.receive(StopServices())
    assert [entry[0] for entry in driven.diary] == [
        "heard", "hands", "hands", "letter", *["heard"] * 4
    ]  # fmt: skip
    assert [entry[1].ticket for entry in driven.diary[-4:]] == ["1.0", "1.1", "2.0", "2.1"]


def test_hands_may_answer_what_was_said_because_of_their_answer():
    def again(role):
        if len(role.diary) < 20:
            role.say(Fetch("t", "p"))

    driven = Driven(
        {StopServices: again, Fetched: again},
        do=lambda driven, order: driven.driver.hear(Fetched("t", None)),
    )
    driven.driver.receive(StopServices())
    assert len(driven.diary) >= 20


def test_the_outbox_is_emptied_once():
    def act(role):
        role.say(CatchUp())
        role.send(BOB, Ping(7, "bob"))
        role.keep("a", b"")

    driven = Driven({Snapshot: act}, name="detector")
    driven.driver.receive(Snapshot(1, 1, ()))
    driven.driver.receive(News(1, 2, ()))
    kinds = [entry[0] for entry in driven.diary]
    assert kinds == ["heard", "kept", "letter", "letter", "heard"]


def test_the_latest_deadline_counts_and_stays_until_there_is_another():
    def act(role):
        role.wake_at(NOW + 5)
        role.wake_at(NOW + 3)

    driven = Driven({StopServices: act, Wake: lambda role: role.wake_at(None)})
    driven.driver.receive(StopServices())
    assert driven.driver.wake == NOW + 3
    driven.driver.receive(Running("a.b/run", 7, NOW, adopted=False))
    assert driven.driver.wake == NOW + 3
    driven.driver.hear(Wake())
    assert driven.driver.wake is None


def test_what_is_heard_and_said_is_counted():
    driven = Driven({StopServices: lambda role: role.say(Withdraw("a.b"))})
    for _ in range(3):
        driven.driver.receive(StopServices())
    assert driven.counters.get("services", "heard", "StopServices") == 3
    assert driven.counters.get("services", "said", "Withdraw") == 3


def test_an_event_is_printed_where_it_happens(caplog):
    caplog.set_level("INFO")
    driven = Driven({StopServices: lambda role: role.say(EVENT)})
    driven.driver.receive(StopServices())
    assert "service a.b: up → down" in caplog.text


def test_records_are_written_as_they_were_kept():
    driven = Driven({StopServices: lambda role: role.keep("a", b"1", durable=True)})
    written = []
    driven.driver._store.write = written.extend
    driven.driver.receive(StopServices())
    assert written == [Keep("a", b"1", durable=True)]
