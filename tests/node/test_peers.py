"""The configured peers: of the settings and of a file that changes, with names resolved anew."""

import os

import pytest

from habactors.config import Address, WireConfig
from habactors.node import names
from habactors.node.hands import Desk
from habactors.node.peers import FILE_BYTES_MAX, PEERS_MAX, Peers
from habactors.protocol.hands import FindPeers, PeersFound
from tests.hosts import until


class Asker:
    """The hands of a disseminator; `find` tells what they find now."""

    def __init__(self, *peers, file=None):
        self.now = 0.0
        self.heard = []
        peers = tuple(Address.parse(peer, 9638) for peer in peers)
        self.hands = Peers(WireConfig(peers=peers, peers_file=file))
        self.hands.open(Desk(self.heard.append, None, None, None, lambda: self.now))

    def find(self):
        self.heard.clear()
        self.hands.do(FindPeers())
        (found,) = self.heard
        assert isinstance(found, PeersFound)
        return list(found.addresses)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "peers"


@pytest.fixture
def hosts_known(monkeypatch):
    """What the name servers know; a host that they do not know has no address."""
    known = {}

    def look_up(name):
        if name not in known:
            raise OSError("Name or service not known")
        return known[name]

    monkeypatch.setattr(names, "_look_up", look_up)
    return known


def write(file, text, number=[0]):  # noqa: B006
    """Two writes in the same tick of a coarse clock are two."""
    file.write_text(text)
    number[0] += 1
    os.utime(file, ns=(number[0], number[0]))


def test_peers_of_the_settings_and_of_the_file_are_found_once_each_and_in_order(file):
    write(file, "127.0.0.3:1\n127.0.0.1:9638\n127.0.0.3:1\n127.0.0.4:9638\n")
    asker = Asker("127.0.0.1:9638", "127.0.0.2:9638", file=file)
    assert asker.find() == ["127.0.0.1:9638", "127.0.0.2:9638", "127.0.0.3:1", "127.0.0.4:9638"]


def test_they_are_found_before_anybody_asks(file):
    write(file, "127.0.0.3")
    assert Asker(file=file).heard == [PeersFound(("127.0.0.3:9638",))]


def test_without_any_configured_nothing_is_found():
    asker = Asker()
    asker.hands.do(FindPeers())
    assert asker.heard == []


def test_a_file_that_has_changed_is_read_again(file):
    write(file, "127.0.0.3")
    asker = Asker(file=file)
    assert asker.find() == ["127.0.0.3:9638"]
    write(file, "127.0.0.4")
    assert asker.find() == ["127.0.0.4:9638"]
    write(file, "")
    assert asker.find() == []


def test_a_file_that_has_not_changed_is_not_read_again(file, monkeypatch):
    write(file, "127.0.0.3")
    asker = Asker(file=file)
    monkeypatch.setattr("habactors.node.peers._parse", None)
    assert asker.find() == ["127.0.0.3:9638"]


def test_lines_words_and_comments_are_told_apart(file):
    write(file, "# ours\n127.0.0.1 127.0.0.2:7,127.0.0.3 # three\n\n\t[::1]:8,\r\n, ,\n#127.0.0.9")
    found = ["127.0.0.1:9638", "127.0.0.2:7", "127.0.0.3:9638", "[::1]:8"]
    assert Asker(file=file).find() == found


@pytest.mark.parametrize(
    "rubbish", ["nonsense:port", "127.0.0.1:99999", "tcp://127.0.0.1:1", "*:9638", "[::1", "\0:1"]
)
def test_rubbish_is_warned_about_and_the_rest_counts(file, caplog, hosts_known, rubbish):
    write(file, f"127.0.0.1\n{rubbish}\n127.0.0.2\n")
    assert Asker(file=file).find() == ["127.0.0.1:9638", "127.0.0.2:9638"]
    (line,) = caplog.messages
    assert str(file) in line


def test_a_file_of_bytes_that_are_no_text_harms_nobody(file, hosts_known):
    file.write_bytes(b"127.0.0.1\n\xff\xfe\x00\x80\n127.0.0.2\n")
    found = Asker(file=file).find()
    assert (found[0], found[-1]) == ("127.0.0.1:9638", "127.0.0.2:9638")


def test_an_endless_file_is_read_up_to_a_limit(file, hosts_known):
    line = "127.0.0.{}:{}\n"
    write(file, "".join(line.format(n % 250 + 1, n + 1) for n in range(70_000)))
    assert file.stat().st_size > FILE_BYTES_MAX
    assert len(Asker(file=file).find()) == PEERS_MAX


def test_a_missing_file_is_warned_about_once_and_read_when_it_comes(file, caplog):
    asker = Asker("127.0.0.1", file=file)
    for _ in range(3):
        assert asker.find() == ["127.0.0.1:9638"]
    (line,) = caplog.messages
    assert str(file) in line
    write(file, "127.0.0.2")
    assert asker.find() == ["127.0.0.1:9638", "127.0.0.2:9638"]
    assert len(caplog.messages) == 1


def test_a_file_that_goes_leaves_the_peers_that_it_held_and_is_warned_about_each_time(
    file, caplog
):
    write(file, "127.0.0.2")
    asker = Asker(file=file)
    for gone in (1, 2):
        file.unlink()
        assert asker.find() == asker.find() == ["127.0.0.2:9638"]
        assert len(caplog.messages) == gone
        write(file, "127.0.0.2")
        asker.find()


def test_a_folder_in_place_of_the_file_is_warned_about_once(tmp_path, caplog):
    asker = Asker(file=tmp_path)
    asker.find()
    asker.find()
    assert len(caplog.messages) == 1


def test_names_are_resolved_and_resolved_anew_after_a_while(file, hosts_known):
    write(file, "bob:7")
    hosts_known.update({"ada": "10.0.0.1", "bob": "10.0.0.2"})
    asker = Asker("ada", file=file)
    until(lambda: asker.find() == ["10.0.0.1:9638", "10.0.0.2:7"])
    hosts_known.update({"ada": "10.0.0.3", "bob": "fe80::1"})
    asker.now += names.FRESH_SECONDS
    until(lambda: asker.find() == ["10.0.0.3:9638", "[fe80::1]:7"])


def test_a_name_that_nobody_knows_yet_is_found_once_somebody_does(hosts_known):
    asker = Asker("ada", "127.0.0.1")
    assert asker.find() == ["127.0.0.1:9638"]
    hosts_known["ada"] = "10.0.0.1"
    asker.now += names.RETRY_SECONDS
    until(lambda: asker.find() == ["10.0.0.1:9638", "127.0.0.1:9638"])


# With real nodes


def test_a_seed_that_comes_late_is_still_joined(hosts):
    ada = hosts.add("ada")
    cyd = hosts.add("cyd", [ada]).start().wait_until_up()
    assert cyd.members() == {"cyd": "alive"}
    ada.start().wait_until_up()
    until(lambda: ada.sees(cyd="alive") and cyd.sees(ada="alive"), what=cyd.printed())


def test_a_peer_that_is_written_into_the_file_while_the_node_runs_is_joined(hosts):
    ada, bob = hosts.add("ada"), hosts.add("bob")
    file = hosts.folder / "peers"
    write(file, f"{hosts.network}.200 # nobody lives there\n")
    cyd = hosts.add("cyd", wire={"peers_file": str(file)}).start().wait_until_up()
    for host in (ada, bob):
        host.start().wait_until_up()
    write(file, f"{ada.address} # the first\nrubbish:rubbish\n{bob.address}:9638\n")
    everybody = {"ada": "alive", "bob": "alive", "cyd": "alive"}
    for host in (ada, bob, cyd):
        until(lambda host=host: host.members() == everybody, what=cyd.printed())
    warnings = [line["message"] for line in cyd.lines() if line.get("level") == "warning"]
    assert len([line for line in warnings if "rubbish:rubbish" in line]) == 1
