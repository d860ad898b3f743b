"""What programs see: paths, codes, shapes, methods, the token and the metrics."""

import http.client
import json
import logging
import shutil
import socket
import ssl
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from habactors.errors import UserError
from habactors.roles.wiring import CAST
from tests import habitat
from tests.node.served import (
    BOARD,
    HOST,
    ROSTER,
    Served,
    census,
    viewed,
    whole_ring,
)

PEM = Path(__file__).parent / "tls.pem"
TOKEN = "correct-horse"
GUARDED = ("/", "/census", "/metrics", "/services", "/services/redis/default", "/nowhere")
EVERY_PATH = (*GUARDED, "/healthz", "/readyz")

LOCKED_KEY = """
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAje7OaBnlc5wgICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEECUJWtIy964MSKsWdIDX0zMEgZAU
/LXEPfFmO78t3q/DF4v8bPuxtN7hsjM1CgZRapClezFw/6ak+QdFPtWK6hPqX9CB
nBCRwKVz+ynYQh/PJ5UPss81sd+aw4rygeJsc8TPebHNXLacfUftMSFxjxBPfbMS
Kji/3vHrCLasmMPMHert13s5KBSpPQ7xBwCq9vK+JSucJYLbkWxa0yXtiji+WTo=
-----END ENCRYPTED PRIVATE KEY-----
"""
"""A key with a password, which protects nothing."""


@pytest.fixture(scope="module")
def node():
    with Served(*whole_ring()) as served:
        yield served


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o600)
    return path


# Paths and shapes


def test_the_census_has_habitats_shape(node):
    shown = node.json("/census")
    habitat.check(shown, habitat.CENSUS)
    group = shown["census_groups"]["redis.default"]
    assert len(group["population"]) == 2
    assert group["service_config"] == {"incarnation": 3, "value": {"port": 6379}}


def test_services_are_an_array_of_habitats_items(node):
    shown = node.json("/services")
    habitat.check(shown, [habitat.SERVICE])
    assert [item["service_group"] for item in shown] == ["redis.default", "hello.prod@acme"]
    assert shown[1]["topology"] == "leader"


def test_one_service_is_the_item_of_the_array(node):
    assert node.json("/services/redis/default") == node.json("/services")[0]
    assert node.json("/services/hello/prod/acme") == node.json("/services")[1]


def test_the_configuration_of_a_service_is_given_as_it_is(node):
    assert node.json("/services/redis/default/config") == {"port": 6379, "ratio": 0.5}
    assert node.json("/services/hello/prod/acme/config") == {}


def test_health_is_a_body_and_a_code(node):
    up = node.json("/services/redis/default/health")
    down = node.json("/services/hello/prod/acme/health", code=503)
    assert up == {"status": "OK", "stdout": "", "stderr": ""}
    assert down == {"status": "CRITICAL", "stdout": "", "stderr": ""}


@pytest.mark.parametrize("rest", ["", "/config", "/health"])
@pytest.mark.parametrize(
    "name", ["redis/prod", "redis/default/acme", "hello/prod", "Redis/default"]
)
def test_a_service_that_is_not_loaded_is_not_found(node, name, rest):
    code, _, body = node.ask(f"/services/{name}{rest}")
    assert (code, body) == (404, b"")


@pytest.mark.parametrize("rest", ["", "/config", "/health"])
@pytest.mark.parametrize(
    "name", ["red.is/default", "redis/de%23fault", "redis/a/b%40c", "redis//x"]
)
def test_what_can_be_no_name_is_a_bad_request(node, name, rest):
    code, _, body = node.ask(f"/services/{name}{rest}")
    assert (code, body) == (400, b"")


@pytest.mark.parametrize(
    "path", ["/nowhere", "/census/", "/services/", "/services/redis", "/census/x", "//census"]
)
def test_nothing_else_is_there(node, path):
    code, _, body = node.ask(path)
    assert (code, body) == (404, b"")


def test_a_change_shows_at_once():
    with Served(census(), BOARD) as node:
        assert len(node.json("/census")["census_groups"]["redis.default"]["population"]) == 2
        node.hear(census(2, [viewed("c" * 32, "cyd")]))
        assert len(node.json("/census")["census_groups"]["redis.default"]["population"]) == 3


def test_it_is_healthy_at_once_and_ready_when_it_has_heard():
    with Served() as node:
        assert node.ask("/healthz")[::2] == (200, b"")
        assert node.ask("/readyz")[::2] == (503, b"")
        assert node.json("/services") == []
        node.hear(census())
        assert node.code("/readyz") == 503
        node.hear(ROSTER)
        assert node.ask("/readyz")[::2] == (200, b"")


def test_the_page_shows_the_ring_and_escapes_it():
    evil = viewed("e" * 32, "<script>alert(1)</script>", why='"><img src=x>')
    with Served(*whole_ring()) as node:
        node.hear(census(2, [evil]))
        code, headers, body = node.ask("/")
    page = body.decode()
    assert code == 200
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in headers["content-security-policy"]
    for word in ("ada", "bob", "suspect", "redis.default", "hello.prod@acme", "backoff", "no ack"):
        assert word in page
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "http://" not in page
    assert "https://" not in page


def test_the_page_of_a_node_that_knows_nothing_yet_is_a_page():
    with Served() as node:
        assert node.code("/") == 200


def test_an_error_of_ours_is_told_and_hurts_nobody_else(caplog):
    with Served(census(), BOARD) as node:
        shown, node.role.shown = node.role.shown, None
        assert node.ask("/census")[::2] == (500, b"")
        assert "no answer to a request for /census" in caplog.text
        node.role.shown = shown
        assert node.code("/census") == 200


# Methods


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize("path", EVERY_PATH)
def test_other_methods_are_not_allowed(node, method, path):
    code, headers, body = node.ask(path, method=method)
    assert (code, headers["allow"], body) == (405, "GET, HEAD", b"")


@pytest.mark.parametrize("path", EVERY_PATH)
def test_head_is_get_without_the_body(node, path):
    with_body, without = node.ask(path), node.ask(path, method="HEAD")
    assert without[0] == with_body[0]
    assert without[2] == b""
    if path not in ("/", "/metrics"):  # these two say how much time has passed
        assert without[1]["content-length"] == with_body[1]["content-length"]


def test_a_connection_is_kept_from_request_to_request(node):
    client = http.client.HTTPConnection(HOST, node.port, timeout=5)
    client.request("POST", "/census", body=b"x" * 10_000)
    assert client.getresponse().read() == b""
    connection = client.sock
    client.request("GET", "/services")
    assert client.getresponse().read().startswith(b"[")
    assert client.sock is connection
    client.close()


def test_an_answer_does_not_wait_for_the_acknowledgement_of_its_head(node):
    with node.call() as client:
        client.sendall(b"GET /census HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.recv(15) == b"HTTP/1.1 200 OK"
        for one in node.server._listener.connections:
            assert one.line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


# The token


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        TOKEN,
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"bearer {TOKEN}",
        f"Basic {TOKEN}",
        f"Bearer {TOKEN} {TOKEN}",
        "Bearer \xff\xfe",
    ],
)
def test_without_the_token_nobody_sees_anything(token_file, authorization):
    headers = {} if authorization is None else {"Authorization": authorization}
    with Served(*whole_ring(), token_file=token_file) as node:
        for path in GUARDED:
            for method in ("GET", "POST"):
                code, _, body = node.ask(path, method=method, headers=headers)
                assert (code, body) == (401, b""), path


def test_the_token_opens_everything(token_file):
    with Served(*whole_ring(), token_file=token_file) as node:
        for path in ("/census", "/services", "/metrics", "/", "/services/redis/default/health"):
            assert node.code(path, headers={"Authorization": f"Bearer {TOKEN}"}) == 200
            assert node.code(path, headers={"authorization": f"Bearer   {TOKEN}"}) == 200
        assert node.code("/nowhere", headers={"Authorization": f"Bearer {TOKEN}"}) == 404


def test_an_orchestrator_needs_no_token(token_file):
    with Served(*whole_ring(), token_file=token_file) as node:
        assert node.code("/healthz") == 200
        assert node.code("/readyz") == 200
        assert node.code("/readyz%0a") == 401


def test_two_authorizations_are_none(token_file):
    with Served(token_file=token_file) as node, node.call() as client:
        line = f"Authorization: Bearer {TOKEN}\r\n"
        client.sendall(f"GET /census HTTP/1.1\r\nHost: a\r\n{line}{line}\r\n".encode())
        assert client.recv(100).startswith(b"HTTP/1.1 401 ")


def test_a_token_is_never_printed(token_file, caplog):
    token_file.chmod(0o644)
    with caplog.at_level(logging.DEBUG), Served(token_file=token_file) as node:
        node.code("/census", headers={"Authorization": f"Bearer {TOKEN}"})
    assert "chmod 600" in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("written", ["", " \n", "two words", "x" * 5000])
def test_a_token_file_without_a_token_is_an_error(token_file, written):
    token_file.write_text(written)
    with pytest.raises(UserError, match="write one word in it"):
        Served(token_file=token_file).__enter__()


def test_a_token_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(UserError, match="No such file"):
        Served(token_file=tmp_path / "none").__enter__()


# Port and TLS


def test_a_port_that_is_taken_fails_the_actor_in_one_clear_line(caplog):
    with Served() as first, pytest.raises(UserError) as raised:
        Served(port=first.port).__enter__()
    line = f"cannot listen on {HOST}:{first.port} (Address already in use): set [sidecar] listen"
    assert str(raised.value).startswith(line)
    assert line in caplog.text


def test_a_closed_server_frees_its_port_at_once():
    with Served() as first, first.call() as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.recv(100)
        port = first.port
        first.server.close()
        with Served(port=port) as second:
            assert second.code("/healthz") == 200


def test_a_server_that_ends_by_itself_ends_its_actor():
    with Served() as node:
        listener = node.server._listener
        door = next(key.fileobj for key in listener._selector.get_map().values())
        door.shutdown(socket.SHUT_RDWR)
        told = node.mailbox.get(timeout=5)
        with pytest.raises(OSError, match="Invalid argument"):
            told.message.call()


def test_tls_is_spoken_when_it_is_set():
    trusting = ssl.create_default_context(cafile=PEM)
    with Served(*whole_ring(), tls_certificate=PEM, tls_key=PEM) as node:
        assert node.code("/census", context=trusting) == 200
        with pytest.raises((OSError, http.client.HTTPException)):
            node.code("/census")
        assert node.code("/census", context=trusting) == 200


def test_with_a_client_ca_strangers_are_refused():
    trusting = ssl.create_default_context(cafile=PEM)
    known = ssl.create_default_context(cafile=PEM)
    known.load_cert_chain(PEM)
    with Served(tls_certificate=PEM, tls_key=PEM, tls_client_ca=PEM) as node:
        assert node.code("/healthz", context=known) == 200
        with pytest.raises((OSError, http.client.HTTPException)):
            node.code("/healthz", context=trusting)


def test_tls_files_that_are_none_are_a_clear_error(tmp_path, caplog):
    other = tmp_path / "other.pem"
    shutil.copy(PEM, other)
    other.write_text("nothing of use")
    for certificate in (other, tmp_path / "none.pem"):
        with pytest.raises(UserError, match="TLS files"):
            Served(tls_certificate=certificate, tls_key=PEM).__enter__()
    assert caplog.text.count("the TLS files of [sidecar] cannot be used") == 2


def test_a_key_that_needs_a_password_is_a_clear_error_and_no_question(tmp_path):
    locked = tmp_path / "locked.pem"
    locked.write_text(LOCKED_KEY)
    with pytest.raises(UserError, match="TLS files"):
        Served(tls_certificate=PEM, tls_key=locked).__enter__()


def test_a_long_answer_comes_whole_over_tls():
    many = [viewed(f"{number:032}", f"member-{number}") for number in range(2000)]
    trusting = ssl.create_default_context(cafile=PEM)
    with Served(census(others=many), tls_certificate=PEM, tls_key=PEM) as node:
        code, headers, body = node.ask("/census", context=trusting)
    assert (code, len(body)) == (200, int(headers["content-length"]))
    assert len(json.loads(body)["census_groups"]["redis.default"]["population"]) == 2002


# Metrics


def metrics(node):
    code, headers, body = node.ask("/metrics")
    assert (code, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    found = {}
    for family in text_string_to_metric_families(body.decode()):
        assert family.name.startswith("habactors_")
        assert family.documentation
        for sample in family.samples:
            key = (sample.name, *sorted(sample.labels.items()))
            assert key not in found, f"{key} twice"
            found[key] = sample.value
    return found


def value(found, name, **labels):
    return found[name, *sorted(labels.items())]


def test_the_metrics_show_members_services_and_actors(node):
    found = metrics(node)
    assert value(found, "habactors_members", health="alive") == 1
    assert value(found, "habactors_members", health="suspect") == 1
    assert value(found, "habactors_members", health="departed") == 0
    assert value(found, "habactors_services", state="up") == 1
    assert value(found, "habactors_services", state="parked") == 0
    assert value(found, "habactors_service_restarts_total", service_group="redis.default") == 2
    assert value(found, "habactors_actor_restarts_total", actor="wire") == 4
    assert value(found, "habactors_actor_up", actor="wire") == 0
    assert value(found, "habactors_actor_up", actor="root") == 1
    assert value(found, "habactors_uptime_seconds") > 0
    assert [key for key in found if key[0] == "habactors_build_info"]


def test_every_counter_of_the_node_is_among_the_metrics():
    with Served() as node:
        for number, (name, _) in enumerate(node.counters, 1):
            if name[0] != "sidecar" or name[1] != "body":
                node.counters.add(*name, count=number * 1000)
        found = metrics(node)
        shown = sorted(count for count in found.values() if count >= 1000)
        expected = [count for _, count in node.counters if count >= 1000]
        assert shown == sorted(expected)
        assert value(found, "habactors_letters_total", actor="census", direction="said",
                     message="Views") >= 1000  # fmt: skip
        assert value(found, "habactors_ring_messages_total", direction="received",
                     message="Ping") >= 1000  # fmt: skip
        assert value(found, "habactors_ring_bytes_total", direction="sent") >= 1000
        assert value(found, "habactors_malformed_total", where="wire", reason="garbled") >= 1000
        for actor in CAST:
            assert value(found, "habactors_letters_dropped_total", actor=actor) >= 1000


def test_requests_are_counted_by_route_and_code_and_never_by_path(token_file):
    with Served(*whole_ring(), token_file=token_file) as node:
        bearing = {"Authorization": f"Bearer {TOKEN}"}
        node.ask("/services/redis/default", headers=bearing)
        node.ask("/services/hello/prod/acme/health", headers=bearing)
        for number in range(20):
            node.ask(f"/made-up/{number}", headers=bearing)
            node.ask(f"/services/made-up/{number}", headers=bearing)
            node.ask(f"/unknown/{number}")
        node.ask("/census", method="POST", headers=bearing)
        with node.call() as client:
            client.sendall(b"\x16\x03\x01 no HTTP\r\n\r\n")
            assert client.recv(1000).startswith(b"HTTP/1.1 400 ")
        text = node.ask("/metrics", headers=bearing)[2].decode()
    counted = {
        (sample.labels["route"], sample.labels["code"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "habactors_http_requests_total"
    }
    assert counted == {
        ("/services/{svc}/{group}", "200"): 1,
        ("/services/{svc}/{group}/{org}/health", "503"): 1,
        ("/services/{svc}/{group}", "404"): 20,
        ("none", "404"): 20,
        ("none", "401"): 20,
        ("none", "405"): 1,
        ("none", "400"): 1,
    }
    assert 'habactors_malformed_total{reason="requests",where="sidecar"} 1.0' in text or (
        'habactors_malformed_total{where="sidecar",reason="requests"} 1.0' in text
    )
    assert node.counters.get("sidecar", "body", "requests") == 64
