"""What do the hands of the services actor write, and where?"""

from habactors.config import Config, NodeConfig
from habactors.node.hands import Desk
from habactors.node.workshop import Workshop
from habactors.protocol.files import Proclaim


def opened(folder):
    """A workshop of a node that serves web, and the folder that is the service's own."""
    node = NodeConfig("ada", folder / "data", folder / "run")
    var = folder / "data" / "svc" / "web" / "var"
    var.mkdir(parents=True)
    workshop = Workshop(Config(node=node))
    workshop.open(Desk(None, None, None, None, None))
    return workshop, var


def test_the_leader_is_written_whole_and_may_be_read(tmp_path):
    workshop, var = opened(tmp_path)
    for text in (b"{}", b'{"role":"leader"}'):
        workshop.do(Proclaim("web", text))
        assert (var / "leadership.json").read_bytes() == text
    assert [path.name for path in var.iterdir()] == ["leadership.json"]


def test_a_link_that_the_service_put_there_is_not_followed(tmp_path):
    workshop, var = opened(tmp_path)
    precious = tmp_path / "precious"
    precious.write_text("precious")
    for name in (".leadership.json.new", "leadership.json"):
        (var / name).symlink_to(precious)
    workshop.do(Proclaim("web", b"{}"))
    assert precious.read_text() == "precious"
    assert not (var / "leadership.json").is_symlink()
    assert (var / "leadership.json").read_bytes() == b"{}"


def test_a_folder_that_is_gone_costs_a_warning(tmp_path, caplog):
    workshop, var = opened(tmp_path)
    var.rmdir()
    workshop.do(Proclaim("web", b"{}"))
    assert "leadership.json cannot be written" in caplog.text
