"""The store: what was kept comes back, and damage of any kind costs a warning, never an error."""

import logging
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habactors.node.store import Store
from habactors.roles.role import Keep

RECORDS = {f"key/{number}": bytes([number % 256]) * (number * 13) for number in range(60)}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "services.sqlite"


def keep(key, value, *, durable=False):
    return Keep(key, value, durable)


def load(path, *, expected=True):
    """What a fresh store finds, and whether it is told as damaged."""
    store = Store(path, expected=expected)
    try:
        return store.load(), store.damaged
    finally:
        store.close()


def fill(path, records):
    store = Store(path)
    for key, value in records.items():
        store.write([keep(key, value)])
    return store


# What is kept


@pytest.mark.parametrize("durable", [False, True])
def test_what_was_kept_comes_back(path, durable):
    store = Store(path)
    store.write([keep("a", b"1", durable=durable), keep("b", b"", durable=durable)])
    store.close()
    assert load(path) == ({"a": b"1", "b": b""}, False)


def test_the_latest_value_of_a_key_counts_and_none_deletes_it(path):
    store = Store(path)
    store.write([keep("a", b"1"), keep("b", b"1")])
    store.write([keep("a", b"2"), keep("b", None), keep("never there", None)])
    store.close()
    assert load(path) == ({"a": b"2"}, False)


def test_a_new_node_has_lost_nothing(path):
    assert load(path, expected=False) == ({}, False)


def test_a_store_that_is_gone_from_a_node_that_has_run_before_is_damage(path):
    assert load(path, expected=True) == ({}, True)


def test_damage_is_told_once(path):
    load(path, expected=True)
    assert load(path, expected=True) == ({}, False)


def test_everything_written_survives_kill_9(path):
    code = f"""
import os, signal
from pathlib import Path
from habactors.node.store import Store
from habactors.roles.role import Keep
store = Store(Path({str(path)!r}))
for number in range(200):
    store.write([Keep(f"key/{{number}}", b"x" * number, number % 50 == 0)])
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", code], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert load(path) == ({f"key/{number}": b"x" * number for number in range(200)}, False)


def test_durable_records_are_synced_and_the_others_need_not_be(path):
    store = Store(path)
    levels = []
    store._base.set_trace_callback(lambda line: "synchronous" in line and levels.append(line))
    store.write([keep("a", b"1")])
    store.write([keep("a", b"1"), keep("b", b"1", durable=True)])
    store.close()
    assert [level.rpartition(" ")[2] for level in levels] == ["normal", "full"]


def test_a_write_that_fails_midway_leaves_nothing_behind(path):
    store = Store(path)
    store.write([keep("a", b"1")])
    with pytest.raises(sqlite3.Error):
        store.write([keep("a", b"2"), keep(object(), None, durable=True)])
    store.close()
    assert load(path) == ({"a": b"1"}, False)


def test_only_its_user_can_read_it(path):
    fill(path, {"a": b"1"}).close()
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}, modes


# A disk that is full


class FullDisk:
    """A database whose disk is full; `close` as ever."""

    def __init__(self, base):
        self.close = base.close

    def execute(self, *_):
        raise sqlite3.OperationalError("database or disk is full")


def test_on_a_full_disk_what_is_not_durable_is_lost_with_a_warning(path, caplog):
    store = Store(path)
    store._base = FullDisk(store._base)
    store.write([keep("a", b"1")])
    store.close()
    assert "not kept" in caplog.text


def test_on_a_full_disk_a_promise_is_not_made(path):
    store = Store(path)
    store._base = FullDisk(store._base)
    with pytest.raises(sqlite3.OperationalError):
        store.write([keep("vote", b"1", durable=True)])
    store.close()


def test_a_disk_that_is_full_at_the_start_says_nothing_against_the_file(path, monkeypatch):
    fill(path, RECORDS).close()
    connect = sqlite3.connect

    def connect_small(*args, **more):
        base = connect(*args, **more)
        base.execute(f"pragma max_page_count = {base.execute('pragma page_count').fetchone()[0]}")
        return base

    monkeypatch.setattr(sqlite3, "connect", connect_small)
    store = Store(path)
    assert store.load() == RECORDS
    with pytest.raises(sqlite3.OperationalError, match="full"):
        store.write([keep("more", b"x" * 100_000, durable=True)])
    store.close()
    assert not list(path.parent.glob("*.damaged"))


# Damage


def cut(content, rng):
    return content[: rng.randrange(len(content))]


def empty(content, rng):
    return b""


def flip(content, rng):
    flipped = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 50, 500])):
        flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
    return bytes(flipped)


def blank(content, rng):
    start = rng.randrange(len(content))
    end = min(len(content), start + rng.choice([1, 512, 4096, 20_000]))
    return content[:start] + bytes(end - start) + content[end:]


def scribble(content, rng):
    start = rng.randrange(len(content))
    end = min(len(content), start + rng.choice([1, 16, 4096]))
    return content[:start] + rng.randbytes(end - start) + content[end:]


def scribble_header(content, rng):
    place = rng.randrange(min(100, len(content)))
    return content[:place] + rng.randbytes(1) + content[place + 1 :]


DAMAGES = [cut, empty, flip, blank, scribble, scribble_header]


@pytest.fixture(scope="module")
def states(tmp_path_factory):
    """Two folders with the same records: of a store that was closed, and one that was killed."""
    closed, killed = tmp_path_factory.mktemp("closed"), tmp_path_factory.mktemp("killed")
    store = fill(closed / "services.sqlite", RECORDS)
    shutil.copytree(closed, killed, dirs_exist_ok=True)
    store.close()
    assert (killed / "services.sqlite-wal").stat().st_size > 10_000
    return closed, killed


def check_damaged(folder, files, damage, rng):
    """Whatever is damaged: no error, nothing wrong, losses are told, and it works again."""
    for file in files:
        content = file.read_bytes()
        file.write_bytes(damage(content, rng) if content else b"")
    path = folder / "services.sqlite"
    kept, damaged = load(path)
    assert kept.items() <= RECORDS.items()
    assert damaged or kept == RECORDS
    store = Store(path, expected=True)
    assert store.load() == kept
    store.write([keep(key, None) for key in kept])
    store.write([keep("new", b"1", durable=True)])
    store.close()
    assert load(path) == ({"new": b"1"}, False)


@given(
    is_closed=st.booleans(),
    damage=st.sampled_from(DAMAGES),
    choice=st.integers(0, 4),
    seed=st.integers(0, 2**32),
)
def test_no_damage_is_an_error_and_every_loss_is_told(
    states, tmp_path_factory, is_closed, damage, choice, seed
):
    folder = tmp_path_factory.mktemp("damaged")
    shutil.copytree(states[0 if is_closed else 1], folder, dirs_exist_ok=True)
    files = sorted(folder.iterdir())
    logging.disable(logging.WARNING)
    try:
        chosen = [files[choice]] if choice < len(files) else files
        check_damaged(folder, chosen, damage, random.Random(seed))
    finally:
        logging.disable(logging.NOTSET)
        shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["services.sqlite", "services.sqlite-wal", "services.count"])
def test_a_bit_flipped_anywhere_is_no_error_and_every_loss_is_told(states, tmp_path, name):
    """One bit in every region of a file of a node that was killed."""
    size = (states[1] / name).stat().st_size
    logging.disable(logging.WARNING)
    for place in range(0, size, max(1, size // 60)):
        folder = tmp_path / str(place)
        shutil.copytree(states[1], folder)

        def flip_here(content, rng, place=place):
            return content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]

        check_damaged(folder, [folder / name], flip_here, None)
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("place", [18, 19], ids=["to write", "to read"])
def test_a_file_that_claims_to_need_a_newer_program_is_damaged(path, place):
    """SQLite would only read it, and the first write would fail."""
    fill(path, RECORDS).close()
    content = bytearray(path.read_bytes())
    content[place] = 3
    path.write_bytes(bytes(content))
    assert load(path)[1]
    store = Store(path)
    store.write([keep("new", b"1", durable=True)])
    store.close()
    assert "new" in load(path)[0]


def test_a_damaged_file_is_set_aside_with_a_warning(path, caplog):
    path.write_bytes(b"this was never a database" * 100)
    assert load(path) == ({}, True)
    aside = path.with_name("services.sqlite.damaged")
    assert aside.read_bytes().startswith(b"this was never")
    assert "set aside as services.sqlite.damaged" in caplog.text
    assert load(path) == ({}, False)


def test_of_damaged_files_only_the_latest_is_kept(path):
    for content in (b"first" * 1000, b"second" * 1000):
        path.write_bytes(content)
        load(path)
    assert [file.name for file in path.parent.glob("*.damaged")] == ["services.sqlite.damaged"]
    assert path.with_name("services.sqlite.damaged").read_bytes().startswith(b"second")


def test_one_broken_record_costs_that_record(path, caplog):
    fill(path, RECORDS).close()
    base = sqlite3.connect(path)
    base.execute("update record set value = x'00' where key = 'key/7'")
    base.commit()
    base.close()
    kept, damaged = load(path)
    assert damaged
    assert kept == {key: value for key, value in RECORDS.items() if key != "key/7"}
    assert load(path) == (kept, False)


@pytest.mark.parametrize("value", ["null", "7", "'text'", "1.5", "x''"])
def test_a_record_whose_type_has_changed_is_a_broken_record(path, value):
    fill(path, RECORDS).close()
    base = sqlite3.connect(path)
    base.execute(f"update record set value = {value} where key = 'key/7'")  # noqa: S608
    base.commit()
    base.close()
    kept, damaged = load(path)
    assert damaged
    assert len(kept) == len(RECORDS) - 1


def test_a_folder_in_place_of_the_file_is_set_aside(path):
    path.mkdir()
    assert load(path) == ({}, True)
    assert path.is_file()


def test_a_file_that_may_not_be_read_is_made_readable(path):
    fill(path, RECORDS).close()
    path.chmod(0)
    assert load(path) == (RECORDS, False)


def open_descriptors():
    return sorted(path.name for path in Path("/proc/self/fd").iterdir())


def test_a_store_leaves_no_descriptor_open(path):
    before = open_descriptors()
    for _ in range(5):
        load(path)
        path.write_bytes(b"damage" * 1000)
    assert open_descriptors() == before
