"""What does it look like? A ring on this machine, with services, that leaves nothing behind."""

import contextlib
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import click

from habactors.client import Control
from habactors.config import (
    Address,
    Config,
    NodeConfig,
    ServicesConfig,
    SidecarConfig,
    WireConfig,
)
from habactors.console import tables
from habactors.console.keeper import Keeper
from habactors.console.launch import signals_as_exit
from habactors.console.options import common, example
from habactors.console.show import print_rich
from habactors.console.watch import watch_node
from habactors.errors import UserError

NAMES = ("ada", "bob", "cyd", "dan", "eve", "fay", "gus", "hal", "ivy", "joe")
PACKAGES = Path(__file__).parent.parent.parent / "conf" / "packages"
LED = "cache"
"""The group that has a leader, where there are enough nodes for one."""
LED_NODES_MIN = 3
PLAIN_SECONDS = 10.0
PATIENCE_SECONDS = 15.0
LOOK_SECONDS = 0.05


class Plan(NamedTuple):
    """What the demo runs: `ports` by package, and for each node the (package, group) it serves."""

    configs: list[Config]
    ports: dict[str, int]
    services: list[list[tuple[str, str]]]


@click.command(epilog=example("habactors demo", "habactors demo --nodes 5 --seconds 20"))
@click.option(
    "--nodes",
    type=click.IntRange(1, len(NAMES)),
    default=3,
    show_default=True,
    help="How many nodes.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0),
    help="No dashboard: tell what happens in plain lines, and end after so long.",
)
@common
def demo(nodes: int, seconds: float | None) -> None:
    """Run a ring on this machine with example services, and show its dashboard.

    Nothing is left behind, however it ends.
    """
    if not PACKAGES.is_dir():
        hint = "run the demo from a checkout of habactors"
        raise UserError("not-found", f"there are no example packages in {PACKAGES}", hint)
    with contextlib.ExitStack() as stack:
        stack.enter_context(signals_as_exit())
        folder = Path(tempfile.mkdtemp(prefix="habactors-demo-", dir="/tmp"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        plan = make_plan(folder, nodes)
        keeper = stack.enter_context(contextlib.closing(Keeper(folder, plan.configs)))
        _bring_up(plan, keeper)
        if seconds is None and sys.stdout.isatty():
            watch_node(plan.configs[0].node.run_dir, lambda: True)
        else:
            _tell_events(plan, PLAIN_SECONDS if seconds is None else seconds)
        click.echo("ending all nodes and services")
    click.echo(f"nothing is left of {folder}")


def make_plan(folder: Path, nodes: int) -> Plan:
    """Settings of the nodes: each on a loopback address of its own, ports that are free on all."""
    hosts = [f"127.0.0.{number}" for number in range(1, nodes + 1)]
    packages = ["hello", *(["redis"] if shutil.which("redis-server") else [])]
    wire, sidecar, *others = _free_ports(hosts, 2 + len(packages))
    first = Address(hosts[0], wire)
    configs = [
        Config(
            node=NodeConfig(name, folder / name / "data", folder / name / "run"),
            wire=WireConfig(Address(host, wire), Address(host, wire), (first,)),
            services=ServicesConfig((PACKAGES,)),
            sidecar=SidecarConfig(Address(host, sidecar)),
        )
        for name, host in zip(NAMES, hosts, strict=False)
    ]
    ports = dict(zip(packages, others, strict=True))
    redis = ["redis"] if "redis" in packages and nodes >= LED_NODES_MIN else []
    return Plan(configs, ports, [_services(number, redis) for number in range(nodes)])


def _services(number: int, redis: list[str]) -> list[tuple[str, str]]:
    """Of three nodes two serve hello.prod, the third hello.test, and all of them redis.cache."""
    hello = ("hello", "test" if number % 3 == 2 else "prod")
    return [hello, *((package, LED) for package in redis)]


def _free_ports(hosts: list[str], count: int) -> list[int]:
    """Ports that are free on every one of the hosts."""
    found: list[int] = []
    while len(found) < count:
        with socket.create_server((hosts[0], 0)) as probe:
            port = probe.getsockname()[1]
        if port not in found and all(_is_free(host, port) for host in hosts):
            found.append(port)
    return found


def _is_free(host: str, port: int) -> bool:
    try:
        socket.create_server((host, port)).close()
    except OSError:
        return False
    return True


def _bring_up(plan: Plan, keeper: Keeper) -> None:
    """Nodes that know each other, with their services at the ports of the plan."""
    began = time.monotonic()
    click.echo(f"{len(plan.configs)} nodes are starting")
    for name in keeper.readiness():
        click.echo(f"{name} is ready after {time.monotonic() - began:.1f} s")
    with contextlib.ExitStack() as stack:
        nodes = [stack.enter_context(Control(config.node.run_dir)) for config in plan.configs]
        for node in nodes:
            _await("the nodes to find each other", partial(_sees, node, len(nodes)))
        click.echo(f"all of them know each other after {time.monotonic() - began:.1f} s")
        groups = list(dict.fromkeys(served for services in plan.services for served in services))
        for package, group in groups:
            body = f"port = {plan.ports[package]}"
            nodes[0].config_apply(f"{package}.{group}", "auto", body)
        for node, services in zip(nodes, plan.services, strict=True):
            _await("the configuration to arrive", partial(_is_told, node, groups))
            for package, group in services:
                topology = "leader" if group == LED else "standalone"
                node.svc_load(f"core/{package}", group=group, topology=topology)
        count = sum(map(len, plan.services))
        _await("the census to be complete", partial(_lists, nodes[0], count))
        for node, config, services in zip(nodes, plan.configs, plan.services, strict=True):
            _await("the services to be up", partial(_is_up, node, len(services)))
            for package, group in services:
                scheme = "http" if package == "hello" else package
                where = f"{scheme}://{config.wire.listen.host}:{plan.ports[package]}"
                click.echo(f"{package}.{group} is up on {config.node.name}: {where}")


def _await(what: str, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise UserError("timed-out", f"waited in vain for {what}", "start the demo again")
        time.sleep(LOOK_SECONDS)


def _sees(node: Control, count: int) -> bool:
    """Whether the node sees so many members, all alive."""
    return [row["health"] for row in node.members()] == ["alive"] * count


def _is_told(node: Control, groups: list[tuple[str, str]]) -> bool:
    """Whether the node knows the configuration of all the groups."""
    known = node.census()["census_groups"]
    names = (f"{package}.{group}" for package, group in groups)
    return all(name in known and known[name]["service_config"] for name in names)


def _is_up(node: Control, count: int) -> bool:
    """Whether so many services of the node are up."""
    return [row["state"] for row in node.svc_status()] == ["up"] * count


def _lists(node: Control, count: int) -> bool:
    """Whether the node knows of so many services in the ring."""
    groups = node.census()["census_groups"].values()
    return sum(len(group["population"]) for group in groups) == count


def _tell_events(plan: Plan, seconds: float) -> None:
    run_dir = plan.configs[0].node.run_dir
    with Control(run_dir) as node:
        for shown in (tables.members(node.members(), time.time()), tables.census(node.census())):
            click.echo()
            print_rich(shown)
        click.echo(f"\nwhat happens in {seconds:g} s, as {NAMES[0]} sees it:")
        for event in _events(node, seconds):
            print_rich(tables.event(event))


def _events(node: Control, seconds: float) -> Iterator[tables.Row]:
    deadline = time.monotonic() + seconds
    for event in node.stream("events", pause_seconds=LOOK_SECONDS):
        if time.monotonic() > deadline:
            return
        if event:
            yield event
