"""The walkthrough of service groups with real Redis: two nodes, one group, one configuration."""

import socket
import time

import pytest

from habactors.errors import UserError
from tests.hosts import population, until


def ping(address, port):
    """What the Redis at that address answers to PING."""
    try:
        with socket.create_connection((address, port), timeout=1) as link:
            link.sendall(b"PING\r\n")
            return link.recv(64)
    except OSError:
        return b""


def test_one_config_restarts_both_redis_on_the_new_port(hosts):
    ada, bob, cyd = hosts.ring("ada", "bob", "cyd")
    for host in (ada, bob):
        host.control.svc_load("core/redis", group="prod")
    cyd.control.svc_load("core/redis", group="test")
    groups = {ada: "redis.prod", bob: "redis.prod", cyd: "redis.test"}
    for host, group in groups.items():
        until(lambda host=host, group=group: host.service_pid(group), what=host.printed())
        until(lambda host=host: ping(host.address, 6379) == b"+PONG\r\n", what=host.printed())
    for host in (ada, bob):
        until(lambda host=host: len(population(host, "redis.prod")) == 2)
    pids = {host: host.service_pid(group) for host, group in groups.items()}

    began = time.monotonic()
    answer = ada.control.config_apply("redis.prod", 1, "port = 2112")
    assert answer["version"] == 1
    for host in (ada, bob):
        until(lambda host=host: ping(host.address, 2112) == b"+PONG\r\n", 5.0, host.printed())
    seconds = time.monotonic() - began
    assert seconds < 5.0
    for host in (ada, bob):
        until(lambda host=host: host.service_pid("redis.prod") not in (None, pids[host]), 5.0)
        assert ping(host.address, 6379) == b""

    with pytest.raises(UserError, match="version 1 stands"):
        bob.control.config_apply("redis.prod", 1, "port = 2113")
    assert ping(cyd.address, 6379) == b"+PONG\r\n"
    assert cyd.service_pid("redis.test") == pids[cyd]
    for host in (ada, bob):
        assert ping(host.address, 2112) == b"+PONG\r\n"
