"""Are packages found, read strictly, and refused with a line that helps?"""

import os
import re
from pathlib import Path

import pytest

from habactors.errors import UserError
from habactors.node import manifest
from habactors.node.packages import Packages, rank
from tests.packages import make_package

CONF = Path(__file__).parents[2] / "conf"


@pytest.fixture
def shelf(tmp_path):
    return tmp_path / "packages"


def fetch(shelf, package):
    return Packages([shelf]).fetch(package).package


def refusal(folder, package=None):
    """The error of a package that is not as it should be."""
    with pytest.raises(UserError) as caught:
        Packages([folder]).fetch(package or str(folder))
    assert "\n" not in str(caught.value)
    return caught.value


def changed(folder, text, *others):
    """The refusal of a package whose manifest has more lines."""
    path = folder / "package.toml"
    path.write_text("\n".join([text, *others]) + "\n" + path.read_text())
    return refusal(folder)


# Finding


def test_a_package_is_found_by_its_folder(shelf):
    folder = make_package(shelf / "web")
    assert fetch(shelf, str(folder)).ident == "core/web/1.0.0"


@pytest.mark.parametrize("ident", ["web", "core/web", "web/1.0.0", "core/web/1.0.0"])
def test_a_package_is_found_by_its_ident_with_and_without_origin_and_version(shelf, ident):
    folder = make_package(shelf / "web")
    make_package(shelf / "db")
    assert fetch(shelf, ident).path == str(folder)


def test_a_release_is_part_of_the_ident(shelf):
    for release in ("20240101000000", "20230101000000"):
        folder = make_package(shelf / release, name="web")
        path = folder / "package.toml"
        path.write_text(f'release = "{release}"\n' + path.read_text())
    assert fetch(shelf, "core/web/1.0.0/20230101000000").release == "20230101000000"
    assert fetch(shelf, "web").release == "20240101000000"


def test_packages_may_lie_in_folders_of_their_origin(shelf):
    folder = make_package(shelf / "core" / "web")
    assert fetch(shelf, "web").path == str(folder)


def test_packages_are_not_looked_for_deeper(shelf):
    make_package(shelf / "core" / "web" / "1.0.0", name="web")
    assert refusal(shelf, "web").code == "not-found"


def test_the_newest_version_wins(shelf):
    for version in ("1.9.0", "1.10.0", "1.2.0"):
        make_package(shelf / version, name="web", version=version)
    assert fetch(shelf, "web").version == "1.10.0"
    assert fetch(shelf, "core/web/1.9.0").version == "1.9.0"


def test_of_equal_versions_that_in_the_first_folder_wins(tmp_path):
    first = make_package(tmp_path / "b" / "web")
    make_package(tmp_path / "a" / "web")
    found = Packages([tmp_path / "b", tmp_path / "a"]).fetch("web")
    assert found.package.path == str(first)


def test_versions_are_compared_part_by_part_as_numbers():
    ordered = ["", "0.9", "1.0-beta2", "1.0-rc1", "1.0", "1.0.0", "1.0.1", "1.2", "1.10", "2024.1"]
    assert sorted(ordered, key=rank) == ordered


def test_an_unknown_package_names_the_nearest_one_and_where_was_searched(shelf):
    make_package(shelf / "redis")
    make_package(shelf / "hello")
    for wrong in ("rediss", "core/rediss"):
        error = refusal(shelf, wrong)
        assert error.code == "not-found"
        assert error.message == f"no package {wrong} is in {shelf}"
        assert error.hint == "did you mean core/redis?"
    assert refusal(shelf, "q").hint == "there are core/hello, core/redis"


def test_where_there_are_no_packages_at_all_the_hint_says_so(shelf):
    assert "put packages there" in refusal(shelf, "web").hint


def test_a_folder_that_is_not_there_is_not_found(shelf):
    error = refusal(shelf, f"{shelf}/web")
    assert (error.code, error.message) == ("not-found", f"there is no folder {shelf}/web")


def test_a_relative_folder_is_refused(shelf):
    assert "full path" in refusal(shelf, "./web").hint


def test_a_folder_without_a_manifest_is_refused(shelf):
    shelf.mkdir()
    assert refusal(shelf, str(shelf)).code == "bad-package"


def test_a_habitat_plan_is_pointed_to_the_importer(shelf):
    shelf.mkdir()
    (shelf / "plan.sh").touch()
    assert "package import" in refusal(shelf, str(shelf)).hint


def test_a_broken_package_does_not_hide_others(shelf):
    make_package(shelf / "broken", {"package.toml": "nonsense"})
    make_package(shelf / "web")
    assert fetch(shelf, "web").name == "web"
    assert refusal(shelf, "broken").code == "bad-package"


# Reading


def test_all_that_a_package_says_is_read(shelf):
    text = """
        origin = "acme"
        name = "web"
        version = "2.1"
        release = "7"
        exposes = ["port"]
        [exports]
        port = "server.port"
        [binds]
        database = ["port", "password"]
        [binds_optional]
        cache = ["port"]
        [shutdown]
        signal = "SIGQUIT"
        timeout_seconds = 3
    """
    files = {
        "package.toml": text,
        "default.toml": "[server]\nport = 80\n",
        "hooks/run": "#!/bin/sh\n",
        "hooks/health_check": "#!/bin/sh\n",
        "hooks/README": "{{nonsense",
    }
    package = fetch(shelf, str(make_package(shelf / "web", files)))
    assert package.ident == "acme/web/2.1/7"
    assert package.exports == {"port": "server.port"}
    assert package.exposes == ("port",)
    assert (package.shutdown_signal, package.shutdown_timeout_seconds) == ("QUIT", 3.0)
    assert package.defaults == {"server": {"port": 80}}
    assert package.hooks == ("health-check", "run")


def test_an_unknown_key_names_the_nearest_one(shelf):
    folder = make_package(shelf / "web")
    error = changed(folder, 'verion = "1"')
    assert error.code == "bad-package"
    assert str(error) == f"{folder}/package.toml: verion is not a setting: did you mean version?"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("user = 7", "user must be a string, not a number"),
        ('exposes = "port"', "exposes port, which is no export"),
        ("exposes = [1]", "exposes number 1: must be a string, not a number"),
        ("exports = 1", "exports must be a table"),
        ("exports = {port = 1}", "exports port: must be a string, not a number"),
        ("exports = {port = 'port'}", "[exports] port: default.toml has no port"),
        ("binds = {'a b' = []}", 'binds a b: "a b" is not allowed'),
        ("shutdown = {timeout = 3}", "shutdown timeout is not a setting"),
        ("shutdown = {timeout_seconds = -1}", "shutdown timeout_seconds must be at least 0"),
        ("shutdown = {signal = 'TREM'}", "[shutdown] signal: TREM is no signal"),
        ("release = '../x'", 'release "../x" is not allowed'),
        ("user = 'nobody-at-all'", "user nobody-at-all is not known on this host"),
        ("group = 'nobody-at-all'", "group nobody-at-all is not known on this host"),
        ("x =", "Invalid value"),
        (f"x = {'9' * 5_000}", "Exceeds the limit"),
    ],
)
def test_a_mistake_in_the_manifest_is_named(shelf, line, message):
    folder = make_package(shelf / "web")
    error = changed(folder, line)
    assert error.code == "bad-package"
    assert error.message.startswith(f"{folder}/package.toml: {message}")
    assert error.hint


@pytest.mark.parametrize("name", ["../web", "a/b", "", ".", "x" * 65, "web\\n"])
def test_a_name_that_is_no_word_is_refused(shelf, name):
    folder = make_package(shelf / "web", {"package.toml": f'origin = "core"\nname = "{name}"'})
    assert refusal(folder).code == "bad-package"


def test_name_and_origin_must_be_there(shelf):
    folder = make_package(shelf / "web", {"package.toml": 'name = "web"'})
    assert refusal(folder).message.endswith("origin is missing")


def test_a_release_needs_a_version(shelf):
    text = 'origin = "core"\nname = "web"\nrelease = "1"\nrun = "true"'
    folder = make_package(shelf / "web", {"package.toml": text})
    assert refusal(folder).message.endswith("release needs a version")


def test_exports_below_tables_are_suggested(shelf):
    folder = make_package(shelf / "web", {"default.toml": "[server]\nport = 80\n"})
    assert changed(folder, "exports = {port = 'server.prot'}").hint == "did you mean server.port?"


def test_either_a_run_hook_or_a_command_must_be_there(shelf):
    text = 'origin = "core"\nname = "web"'
    folder = make_package(shelf / "web", {"package.toml": text})
    assert refusal(folder).message.endswith("does not say how to run")
    make_package(folder, {"package.toml": text, "hooks/run": "exec sleep 1000"})
    assert fetch(shelf, "web").hooks == ("run",)


def test_a_file_that_is_nearly_a_hook_is_refused(shelf):
    folder = make_package(shelf / "web", {"hooks/reconfigur": ""})
    assert refusal(folder).hint == "did you mean reconfigure?"


def test_defaults_that_are_no_toml_are_refused(shelf):
    folder = make_package(shelf / "web", {"default.toml": "port = \n"})
    error = refusal(folder)
    assert error.code == "bad-package"
    assert error.message.startswith(f"{folder}/default.toml: ")


@pytest.mark.parametrize("name", ["package.toml", "default.toml"])
def test_a_file_that_is_far_too_long_is_refused(shelf, name):
    folder = make_package(shelf / "web")
    (folder / name).write_text("#" * 2_000_000)
    assert "is longer than" in refusal(folder).message


@pytest.mark.parametrize("name", ["package.toml", "default.toml", "config/app.conf"])
def test_a_file_that_is_not_utf_8_is_refused(shelf, name):
    folder = make_package(shelf / "web", {name: ""})
    (folder / name).write_bytes(b"a\xff")
    error = refusal(folder)
    assert "byte 1 is not UTF-8" in error.message
    assert error.hint


@pytest.mark.parametrize("name", ["config/deep/app.conf", "hooks/run", "hooks/post-run"])
def test_a_template_that_cannot_be_compiled_refuses_the_package(shelf, name):
    folder = make_package(shelf / "web", {name: "first\n  {{#if cfg.x}}\n"})
    error = refusal(folder)
    assert error.code == "bad-template"
    assert re.match(rf"{folder}/{name}:2:\d+: ", error.message)


def test_a_command_that_cannot_be_compiled_refuses_the_package(shelf):
    text = 'origin = "core"\nname = "web"\nrun = "sleep {{"'
    folder = make_package(shelf / "web", {"package.toml": text})
    error = refusal(folder)
    assert error.code == "bad-template"
    assert error.message.startswith(f"{folder}/package.toml: run:1:")


def test_a_user_other_than_the_nodes_own_needs_root(shelf, monkeypatch):
    folder = make_package(shelf / "web")
    monkeypatch.setattr(manifest.os, "geteuid", lambda: 12345)
    error = changed(folder, "user = 'root'")
    assert error.message.endswith("user root is not the one that this node runs as")


def test_the_group_of_a_user_is_its_own_unless_the_package_says_otherwise(shelf):
    folder = make_package(shelf / "web")
    path = folder / "package.toml"
    user = manifest.pwd.getpwuid(os.geteuid())
    path.write_text(f'user = "{user.pw_name}"\n' + path.read_text())
    assert fetch(shelf, "web").group == manifest.getgrgid(user.pw_gid).gr_name


@pytest.mark.parametrize(
    ("name", "hooks"), [("hello", ("run",)), ("redis", ("reconfigure", "run", "suitability"))]
)
def test_the_packages_that_come_along_can_be_read(name, hooks):
    package = fetch(CONF / "packages", f"core/{name}")
    assert package.exports == {"port": "port"}
    assert package.hooks == hooks
