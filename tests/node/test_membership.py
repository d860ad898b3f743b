"""Who belongs to the ring: crashes, leaves, departures, copies, moves and strangers, for real."""

import shutil
import sqlite3
import time
import tomllib

import pytest
import tomli_w

from habactors.node.store import CHECK_BYTES, Store
from habactors.roles.ring_name import RECORD
from habactors.roles.role import Keep
from tests.hosts import WIRE_PORT, until
from tests.node.beliefs import confirmed, story, wait_till, whole

OLD = {"a": "a" * 16, "b": "b" * 16}
"""Rings that formed long ago, by name: those that have just formed would become one."""

QUICK = {"period_seconds": 0.4, "ping_timeout_seconds": 0.2}


def id_of(host):
    return host.control.status()["id"]


def row_of(observer, name):
    """The member of that name as the observer sees it."""
    return next((row for row in observer.control.members() if row["name"] == name), None)


def all_whole(ring, seconds=10.0):
    until(lambda: whole(ring), seconds, lambda: story(ring))


def node_events(host, after):
    return [event for event in host.events() if (event["kind"], event["to"]) == ("node", after)]


def records(host):
    """The file in which the node's disseminator keeps its records."""
    return host.data_dir / "state" / "disseminator.sqlite"


def ring_of(host):
    """The id of the ring that this node is in, as it keeps it; empty while it is in none."""
    with sqlite3.connect(f"file:{records(host)}?mode=ro", uri=True) as base:
        rows = base.execute("select value from record where key = ?", (RECORD,)).fetchall()
    base.close()
    return rows[0][0][CHECK_BYTES:].decode().split()[0] if rows else ""


def belongs(host, ring):
    """The node, not yet started, has been in that ring for long."""
    records(host).parent.mkdir(mode=0o700, parents=True)
    store = Store(records(host))
    store.write([Keep(RECORD, f"{OLD[ring]} 1".encode(), durable=True)])
    store.close()
    return host


def configure(host, **wire):
    """Change settings of a node that does not run."""
    settings = tomllib.loads(host.file.read_text())
    settings["wire"].update(wire)
    host.file.write_text(tomli_w.dumps(settings))
    return host


def place_of(host):
    """Where the node listens just now."""
    return tomllib.loads(host.file.read_text())["wire"]["listen"]


def leave(host):
    """Stop the node, not for the last time."""
    host.control.stop()
    assert host.process.wait(10) == 0, host.printed()


def refusal(host, code):
    """The one line with which a node ended by itself."""
    assert host.process.wait(15) == code, host.printed()
    lines = [line for line in host.printed().splitlines() if line and not line.startswith("{")]
    assert lines, host.printed()
    assert "Traceback" not in host.printed()
    return lines[-1]


# Crashes


def test_a_node_killed_whole_is_confirmed_in_a_second_and_alive_again_a_second_after(hosts):
    ada, bob, cyd = ring = hosts.ring("ada", "bob", "cyd")
    member_id, before = id_of(cyd), row_of(ada, "cyd")["incarnation"]
    wait_till(time.time() + 1.0)  # whoever has just come in may not be watched yet
    died = time.time()
    cyd.kill_whole()
    for host in (ada, bob):
        (event,) = until(lambda host=host: host.changes("confirmed"), 5.0, lambda: story(ring))
        assert event["time"] - died < 1.0, story(ring)
        assert "refused" in event["why"]
        assert "refused" in row_of(host, "cyd")["why"]

    cyd.start().wait_until_up()
    back = time.time()
    all_whole(ring, 5.0)
    assert time.time() - back < 1.0, story(ring)
    assert id_of(cyd) == member_id
    assert {row_of(host, "cyd")["incarnation"] > before for host in ring} == {True}


def test_restarted_actors_and_a_node_that_stands_still_for_a_second_are_not_confirmed(hosts):
    _, bob, cyd = ring = hosts.ring("ada", "bob", "cyd")
    for actor in ("wire", "detector", "disseminator"):
        pid = bob.pid_of(actor)
        bob.control.actor_restart(actor)
        until(lambda pid=pid, actor=actor: bob.pid_of(actor) != pid, what=bob.printed())
        until(bob.actors_running)
    with cyd.frozen():
        wait_till(time.time() + 1.0)
    wait_till(time.time() + 3.0)
    all_whole(ring)
    assert confirmed(ring) == [], story(ring)


# Leaves and departures


def test_who_stops_has_left_at_once_unsuspected_and_may_return(hosts):
    ada, bob, cyd = ring = hosts.ring("ada", "bob", "cyd")
    began = time.time()
    leave(cyd)
    for host in (ada, bob):
        until(lambda host=host: host.sees(cyd="confirmed"), 1.0, lambda: story(ring))
        assert row_of(host, "cyd")["why"] == "left"
    wait_till(began + 2.0)
    assert [event for host in ring for event in host.changes("suspect", since=began)] == []
    assert {(name, why) for _, name, why in confirmed(ring)} == {("cyd", "left")}
    cyd.start().wait_until_up()
    all_whole(ring, 2.0)


def test_who_is_told_to_depart_stops_and_comes_back_only_as_somebody_new(hosts):
    ada, bob, cyd = hosts.ring("ada", "bob", "cyd")
    member_id = id_of(cyd)
    ada.control.depart("cyd")
    line = refusal(cyd, 5)
    assert "cyd" in line
    assert str(cyd.data_dir) in line
    for host in (ada, bob):
        until(lambda host=host: host.sees(cyd="departed"), what=host.printed())

    refused_at = time.time()
    cyd.start()
    line = refusal(cyd, 5)
    assert f"remove {cyd.data_dir}" in line
    assert time.time() - refused_at < 5.0

    shutil.rmtree(cyd.data_dir / "state")
    cyd.start()
    assert f"remove {cyd.data_dir}" in refusal(cyd, 5)

    shutil.rmtree(cyd.data_dir)
    cyd.start().wait_until_up()
    assert id_of(cyd) != member_id
    for host in (ada, bob, cyd):
        until(lambda host=host: healths_of(host, "cyd") == ["alive", "departed"], 5.0)


def healths_of(observer, name):
    return sorted(row["health"] for row in observer.control.members() if row["name"] == name)


def test_a_member_that_is_away_hears_of_its_departure_when_it_comes_back(hosts):
    ada, bob, cyd = hosts.ring("ada", "bob", "cyd")
    cyd.kill_whole()
    bob.control.depart("cyd")
    until(lambda: ada.sees(cyd="departed"), what=ada.printed())
    cyd.start()
    assert "cyd" in refusal(cyd, 5)


def test_a_node_may_be_told_to_depart_by_itself(hosts):
    ada, bob = hosts.ring("ada", "bob")
    bob.control.depart("bob")
    assert "bob" in refusal(bob, 5)
    until(lambda: ada.sees(bob="departed"), what=ada.printed())


# Copies and moves


def test_two_nodes_with_one_data_dir_both_say_so_and_do_not_flood_the_ring(hosts):
    ada, bob = hosts.ring("ada", "bob", detector=QUICK)
    leave(bob)
    eve = hosts.add("eve", [ada], detector=QUICK)
    shutil.copytree(bob.data_dir, eve.data_dir)
    twins = (bob.start().wait_until_up(), eve.start().wait_until_up())
    for twin, other in (twins, twins[::-1]):  # the first to see it may be silent for 10 s then
        (event,) = until(lambda twin=twin: node_events(twin, "conflict"), 25.0, twin.printed)
        assert place_of(other) in event["why"]
    before = incarnation(ada, id_of(bob))
    began = time.time()
    wait_till(began + 4.0)
    assert incarnation(ada, id_of(bob)) - before <= 3
    assert [len(node_events(twin, "conflict")) for twin in twins] == [1, 1]


def incarnation(observer, member_id):
    rows = observer.control.members()
    return next(row["incarnation"] for row in rows if row["id"] == member_id)


def test_a_node_with_another_address_is_known_by_it_everywhere(hosts):
    *_, cyd = ring = hosts.ring("ada", "bob", "cyd")
    member_id = id_of(cyd)
    leave(cyd)
    configure(cyd, listen=f"{hosts.network}.99:{WIRE_PORT}").start().wait_until_up()
    all_whole(ring)
    for host in ring:
        row = row_of(host, "cyd")
        assert (row["id"], row["address"]) == (member_id, f"{hosts.network}.99:{WIRE_PORT}")
    wait_till(time.time() + 2.0)
    assert {name for _, name, why in confirmed(ring) if why != "left"} == set(), story(ring)


# Rings


@pytest.fixture
def two_rings(hosts):
    """Two rings of two that formed long ago: ada and alf, bob and ben."""
    ada, alf = belongs(hosts.add("ada"), "a"), belongs(hosts.add("alf"), "a")
    bob, ben = belongs(hosts.add("bob"), "b"), belongs(hosts.add("ben"), "b")
    for one, other in ((ada, alf), (bob, ben)):
        for host, peer in ((one, other), (other, one)):
            configure(host, peers=[peer.address]).start()
    for host in hosts.hosts:
        host.wait_until_up()
    all_whole([ada, alf])
    all_whole([bob, ben])
    return ada, alf, bob, ben


def test_a_node_of_another_ring_at_the_address_of_a_dead_member_is_refused(hosts, two_rings):
    ada, alf, bob, ben = two_rings
    alf.kill_whole()
    leave(ben)
    until(lambda: ada.sees(alf="confirmed"), what=ada.printed())
    configure(ben, listen=place_of(alf), peers=[bob.address]).start().wait_until_up()
    all_whole([bob, ben])
    for host, other in ((ben, ada), (ada, ben)):
        (event,) = until(lambda host=host: node_events(host, "foreign"), 15.0, host.printed)
        assert place_of(other) in event["why"]
    for host, ring in ((ada, "a"), (bob, "b"), (ben, "b")):
        assert ring_of(host) == OLD[ring]
    assert ada.members() == {"ada": "alive", "alf": "confirmed"}
    assert bob.members() == ben.members() == {"bob": "alive", "ben": "alive"}
    named = [event["name"] for host in (ada, alf) for event in host.events()]
    assert not {"bob", "ben"} & set(named)


def test_rings_whose_operators_name_each_others_members_become_one(two_rings):
    """It is enough that one node of each names one of the other."""
    ada, _, bob, _ = two_rings
    for host, other in ((ada, bob), (bob, ada)):
        leave(host)
        peers = tomllib.loads(host.file.read_text())["wire"]["peers"]
        configure(host, peers=[*peers, other.address]).start()
    all_whole(two_rings, 15.0)
    assert [ring_of(host) for host in two_rings] == [OLD["a"]] * 4


def test_who_has_been_alone_in_a_ring_of_its_own_for_long_joins_the_one_of_its_peer(
    hosts, two_rings
):
    *_, bob, ben = two_rings
    eve = belongs(hosts.add("eve", [bob]), "a").start().wait_until_up()
    all_whole([bob, ben, eve])
    assert ring_of(eve) == OLD["b"]


def test_whoever_names_itself_among_its_peers_begins_or_joins_a_ring_all_the_same(hosts):
    ada, bob = ring = (hosts.add("ada"), hosts.add("bob"))
    configure(ada, peers=[ada.address]).start()
    configure(bob, peers=[bob.address, ada.address]).start()
    all_whole(ring)
    until(lambda: ring_of(ada) == ring_of(bob) != "")
    wait_till(time.time() + 1.0)
    assert confirmed(ring) == []
    assert [host.control.status()["ring"]["alive"] for host in ring] == [2, 2]


def test_a_ring_whose_members_all_name_each_other_becomes_one(hosts):
    ring = [hosts.add(name) for name in ("ada", "bob", "cyd")]
    everybody = [host.address for host in ring]
    for host in ring:
        configure(host, peers=everybody).start()
    all_whole(ring, 15.0)
    until(lambda: ring_of(ring[0]) and len(set(map(ring_of, ring))) == 1, 15.0)


def test_two_nodes_that_have_just_begun_a_ring_each_become_one_ring(hosts):
    """As after a first start in the wrong order, or with the peers forgotten."""
    ada = hosts.add("ada").start().wait_until_up()
    bob = hosts.add("bob").start().wait_until_up()
    assert ring_of(ada) != ring_of(bob)
    leave(bob)
    configure(bob, peers=[ada.address]).start().wait_until_up()
    all_whole([ada, bob], 5.0)
    until(lambda: ring_of(ada) == ring_of(bob), 5.0)
