"""What has this observer seen of each member, and how is it explained?"""

import json
from math import inf

import pytest

from habactors.protocol.commands import Answered, ExplainMember
from habactors.protocol.health import Health
from habactors.protocol.probes import Ack, Nack, Ping, PingRequest
from habactors.protocol.rumors import Departure
from habactors.protocol.transport import LinkLost, Probed
from habactors.roles.dossier import NOTES_MAX, Dossier
from tests.roles.detecting import (
    STEADY,
    TIMEOUT,
    Newsroom,
    alone_seconds,
    answer,
    next_ping,
    ring_of,
    suspect,
)
from tests.roles.stage import NOW, evidence_of, member, peer

# The dossier


def test_of_strangers_there_is_nothing():
    dossier = Dossier()
    assert dossier.document("bob") == {
        "probes_answered": 0,
        "probes_failed": 0,
        "last_answer": None,
        "round_trip_seconds": None,
        "notes": [],
    }
    assert not dossier.answers_since("bob", -inf)
    assert len(dossier) == 0


def test_answers_and_failures_are_counted_and_the_last_answer_is_timed():
    dossier = Dossier()
    dossier.answer("bob", 10, 0.25)
    dossier.answer("bob", 12, 0.123456789)
    dossier.fail("bob", 14, "no answer")
    assert dossier.document("bob") == {
        "probes_answered": 2,
        "probes_failed": 1,
        "last_answer": 12,
        "round_trip_seconds": 0.123457,
        "notes": [{"time": 14, "what": "no answer"}],
    }


@pytest.mark.parametrize(
    ("answered", "failed", "since", "answers"),
    [
        (12, (), 10, True),
        (10, (), 10, False),
        (9, (), 10, False),
        (12, (11,), 10, True),
        (12, (12,), 10, False),
        (12, (13,), 10, False),
    ],
)
def test_who_answers_since_a_time_did_so_after_it_and_was_not_silent_later(
    answered, failed, since, answers
):
    dossier = Dossier()
    dossier.answer("bob", answered, 0.1)
    for time in failed:
        dossier.fail("bob", time, "no answer")
    assert dossier.answers_since("bob", since) is answers


def test_only_the_latest_notes_are_kept():
    dossier = Dossier()
    for number in range(NOTES_MAX + 5):
        dossier.note("bob", number, f"note {number}")
    notes = dossier.document("bob")["notes"]
    assert [note["time"] for note in notes] == list(range(5, NOTES_MAX + 5))


def test_who_is_forgotten_is_forgotten_alone():
    dossier = Dossier()
    dossier.note("bob", 1, "x")
    dossier.note("cyd", 1, "x")
    dossier.forget("bob")
    dossier.forget("bob")
    assert (len(dossier), dossier.document("bob")["notes"]) == (1, [])


# Explaining


def explain(stage, name):
    stage.hear(ExplainMember(7, name))
    answered = stage.take(Answered)
    assert (answered.request, answered.code) == (7, "")
    return json.loads(answered.document)


def notes(stage, name="bob"):
    return [note["what"] for note in explain(stage, name)["notes"]]


def test_a_healthy_member_is_explained_by_its_answers():
    stage = ring_of(member("bob"))
    receiver, ping = next_ping(stage)
    stage.now += 0.125
    answer(stage, receiver, ping)
    shown = explain(stage, "bob")
    assert shown["probes_answered"] == 1
    assert shown["round_trip_seconds"] == 0.125
    assert shown["last_answer"] == stage.now
    assert (shown["watched"], shown["suspicion"], shown["evidence"]) == (True, None, [])
    assert shown["health_score"] == 0
    assert [note["what"] for note in shown["notes"]] == ["unknown to alive"]


def test_a_suspect_is_explained_by_the_evidence_and_how_long_it_still_may_refute():
    found = (evidence_of("ada", 990, why="no answer"), evidence_of("cyd", 991, refused=True))
    rumor = member("bob").at_level(Health.SUSPECT, (*found, evidence_of("eve", 992)))
    stage = ring_of(member("cyd"), rumor)
    shown = explain(stage, "bob")
    assert shown["evidence"] == [
        {
            "accuser": "ada",
            "accuser_name": "ada",
            "at": 990,
            "refused": False,
            "why": "no answer",
        },
        {
            "accuser": "cyd",
            "accuser_name": "cyd",
            "at": 991,
            "refused": True,
            "why": "no answer",
        },
        {
            "accuser": "eve",
            "accuser_name": "",
            "at": 992,
            "refused": False,
            "why": "no answer",
        },
    ]
    assert shown["suspicion"] == {"since": NOW, "until": NOW + 1.0}


def test_a_suspicion_of_one_lasts_longer_in_the_explanation_too():
    stage = ring_of(member("cyd"), suspect("bob"))
    assert explain(stage, "bob")["suspicion"]["until"] == NOW + alone_seconds(3)


def test_the_departed_and_strangers_are_under_no_suspicion():
    stage = ring_of(suspect("bob"), Departure("bob", "cyd"))
    assert explain(stage, "bob")["suspicion"] is None
    shown = explain(stage, "nobody")
    assert (shown["evidence"], shown["watched"], shown["suspicion"]) == ([], False, None)


def test_the_changes_of_a_members_health_are_told_with_their_reason():
    stage = ring_of(member("bob"))
    news = Newsroom(stage)
    news.tell(suspect("bob", by="cyd", why="no answer to cyd"))
    news.tell(suspect("bob", by="cyd", why="no answer to cyd"))
    news.tell(member("bob", 2))
    news.tell(Departure("bob", "cyd", "told to"))
    assert notes(stage) == [
        "unknown to alive",
        "alive to suspect: no answer to cyd",
        "suspect to alive",
        "departed: told to",
    ]


def test_what_happened_at_a_crash_is_told_in_its_order():
    stage = ring_of(member("bob"), member("cyd"), settings=STEADY)
    stage.hear(LinkLost("bob:9638", refused=False))
    _, request = stage.take(PingRequest)
    stage.hear(LinkLost("bob:9638", refused=True))
    stage.hear(Probed(peer("cyd"), Nack(request.sequence, "bob", refused=True)))
    assert notes(stage) == ["unknown to alive", "link lost", "connection refused to ada, cyd"]
    assert explain(stage, "bob")["probes_failed"] == 1


def test_an_answer_through_a_helper_is_worth_a_note():
    stage = ring_of(member("bob"), member("cyd"), settings=STEADY)
    stage.hear(LinkLost("bob:9638", refused=False)).take(Ping)
    _, request = stage.take(PingRequest)
    stage.now += 0.2
    stage.hear(Probed(peer("cyd"), Ack(request.sequence, "bob")))
    assert notes(stage)[-1] == "answered through cyd after 0.200 s"


def test_a_late_answer_of_its_own_is_worth_a_note_too():
    stage = ring_of(member("bob"), settings=STEADY)
    receiver, ping = next_ping(stage)
    stage.wait(TIMEOUT + 0.1)
    answer(stage, receiver, ping)
    assert notes(stage)[-1] == "answered after 0.600 s"


def test_who_is_forgotten_and_comes_back_has_a_clean_sheet():
    stage = ring_of(member("bob"))
    news = Newsroom(stage)
    stage.hear(LinkLost("bob:9638", refused=False))
    news.tell(gone=(("membership", "bob"),))
    news.tell(member("bob", 2))
    assert notes(stage) == ["unknown to alive"]


def test_the_nodes_own_explanation_tells_its_health():
    stage = ring_of(member("bob"))
    stage.role.awareness.worsen(3)
    assert explain(stage, "ada")["health_score"] == 3
