"""Is the ring as it should be?

Each check returns what is wrong, one line each; an empty list is good news. They look into the
tables of the disseminators, as nobody on a real node can.
"""

from collections.abc import Iterable

from habactors.protocol.health import Health
from habactors.protocol.rumors import Config, Service
from habactors.protocol.table import Table
from habactors.roles.disseminator import Disseminator
from habactors.simulator.host import Host
from habactors.simulator.ring import Ring, member_id


def table(host: Host) -> Table:
    """What a host holds true of the ring."""
    role = host.role(Disseminator.NAME)
    assert isinstance(role, Disseminator)
    return role.table


def standing(observer: Host, name: str) -> str:
    """How a member stands in an observer's eyes, such as `alive@2`, or `unknown`."""
    held = table(observer)
    member, health = held.membership(member_id(name)), held.health(member_id(name))
    if health is Health.DEPARTED:
        return health.word
    return f"{member.health.word}@{member.incarnation}" if member else "unknown"


def all_alive(ring: Ring) -> list[str]:
    """Every host that is up holds every host that is up to be alive."""
    return [wrong for host in ring.up for wrong in stands(host.name, "alive", ring.up)]


def stands(name: str, expected: str, observers: Iterable[Host]) -> list[str]:
    """The observers hold a member to stand so: `alive`, or with an incarnation `alive@2`."""
    wrong = []
    for observer in observers:
        found = standing(observer, name)
        if expected not in (found, found.partition("@")[0]):
            wrong.append(f"{observer.name} holds {name} to be {found}, not {expected}")
    return wrong


def everybody_else(ring: Ring, name: str) -> list[Host]:
    """The hosts that are up, without one."""
    return [host for host in ring.up if host.name != name]


def one_truth(ring: Ring) -> list[str]:
    """The tables of all hosts that are up are equal."""
    sums = {host.name: table(host).checksum for host in ring.up}
    first = next(iter(sums), "")
    return [
        f"{name} and {first} hold different tables ({len(table(ring.hosts[name]))} and "
        f"{len(table(ring.hosts[first]))} rumors)"
        for name, checksum in sums.items()
        if checksum != sums[first]
    ]


def configured(observers: Iterable[Host], group: str, version: int) -> list[str]:
    """The observers hold that version of a group's configuration."""
    wrong = []
    for host in observers:
        config = table(host).get((Config.KIND, group))
        found = config.version if isinstance(config, Config) else 0
        if found != version:
            wrong.append(f"{host.name} holds {group} at version {found}, not {version}")
    return wrong


def served(ring: Ring, group: str, names: Iterable[str]) -> list[str]:
    """Every host that is up knows exactly these to serve a group."""
    expected = sorted(member_id(name) for name in names)
    wrong = []
    for host in ring.up:
        found = sorted(
            rumor.member_id
            for rumor in table(host)
            if isinstance(rumor, Service) and rumor.service_group == group and not rumor.withdrawn
        )
        if found != expected:
            wrong.append(f"{host.name} knows {', '.join(found) or 'nobody'} to serve {group}")
    return wrong
