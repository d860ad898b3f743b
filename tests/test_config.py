"""Is node.toml read as conf/node.toml tells, and are mistakes in it told to people?"""

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from habactors import config as configuration
from habactors.config import Address, Config, ConfigError, load
from habactors.errors import UserError

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "conf" / "node.toml"

CONTRACT = """
[node]
name = ""
data_dir = ""
run_dir = ""
organization = ""
[wire]
listen = "127.0.0.1:9638"
advertise = ""
peers = []
peers_file = ""
permanent = false
ring_key = ""
open = false
links_max = 64
[detector]
period_seconds = 1.0
ping_timeout_seconds = 0.5
helpers = 3
watchers = 3
[disseminator]
gossip_interval_seconds = 0.2
gossip_fanout = 3
sync_interval_seconds = 10.0
[census]
[election]
quorum_minimum = 3
lease_seconds = 3.0
[services]
packages = ["conf/packages"]
load = []
backoff_min_seconds = 1.0
backoff_max_seconds = 60.0
[sidecar]
listen = "127.0.0.1:9631"
token_file = ""
tls_certificate = ""
tls_key = ""
tls_client_ca = ""
[control]
listen = ""
[root]
processes = "separate"
intensity = 5
period_seconds = 30.0
[log]
level = "info"
format = "text"
"""


@pytest.fixture
def write(tmp_path):
    """Writes a node.toml and returns its path."""

    def write(text):
        path = tmp_path / "node.toml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def complain(write):
    """The error about a node.toml, without the path of the file."""

    def complain(text):
        path = write(text)
        with pytest.raises(ConfigError) as caught:
            load(path)
        line = str(caught.value)
        assert line.startswith(f"{path}: ")
        assert "\n" not in line
        return line.removeprefix(f"{path}: ")

    return complain


@pytest.fixture
def ordinary_user(monkeypatch, tmp_path):
    """A user other than root, whose home is tmp_path."""
    monkeypatch.setattr("os.geteuid", lambda: 1234)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


def fields_of(kind):
    return {field.name for field in msgspec.structs.fields(kind)}


# What the settings are


def test_an_empty_file_means_what_all_defaults_written_out_mean(write):
    assert load(write("")) == load(write(CONTRACT))


def test_the_sample_names_every_setting_of_every_section():
    sample = tomllib.loads(SAMPLE.read_text())
    told = {name: set(section) for name, section in sample.items()}
    assert told == {field.name: fields_of(field.type) for field in msgspec.structs.fields(Config)}


def test_the_sample_names_every_setting_of_a_service_to_load():
    told = re.findall(r"^#   (\w+) = ", SAMPLE.read_text(), re.MULTILINE)
    assert set(told) == fields_of(configuration.ServiceLoad)


def test_the_sample_holds_the_defaults_except_what_it_says_itself(monkeypatch):
    monkeypatch.chdir(ROOT)
    ours, defaults = load(SAMPLE), load()
    assert [service.package for service in ours.services.load] == ["hello"]
    services = msgspec.structs.replace(ours.services, load=())
    assert msgspec.structs.replace(ours, services=services) == defaults


def test_the_sample_explains_every_setting():
    previous = ""
    for line in SAMPLE.read_text().splitlines():
        if re.match(r"\[|\w+ = ", line):
            assert previous.startswith(("#", "tls_")), line
        previous = line


def test_structs_cannot_be_changed():
    with pytest.raises(AttributeError):
        load().wire.permanent = True


# What depends on the host


def test_a_node_is_called_like_its_host(monkeypatch, write):
    monkeypatch.setattr("socket.gethostname", lambda: "Ada's Laptop.local")
    assert load(write("")).node.name == "ada-s-laptop.local"
    assert load(write('[node]\nname = "bob"')).node.name == "bob"


def test_a_host_without_any_usable_name_is_called_node(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "...")
    assert load().node.name == "node"


def test_the_folders_of_root_are_those_of_the_system(monkeypatch, write):
    monkeypatch.setattr("os.geteuid", lambda: 0)
    node = load(write('[node]\nname = "ada"')).node
    assert node.data_dir == Path("/var/lib/habactors/ada")
    assert node.run_dir == Path("/run/habactors/ada")


@pytest.mark.usefixtures("ordinary_user")
def test_the_folders_of_others_are_their_own(tmp_path, write, monkeypatch):
    path = write('[node]\nname = "ada"')
    assert load(path).node.data_dir == tmp_path / ".local/state/habactors/ada"
    assert load(path).node.run_dir == Path("/tmp/habactors-1234/ada")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1234")
    assert load(path).node.run_dir == Path("/run/user/1234/habactors/ada")


def test_relative_paths_start_at_the_folder_of_the_file(tmp_path, write, monkeypatch):
    monkeypatch.chdir("/")
    config = load(
        write(
            '[node]\nrun_dir = "r"\ndata_dir = "d"\n[wire]\nring_key = ["k1", "k2"]\n'
            'peers_file = "p"\n[services]\npackages = ["a", "/b"]\n'
            'load = [{package = "./c"}, {package = "core/redis"}]\n[sidecar]\ntoken_file = "t"'
        )
    )
    assert config.node.run_dir == tmp_path / "r"
    assert config.node.data_dir == tmp_path / "d"
    assert config.wire.ring_key == (tmp_path / "k1", tmp_path / "k2")
    assert config.wire.peers_file == tmp_path / "p"
    assert config.services.packages == (tmp_path / "a", Path("/b"))
    assert [s.package for s in config.services.load] == [str(tmp_path / "c"), "core/redis"]
    assert config.sidecar.token_file == tmp_path / "t"


@pytest.mark.usefixtures("ordinary_user")
def test_a_tilde_is_the_home_folder(tmp_path, write):
    assert load(write('[sidecar]\ntoken_file = "~/t"')).sidecar.token_file == tmp_path / "t"


def test_packages_are_looked_for_beside_the_file_when_nothing_is_said(tmp_path, write):
    assert load(write("")).services.packages == (tmp_path / "conf/packages",)


def test_others_are_told_the_address_that_is_listened_on(write):
    assert load(write('[wire]\nlisten = "127.0.0.2"')).wire.advertise == Address("127.0.0.2", 9638)


def test_a_node_that_listens_everywhere_advertises_an_address_of_its_own(write, monkeypatch):
    monkeypatch.setattr("habactors.config.defaults._own_host", lambda ipv6: "10.0.0.7")
    wire = load(write('[wire]\nlisten = "0.0.0.0:7000"\nopen = true')).wire
    assert wire.listen == Address("0.0.0.0", 7000)  # noqa: S104
    assert wire.advertise == Address("10.0.0.7", 7000)


def test_a_host_that_nobody_can_reach_must_be_told_its_address(write, monkeypatch):
    def refuse(*_):
        raise OSError

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    path = write('[wire]\nlisten = "0.0.0.0"\nopen = true')
    with pytest.raises(ConfigError, match=r"set \[wire\] advertise"):
        load(path)


# What is written


def test_one_key_need_not_be_a_list(tmp_path, write):
    assert load(write('[wire]\nring_key = "k"')).wire.ring_key == (tmp_path / "k",)


def test_an_empty_listen_switches_the_sidecar_off(write):
    assert load(write('[sidecar]\nlisten = ""')).sidecar.listen is None


def test_each_section_has_its_own_port(write):
    config = load(write('[sidecar]\nlisten = "localhost"\n[control]\nlisten = "localhost"'))
    assert config.sidecar.listen == Address("localhost", 9631)
    assert config.control.listen == Address("localhost", 9632)


def test_whole_seconds_need_no_fraction(write):
    period = load(write("[detector]\nperiod_seconds = 2")).detector.period_seconds
    assert period == 2.0
    assert isinstance(period, float)


def test_a_service_to_load_has_the_defaults_of_svc_load(write):
    (service,) = load(write('[services]\nload = [{package = "hello"}]')).services.load
    assert service == configuration.ServiceLoad(package="hello")
    assert (service.group, service.topology, service.binding_mode) == (
        "default",
        "standalone",
        "strict",
    )


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ada", Address("ada", 9638)),
        ("ada.example.org.:1", Address("ada.example.org.", 1)),
        ("10.0.0.1:65535", Address("10.0.0.1", 65535)),
        ("[::1]", Address("::1", 9638)),
        ("[2001:db8::1]:80", Address("2001:db8::1", 80)),
    ],
)
def test_an_address_is_a_host_and_perhaps_a_port(text, address):
    assert Address.parse(text, 9638) == address
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize(
    "text",
    ["", ":9638", "ada:", "ada:0", "ada:65536", "ada:-1", "ada:1.5", "::1", "::1:9638", "[::1",
     "[::1]x", "[ada]:1", "[::1]:", "a b:1", "-a:1", "tcp://ada:1", "ada:١"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ConfigError):
        Address.parse(text, 9638)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST."])
def test_some_hosts_are_loopback(host):
    assert Address(host, 1).is_loopback


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "ada", "localhost.evil.org"])  # noqa: S104
def test_all_other_hosts_are_open_to_the_network(host):
    assert not Address(host, 1).is_loopback


# The options of `start`


def test_peers_of_the_command_line_join_those_of_the_file(write):
    path = write('[wire]\npeers = ["ada"]')
    wire = load(path, peers=["bob:7000", "[::1]"]).wire
    assert wire.peers == (Address("ada", 9638), Address("bob", 7000), Address("::1", 9638))


def test_other_options_win_over_the_file(write):
    config = load(write(""), permanent=True, processes="one")
    assert config.wire.permanent
    assert config.root.processes == "one"


def test_options_that_are_not_given_leave_the_file_alone(write):
    config = load(write('[wire]\npermanent = true\n[root]\nprocesses = "one"'))
    assert config.wire.permanent
    assert config.root.processes == "one"


def test_a_bad_peer_of_the_command_line_is_not_blamed_on_the_file(write):
    with pytest.raises(ConfigError, match=r'^--peer "ada:x" has no valid port: '):
        load(write(""), peers=["ada:x"])


# Mistakes


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[wire]\nlisen = 1", "[wire] lisen is not a setting: did you mean listen?"),
        ("[wires]", "[wires] is not a section: did you mean [wire]?"),
        ("[census]\nx = 1", "[census] x is not a setting: remove it"),
        ("[root]\nzzz = 1", "[root] zzz is not a setting: there are processes, intensity, period_seconds"),  # noqa: E501
        ("links_max = 1", "links_max stands outside any section: put it under [wire]"),
        ("wire = 3", "wire is not a section: write [wire] on a line of its own"),
        ('[detector]\nperiod_seconds = "1"', "[detector] period_seconds must be a number, not a string: write period_seconds = 1.0"),  # noqa: E501
        ("[detector]\nperiod_seconds = true", "[detector] period_seconds must be a number, not true or false: write period_seconds = 1.0"),  # noqa: E501
        ("[detector]\nhelpers = 1.5", "[detector] helpers must be a whole number, not a number with a fraction: write helpers = 3"),  # noqa: E501
        ("[detector]\nhelpers = -1", "[detector] helpers must be at least 0, not -1: write helpers = 3"),  # noqa: E501
        ("[detector]\nperiod_seconds = nan", "[detector] period_seconds must be above 0, not nan: write period_seconds = 1.0"),  # noqa: E501
        ("[detector]\nperiod_seconds = inf", "[detector] period_seconds must be at most 86400, not inf: write period_seconds = 1.0"),  # noqa: E501
        ("[wire]\npermanent = 1", "[wire] permanent must be true or false, not a number: write permanent = false"),  # noqa: E501
        ("[wire]\npeers = [1]", '[wire] peers number 1: must be "host:port" in quotes, not a number: write peers = []'),  # noqa: E501
        ("[wire]\npeers = 1", "[wire] peers must be a list, not a number: write peers = []"),
        ('[wire]\npeers = ["a", "b:x"]', '[wire] peers number 2: "b:x" has no valid port: use one from 1 to 65535'),  # noqa: E501
        ('[wire]\nlisten = ""', '[wire] listen "" names no host: write host:port'),
        ('[wire]\nadvertise = "0.0.0.0"', "[wire] advertise 0.0.0.0:9638 is no address to connect to: set advertise to the address that other hosts reach this one by"),  # noqa: E501
        ('[log]\nlevel = "warn"', '[log] level is "warn": choose "debug", "info", "warning" or "error"'),  # noqa: E501
        ('[node]\nname = "Ada B"', '[node] name "Ada B" is not allowed: use at most 64 of a-z, 0-9, dot, dash and underscore, first a letter or digit'),  # noqa: E501
        ('[node]\nname = "../x"', '[node] name "../x" is not allowed: use at most 64 of a-z, 0-9, dot, dash and underscore, first a letter or digit'),  # noqa: E501
        ("[node]\nrun_dir = 1979-05-27", '[node] run_dir must be a path in quotes, not a date or time: write run_dir = "..."'),  # noqa: E501
        ('[sidecar]\ntoken_file = "a\\u0000b"', "[sidecar] token_file has a character that cannot be printed: remove it"),  # noqa: E501
        ('[sidecar]\ntls_key = "a"', "[sidecar] tls_certificate and tls_key only work together: set both or neither"),  # noqa: E501
        ('[sidecar]\ntls_client_ca = "a"', "[sidecar] tls_client_ca needs TLS to be on: set tls_certificate and tls_key too"),  # noqa: E501
        ("[services]\nload = [{}]", '[services] load number 1: package is missing: write package = "..."'),  # noqa: E501
        ('[services]\nload = [{pakage = "x"}]', "[services] load number 1: pakage is not a setting: did you mean package?"),  # noqa: E501
        ('[services]\nload = [{package = ""}]', "[services] load number 1: package is empty: name the package or its folder"),  # noqa: E501
        ('[services]\nload = [{package = "x", binds = ["a"]}]', '[services] load number 1: binds number 1: "a" is not allowed: use "name:service.group"'),  # noqa: E501
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_says_what_to_do(complain, text, line):
    assert complain(text) == line


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (
            "[detector]\nping_timeout_seconds = 1.0",
            "set it below period_seconds, which is 1.0",
        ),
        (
            "[services]\nbackoff_min_seconds = 61",
            "set it to at most backoff_max_seconds, which is 60.0",
        ),
        (
            "[disseminator]\nsync_interval_seconds = 0.1",
            "set it to at least gossip_interval_seconds (0.2)",
        ),
        ('[control]\nlisten = "127.0.0.1:9631"', "give one of them another port"),
        (
            '[wire]\nlisten = "0.0.0.0:9631"\nopen = true\nadvertise = "10.0.0.1"',
            "give one of them another port",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(complain, text, hint):
    assert complain(text).endswith(hint)


@pytest.mark.parametrize("listen", ["0.0.0.0", "[::]", "10.0.0.1", "ada.example.org"])  # noqa: S104
def test_nobody_opens_a_ring_by_accident(complain, write, listen):
    text = f'[wire]\nadvertise = "10.0.0.1"\nlisten = "{listen}"\n'
    assert "set open = true" in complain(text)
    assert load(write(text + "open = true")).wire.listen.host == listen.strip("[]")
    assert load(write(text + 'ring_key = "k"')).wire.listen.host == listen.strip("[]")


def test_nobody_opens_the_sidecar_by_accident(complain, write):
    text = '[sidecar]\nlisten = "0.0.0.0"\n'
    assert "set token_file" in complain(text)
    load(write(text + 'token_file = "t"'))


def test_a_run_dir_that_is_too_long_for_sockets_says_by_how_much(complain, write):
    excess, fits = "/" + 90 * "r", "/" + 88 * "r"
    assert complain(f'[node]\nrun_dir = "{excess}"') == (
        f"[node] run_dir {excess} makes socket paths of 109 bytes, and 107 is the most: "
        "set run_dir to a path that is 2 bytes shorter"
    )
    load(write(f'[node]\nrun_dir = "{fits}"'))


def test_the_length_of_a_run_dir_is_counted_in_bytes(complain):
    assert "socket paths of 118 bytes" in complain(f'[node]\nrun_dir = "/{49 * "é"}x"')


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[wire]\nlisten = \n", "line 2, column 10"),
        ("[wire]\npeers = [", "line 2, column 10"),
        ("[wire", "line 1, column 6"),
        ("[wire]\nopen = true\nopen = true", "line 3, column"),
    ],
)
def test_broken_toml_is_shown_its_line_and_column(complain, text, where):
    assert complain(text).startswith(where)


def test_a_missing_file_is_an_error_of_its_own(tmp_path):
    path = tmp_path / "none.toml"
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value) == f"{path}: there is no such file: name one with -c FILE"


def test_a_folder_is_not_a_file(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)


def test_a_file_that_is_not_text_is_refused(tmp_path):
    path = tmp_path / "node.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="byte 0 is not UTF-8"):
        load(path)


def test_an_error_of_configuration_ends_a_command_with_two():
    error = ConfigError("[wire] is odd", "mend it")
    assert (error.code, error.exit_code, str(error)) == ("bad-config", 2, "[wire] is odd: mend it")


def test_an_error_survives_the_trip_over_the_control_socket():
    error = UserError("timed-out", "no answer after 5 s", "is the node running?")
    assert UserError(**error.as_dict()).exit_code == error.exit_code == 4
    assert UserError("not-found", "no such group").exit_code == 1
    assert str(UserError("not-found", "no such group")) == "no such group"
