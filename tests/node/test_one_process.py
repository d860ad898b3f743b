"""`[root] processes = "one"`: the same actors as threads of one process, over inproc."""

import psutil

from tests.hosts import CAST, until


def test_a_node_of_one_process_is_a_node_like_any_other(hosts):
    ada, bob = hosts.ring("ada", "bob", root={"processes": "one"})
    assert {row["pid"] for row in ada.control.status()["actors"]} == {ada.pid}
    ada.control.svc_load("core/hello", group="prod")
    pid = until(lambda: ada.service_pid("hello.prod"), what=ada.printed())
    bob.control.config_apply("hello.prod", 1, 'message = "from bob"')
    until(lambda: ada.service_pid("hello.prod") not in (None, pid), what=ada.printed())

    ada.control.stop()
    assert ada.process.wait(10) == 0, ada.printed()
    assert ada.leftovers() == []
    until(lambda: bob.sees(ada="confirmed"), what=bob.printed())


def test_its_actors_can_be_restarted_one_by_one(hosts):
    ada, bob = hosts.ring("ada", "bob", root={"processes": "one"})
    for actor in CAST:
        ada.control.actor_restart(actor)
        until(lambda actor=actor: restarts(ada, actor) == 1, what=f"{actor}: {ada.printed()}")
        until(lambda: ada.actors_running() and ada.sees(ada="alive", bob="alive"))
    assert psutil.Process(ada.pid).is_running()
    bob.control.config_apply("hello.prod", 1, "colour = 1")
    until(lambda: ada.control.config_show("hello.prod")["version"] == 1, what=ada.printed())
    assert [event for event in bob.events() if event["to"] in ("suspect", "confirmed")] == []


def restarts(host, actor):
    rows = host.control.status()["actors"]
    return next(row["restarts"] for row in rows if row["name"] == actor)
