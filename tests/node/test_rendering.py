"""Do templates become files: all or none, only what differs, and for nobody else to read?"""

import os
import pwd
import stat
import subprocess
from pathlib import Path

import pytest

from habactors.config import Config, NodeConfig, ServicesConfig
from habactors.node import rendering
from habactors.node.workshop import EXAMPLES, Workshop
from habactors.protocol.files import Fetch, Fetched, Render
from tests.packages import make_package

FILES = {
    "default.toml": 'port = 80\nname = "web"\n',
    "config/web.conf": "port={{cfg.port}}\n",
    "config/sites/one.conf": "{{cfg.name}}\n",
    "hooks/run": "#!/bin/sh\nexec sleep {{cfg.name}}\n",
    "hooks/reconfigure": "#!/bin/sh\n",
}


class Desk:
    """Keeps what the role would hear."""

    def __init__(self):
        self.heard = []

    def hear(self, message):
        self.heard.append(message)


class Bench:
    """A workshop, a package and a service of it."""

    def __init__(self, folder):
        self.shelf = folder / "packages"
        self.svc = folder / "data" / "svc" / "web"
        (folder / "data").mkdir()
        node = NodeConfig(name="n", data_dir=folder / "data", run_dir=Path("/tmp/run"))
        config = Config(node=node, services=ServicesConfig(packages=(self.shelf,)))
        self.workshop = Workshop(config)
        self.desk = Desk()
        self.workshop.open(self.desk)
        self.package = None

    def ask(self, message):
        self.workshop.do(message)
        return self.desk.heard.pop()

    def load(self, files=None):
        """Write the package's files and fetch it."""
        make_package(self.shelf / "web", {**FILES, **(files or {})})
        fetched = self.ask(Fetch("t", "web"))
        self.package = fetched.package or self.package
        return fetched

    def render(self, **cfg):
        context = {
            "cfg": {**self.package.defaults, **cfg},
            "pkg": {"svc_path": str(self.svc)},
        }
        return self.ask(Render("web.default", self.package, context))

    def text(self, name):
        return (self.svc / name).read_text()

    def files(self):
        """All regular files below the service's folder, but for the workshop's own list."""
        found = (path for path in self.svc.rglob("*") if path.is_file())
        return sorted(str(path.relative_to(self.svc)) for path in found if path.name[0] != ".")


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_service_gets_its_folders_and_files(bench):
    bench.load()
    rendered = bench.render()
    assert rendered.error == ""
    assert rendered.service == "web.default"
    folders = {path.name for path in bench.svc.iterdir() if path.is_dir()}
    assert folders == {"config", "hooks", "files", "data", "var", "static", "logs"}
    assert bench.text("config/web.conf") == "port=80\n"
    assert bench.text("config/sites/one.conf") == "web\n"
    assert bench.text("hooks/run") == "#!/bin/sh\nexec sleep web\n"
    assert sorted(rendered.changed) == bench.files()


@pytest.mark.parametrize("umask", [0, 0o077])
def test_nobody_else_may_read_them_whatever_the_umask(bench, umask):
    bench.load()
    before = os.umask(umask)
    try:
        bench.render()
    finally:
        os.umask(before)
    assert mode(bench.svc.parent) == 0o700
    assert {mode(path) for path in bench.svc.rglob("*") if path.is_dir()} == {0o750}
    assert mode(bench.svc / "config/web.conf") == 0o640
    assert mode(bench.svc / "hooks/run") == 0o750
    assert mode(bench.svc / "logs/output.fifo") == 0o600


def test_what_is_the_same_is_not_written_again(bench):
    bench.load()
    first = bench.render()
    before = {name: (bench.svc / name).stat() for name in bench.files()}
    second = bench.render()
    assert second.changed == ()
    assert {name: (bench.svc / name).stat() for name in bench.files()} == before
    assert (second.config_print, second.run_print) == (first.config_print, first.run_print)


def test_only_what_differs_is_written(bench):
    bench.load()
    bench.render()
    rendered = bench.render(port=81)
    assert rendered.changed == ("config/web.conf",)
    assert bench.text("config/web.conf") == "port=81\n"


def test_a_file_is_replaced_in_one_step_and_not_written_over(bench):
    bench.load()
    bench.render()
    with (bench.svc / "config/web.conf").open() as reader:
        bench.render(port=81)
        assert reader.read() == "port=80\n"


def test_the_prints_tell_config_from_what_runs(bench):
    bench.load()
    first = bench.render()
    config = bench.render(port=81)
    assert config.config_print != first.config_print
    assert config.run_print == first.run_print
    run = bench.render(name="other")
    assert run.run_print != first.run_print
    back = bench.render()
    assert (back.config_print, back.run_print) == (first.config_print, first.run_print)


@pytest.mark.parametrize("hook", ["init", "post-run"])
def test_hooks_of_the_start_count_as_what_runs(bench, hook):
    bench.load({f"hooks/{hook}": "{{cfg.port}}"})
    assert bench.render().run_print != bench.render(port=81).run_print


def test_other_hooks_count_as_neither(bench):
    bench.load()
    first = bench.render()
    bench.load({"hooks/reconfigure": "#!/bin/sh\ntrue\n"})
    second = bench.render()
    assert second.changed == ("hooks/reconfigure",)
    assert (second.config_print, second.run_print) == (first.config_print, first.run_print)


def test_moving_text_from_one_file_to_another_changes_the_print(bench):
    bench.load({"config/a": "x", "config/b": ""})
    first = bench.render()
    bench.load({"config/a": "", "config/b": "x"})
    assert bench.render().config_print != first.config_print


def test_nothing_is_written_when_a_template_fails(bench):
    bench.load()
    bench.render()
    before = {name: bench.text(name) for name in bench.files()}
    bench.load({"config/zz.conf": "\n  {{strJoin cfg.port 1}}", "config/aa.conf": "new"})
    rendered = bench.render(port=81)
    assert rendered.error.startswith(f"{bench.shelf}/web/config/zz.conf:2:")
    assert (rendered.config_print, rendered.changed) == ("", ())
    assert {name: bench.text(name) for name in bench.files()} == before


def test_a_package_that_cannot_be_compiled_leaves_the_one_before_in_force(bench):
    bench.load()
    assert bench.load({"config/web.conf": "{{#if}"}).code == "bad-template"
    assert bench.render(port=82).error == ""
    assert bench.text("config/web.conf") == "port=82\n"


def test_an_edited_template_counts_from_the_next_fetch(bench):
    bench.load()
    make_package(bench.shelf / "web", {**FILES, "config/web.conf": "edited"})
    assert bench.render().error == ""
    assert bench.text("config/web.conf") == "port=80\n"
    bench.load({"config/web.conf": "edited"})
    bench.render()
    assert bench.text("config/web.conf") == "edited"


def test_files_of_a_former_version_are_removed(bench):
    bench.load()
    bench.render()
    for name in ("config/sites/one.conf", "hooks/reconfigure"):
        (bench.shelf / "web" / name).unlink()
    fetched = bench.ask(Fetch("t", "web"))
    bench.package = fetched.package
    rendered = bench.render()
    assert sorted(rendered.changed) == ["config/sites/one.conf", "hooks/reconfigure"]
    assert bench.files() == ["config/web.conf", "hooks/run"]
    assert not (bench.svc / "config/sites").exists()


def test_files_that_others_made_stay(bench):
    bench.load()
    bench.render()
    for name in ("config/own.conf", "hooks/reconfigure.PID", "data/dump", "PID"):
        (bench.svc / name).write_text("x")
    bench.load({"config/web.conf": "changed"})
    bench.render()
    assert {"config/own.conf", "hooks/reconfigure.PID", "data/dump", "PID"} <= {*bench.files()}


@pytest.mark.parametrize(
    ("before", "after"), [("config/a", "config/a/b"), ("config/a/b", "config/a")]
)
def test_a_file_may_become_a_folder_and_a_folder_a_file(bench, before, after):
    bench.load({before: "x"})
    bench.render()
    (bench.shelf / "web" / before).unlink()
    if after == "config/a":
        (bench.shelf / "web/config/a").rmdir()
    bench.load({after: "x"})
    assert bench.render().error == ""
    assert bench.text(after) == "x"


def test_a_damaged_list_of_files_removes_nothing_elsewhere(bench, tmp_path):
    bench.load()
    bench.render()
    victim = tmp_path / "data" / "svc" / "victim"
    victim.write_text("x")
    names = f"config/../../victim\n{victim}\n\0\ndata/x\n"
    (bench.svc / rendering.LIST).write_bytes(names.encode() + b"\xff")
    assert bench.render().error == ""
    assert victim.exists()


def test_what_a_killed_writer_left_behind_is_no_obstacle(bench):
    bench.load()
    bench.render()
    (bench.svc / "config/.web.conf.new").write_text("half")
    bench.render(port=81)
    assert bench.text("config/web.conf") == "port=81\n"
    assert not (bench.svc / "config/.web.conf.new").exists()


def test_a_disk_that_refuses_is_told_and_raises_nothing(bench):
    bench.load()
    (bench.svc / "config/web.conf").mkdir(parents=True)
    rendered = bench.render()
    assert rendered.error.startswith(f"cannot write into {bench.svc} (")
    (bench.svc / "config/web.conf").rmdir()
    assert bench.render().error == ""


def test_a_package_that_was_never_fetched_is_told(bench):
    bench.load()
    other = Bench.__new__(Bench)
    other.workshop = Workshop(Config(node=NodeConfig("n", bench.svc, Path("/tmp/run"))))
    other.desk, other.package, other.svc = Desk(), bench.package, bench.svc
    other.workshop.open(other.desk)
    assert "never fetched" in other.render().error


def test_a_command_becomes_the_run_hook(bench):
    path = make_package(bench.shelf / "web") / "package.toml"
    path.write_text(path.read_text().replace("sleep 1000", "echo {{toUppercase 'ran'}}"))
    bench.package = bench.ask(Fetch("t", "web")).package
    bench.render()
    assert bench.text("hooks/run") == "#!/bin/sh\nexec echo RAN\n"
    done = subprocess.run([bench.svc / "hooks/run"], capture_output=True, check=True)
    assert done.stdout == b"RAN\n"


def test_an_unknown_package_is_an_answer(bench):
    bench.load()
    fetched = bench.ask(Fetch("t9", "webb"))
    hint = "did you mean core/web?"
    message = f"no package webb is in {', '.join(map(str, (bench.shelf, *EXAMPLES)))}"
    assert fetched == Fetched("t9", None, "not-found", message, hint)


def test_a_service_with_a_user_of_its_own_can_read_its_files_and_write_its_data(bench):
    us = os.geteuid()
    user = "nobody" if us == 0 else pwd.getpwuid(us).pw_name
    bench.load({"package.toml": f'origin = "core"\nname = "web"\nuser = "{user}"\n'})
    bench.svc.parent.parent.chmod(0o700)
    bench.render()
    owner = rendering.owner(bench.package)
    assert owner.user == pwd.getpwnam(user).pw_uid

    def owned(name):
        found = (bench.svc / name).stat()
        return found.st_uid, found.st_gid

    for name in ("data", "var", "static", "files", "logs/output.fifo"):
        assert owned(name) == owner, name
    for name in ("", "config", "config/sites/one.conf", "hooks", "hooks/run", "logs"):
        assert owned(name) == (us, owner.group), name
    assert mode(bench.svc.parent) == 0o711
    assert mode(bench.svc.parent.parent) == 0o711


def test_a_service_may_narrow_the_mode_of_its_own_folders(bench):
    bench.load()
    bench.render()
    (bench.svc / "data").chmod(0o700)
    bench.render(port=81)
    assert mode(bench.svc / "data") == 0o700


def test_a_message_of_another_kind_is_our_own_mistake(bench):
    with pytest.raises(AssertionError):
        bench.workshop.do(Fetched("t", None))
