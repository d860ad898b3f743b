"""State files cut, emptied or bit-flipped: the node starts, warns, and recovers from the ring."""

import random

import pytest

from tests.hosts import population, until


def cut(content):
    return content[: len(content) // 2]


def empty(_content):
    return b""


def flip(content):
    flipped = bytearray(content)
    chance = random.Random(3)
    for _ in range(200):
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
    return bytes(flipped)


@pytest.mark.parametrize("damage", [cut, empty, flip], ids=lambda damage: damage.__name__)
def test_a_node_with_damaged_state_recovers_from_the_ring(hosts, damage):
    ada, bob = hosts.ring("ada", "bob")
    bob.control.svc_load("core/hello", group="prod")
    until(lambda: bob.service_pid("hello.prod"), what=bob.printed())
    ada.control.config_apply("hello.prod", 4, 'message = "kept by the ring"')
    until(lambda: bob.control.config_show("hello.prod")["version"] == 4)
    member_id = bob.control.status()["id"]
    until(lambda: member_id in population(ada, "hello.prod"), what=ada.printed())
    bob.kill_whole()

    for path in (bob.data_dir / "state").iterdir():
        path.write_bytes(damage(path.read_bytes()))
    identity = bob.data_dir / "MEMBER_ID"
    identity.write_bytes(damage(identity.read_bytes()))
    bob.start("--peer", ada.address).wait_until_up()

    assert bob.control.status()["id"] == member_id
    until(lambda: bob.sees(ada="alive", bob="alive"), what=bob.printed())
    until(lambda: ada.sees(ada="alive", bob="alive"), 20.0, what=ada.printed())
    until(lambda: bob.control.config_show("hello.prod")["version"] == 4, what=bob.printed())
    until(lambda: bob.service_pid("hello.prod"), what=bob.printed())
    warnings = [line for line in bob.lines() if line.get("level") == "warning"]
    assert warnings, bob.printed()
