"""Who a node is stays the same whatever happens to one of the two files that say it."""

import re
import stat

import pytest

from habactors.errors import UserError
from habactors.node.identity import FILES, member_id


@pytest.fixture
def made(tmp_path):
    return member_id(tmp_path)[0]


def test_a_new_node_gets_an_id_of_its_own(tmp_path):
    member, has_run = member_id(tmp_path)
    assert re.fullmatch("[0-9a-f]{32}", member)
    assert not has_run
    (tmp_path / "other").mkdir()
    assert member_id(tmp_path / "other")[0] != member


def test_the_id_stays(tmp_path, made):
    assert member_id(tmp_path) == (made, True)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:20],
        lambda content: content + b"x",
        lambda content: bytes([content[0] ^ 1]) + content[1:],
        lambda content: content[:40] + bytes([content[40] ^ 1]) + content[41:],
        lambda content: b"\xff" * len(content),
    ],
    ids=["emptied", "cut", "longer", "id flipped", "check flipped", "no text"],
)
def test_one_damaged_file_is_restored_from_the_other(tmp_path, made, name, damage, caplog):
    path = tmp_path / name
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert member_id(tmp_path) == (made, True)
    assert path.read_bytes() == whole
    assert f"{path} was damaged and is restored" in caplog.text


@pytest.mark.parametrize("name", FILES)
def test_one_file_that_is_gone_is_restored_from_the_other(tmp_path, made, name):
    (tmp_path / name).unlink()
    assert member_id(tmp_path) == (made, True)
    assert (tmp_path / name).exists()


def test_when_both_are_damaged_there_is_a_new_id_a_warning_and_still_a_past(
    tmp_path, made, caplog
):
    for name in FILES:
        (tmp_path / name).write_text("damage")
    member, has_run = member_id(tmp_path)
    assert member != made
    assert has_run
    assert "gets a new member id" in caplog.text
    assert member_id(tmp_path) == (member, True)


def test_nobody_else_can_write_the_files(tmp_path, made):
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)


def test_a_folder_that_cannot_be_written_is_told_in_one_line(tmp_path):
    nowhere = tmp_path / "gone"
    with pytest.raises(UserError, match=r"No such file or directory.*data_dir"):
        member_id(nowhere)
