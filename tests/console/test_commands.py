"""Every command: what it asks, what it prints, how it ends."""

import io
import json

import click
import pytest
from click.testing import CliRunner
from rich.console import Console

from habactors.console.contests import explanation, voters
from habactors.console.main import HOMES, main
from habactors.errors import UserError
from tests.console.answering import (
    ANSWERS,
    EVENTS,
    EXPLAINED,
    IDS,
    MEMBERS,
    NOW,
    election,
    service,
)


def all_commands(group=main, words=()):
    """The words and the command of each command, groups too."""
    context = click.Context(group)
    yield words, group
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from all_commands(command, (*words, name))
        else:
            yield (*words, name), command


COMMANDS = list(all_commands())


def complaint(done, code):
    """The one line on stderr of a command that ended with that code."""
    assert done.exit_code == code, done.output
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


# What is printed


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["members"], "members"),
        (["status"], "status"),
        (["census"], "census"),
        (["elections"], "elections"),
        (["explain", "election", "redis.prod"], "explain.election"),
        (["svc", "status"], "svc.status"),
        (["config", "show", "redis.prod"], "config.show"),
    ],
)
def test_a_query_prints_for_scripts_exactly_what_the_node_answers(at_node, words, command):
    done = at_node(*words)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == ANSWERS[command]
    assert json.loads(at_node(*words, "--format", "json").stdout) == ANSWERS[command]


def test_members_are_a_table_for_people(at_node):
    head, ada, bob, _ = at_node("members", "--format", "table").stdout.splitlines()
    assert head.split() == ["NAME", "HEALTH", "SINCE", "ADDRESS", "INC", "ID", "NOTE"]
    assert "this node, permanent" in ada
    assert "suspect" in bob
    assert "no answer to a ping by ada in 1.0 s" in bob


def test_the_status_is_a_table_for_people(at_node):
    shown = at_node("status", "--format", "table").stdout
    for word in ("2 alive, 1 suspect", "off", "disseminator", "backoff", "7.3 MB", "51.1 MB"):
        assert word in shown


def test_services_are_a_table_for_people(at_node):
    _, redis, hello = at_node("svc", "status", "--format", "table").stdout.splitlines()
    assert redis.split() == ["redis.prod", "up", "4711", "1", "m", "0", "core/redis/7.0"]
    assert "again in 8 s, last restart: exit code 1" in hello


def test_the_census_is_a_table_for_people(at_node):
    shown = at_node("census", "--format", "table").stdout
    for word in ("redis.prod", "version 3", IDS["bob"][:8], "10.0.0.2", "suspect", "nobody"):
        assert word in shown


def test_elections_are_a_table_for_people(at_node, node):
    head, hello, redis = at_node("elections", "--format", "table").stdout.splitlines()
    columns = ["GROUP", "STATUS", "LEADER", "TERM", "LEASE", "ALIVE", "VOTERS", "NOTE"]
    assert head.split() == columns
    assert hello.split()[:5] == ["hello.test", "no-quorum", "-", "-", "-"]
    assert "1 of 3, needs 2" in hello
    assert redis.split()[:5] == ["redis.prod", "finished", "ada", "4", "2.4"]
    assert "ada bob cyd" in redis
    assert redis.endswith("ada was elected")
    assert node.asked == [("elections", {"timeout": 30.0})]


def test_the_leader_stands_out_among_the_voters():
    spans = {row.style: row for row in voters(election()).spans}
    shown = voters(election()).plain
    assert shown[spans["bold green"].start : spans["bold green"].end] == "ada"
    assert shown[spans["yellow"].start : spans["yellow"].end] == "bob"


def test_an_election_is_explained_to_people(at_node, utc):
    lines = at_node("explain", "election", "redis.prod", "--format", "table").stdout.splitlines()
    shown = dict(line.split("  ", 1) for line in lines[:5])
    assert shown["redis.prod"].strip() == "finished"
    assert "ada in term 4, since 22:10:50, for" in shown["leader"]
    assert shown["leader"].endswith("its lease lasts 2.4 s unless it is renewed")
    assert shown["votes"].strip() == "2 of 3 are alive, 2 are needed"
    assert shown["this node"].strip() == "leads, may vote; its service is up"
    _, ada, bob, cyd = lines[6:]
    assert ada.split() == ["ada", "alive", "yes", "0", "leads,", "this", "node"]
    assert bob.split() == ["bob", "suspect", "yes", "0"]
    assert cyd.endswith("no                  -            it serves in the group no more")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"serves": False, "votes": False}, "does not serve in the group, may not vote"),
        ({"role": "follower"}, "follows, may vote; its service is up"),
        (
            {"role": None, "state": "waiting", "blocked": "no leader"},
            "waits for a leader, may vote; its service is waiting (no leader)",
        ),
    ],
)
def test_an_explanation_tells_what_this_node_stands_for(changes, says):
    row = EXPLAINED | {"here": EXPLAINED["here"] | changes}
    assert says in drawn(explanation(row, NOW))


@pytest.mark.parametrize(
    ("term", "says"), [(0, "nobody yet"), (3, "nobody, the latest term is 3")]
)
def test_an_explanation_tells_that_nobody_leads_and_what_to_do(term, says):
    row = EXPLAINED | election(leader=None, term=term) | {"advice": "start bob again"}
    row["electorate"] = []
    shown = drawn(explanation(row, NOW))
    assert says in shown
    assert "start bob again" in shown


def drawn(renderable):
    console = Console(width=120, file=io.StringIO(), color_system=None)
    console.print(renderable)
    return console.file.getvalue()


def test_a_configuration_is_shown_ready_to_be_copied(at_node):
    shown = at_node("config", "show", "redis.prod", "--format", "table").stdout
    assert shown == "# redis.prod version 3, from member bbbbbbbb\nport = 2112\n"


def test_what_there_is_not_is_said_in_words(at_node, node):
    node.answers |= {"svc.status": [], "elections": [], "census": {"census_groups": {}}}
    assert (
        at_node("elections", "--format", "table").stdout == "no service group chooses a leader\n"
    )
    assert at_node("svc", "status", "--format", "table").stdout == "no service is loaded here\n"
    assert "no service groups" in at_node("census", "--format", "table").stdout


def test_tables_that_are_piped_have_no_colours_and_no_blanks_at_the_end(at_node):
    for words in (["members"], ["status"], ["census"], ["elections"], ["svc", "status"]):
        shown = at_node(*words, "--format", "table").stdout
        assert "\x1b" not in shown
        assert [line for line in shown.splitlines() if line != line.rstrip()] == []


def test_what_a_node_says_is_no_markup(at_node, node):
    node.answers["members"] = [MEMBERS[1] | {"why": "[bold]loud[/bold] [red"}]
    node.answers["svc.status"] = [service(blocked="[/] {{#if}}")]
    assert "[bold]loud[/bold] [red" in at_node("members", "--format", "table").stdout
    assert "[/] {{#if}}" in at_node("svc", "status", "--format", "table").stdout


def test_events_are_one_json_object_a_line(at_node, node):
    done = at_node("events", "--since", "60")
    assert [json.loads(line) for line in done.stdout.splitlines()] == EVENTS
    assert node.asked == [("events", {"since": 60.0})]


def test_events_are_sentences_for_people(at_node, utc):
    shown = at_node("events", "--format", "table").stdout.splitlines()
    assert shown == [
        "22:12:21 member cyd: alive",
        "22:12:22 service redis.prod: initializing → up (started as pid 4711)",
        "22:12:23 member bob: alive → suspect (no answer to a ping by ada in 1.0 s)",
    ]


def test_logs_are_printed_as_they_are(at_node, node):
    assert at_node("svc", "logs", "redis", "--lines", "2").stdout == "one\ntwo\n"
    assert node.asked == [("svc.logs", {"name": "redis", "lines": 2})]


def test_logs_are_followed(at_node, node):
    node.answers["svc.logs"] = [["one", "two"], ["three"]]
    assert at_node("svc", "logs", "redis", "-f").stdout == "one\ntwo\nthree\n"


def test_lines_of_a_log_are_json_strings_only_when_that_is_asked_for(at_node, node):
    node.answers["svc.logs"] = ['say "hé"']
    assert at_node("svc", "logs", "redis", "--format", "json").stdout == '"say \\"hé\\""\n'
    assert at_node("svc", "logs", "redis").stdout == 'say "hé"\n'


# What is asked


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["svc", "unload", "redis"], ("svc.unload", {"name": "redis"})),
        (["svc", "start", "redis"], ("svc.start", {"name": "redis"})),
        (["svc", "stop", "redis.prod"], ("svc.stop", {"name": "redis.prod"})),
        (["svc", "restart", "redis"], ("svc.restart", {"name": "redis"})),
        (
            ["leader", "step-down", "redis.prod"],
            ("leader.step-down", {"group": "redis.prod"}),
        ),
        (
            ["leader", "transfer", "redis.prod", "--to", "bob"],
            ("leader.transfer", {"group": "redis.prod", "to": "bob"}),
        ),
        (["actor", "restart", "census"], ("actor.restart", {"name": "census"})),
        (
            ["svc", "load", "redis"],
            ("svc.load", {"package": "redis", "group": "default", "topology": "standalone"}),
        ),
        (
            ["svc", "load", "core/redis", "--group", "prod", "--force", "--wait", "up"],
            (
                "svc.load",
                {
                    "package": "core/redis",
                    "group": "prod",
                    "topology": "standalone",
                    "force": True,
                    "wait": "up",
                },
            ),
        ),
    ],
)
def test_an_order_is_passed_on_and_its_outcome_told_in_a_sentence(at_node, node, words, asked):
    command, args = asked
    done = at_node(*words, "--timeout", "5")
    assert (done.exit_code, done.stdout) == (0, f"{command} is done\n")
    assert node.asked == [(command, args | {"timeout": 5.0})]
    told = json.loads(at_node(*words, "--format", "json").stdout)
    assert told == {"message": f"{command} is done"}


def test_a_package_folder_is_named_in_full(at_node, node, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plans" / "web").mkdir(parents=True)
    (tmp_path / "plans" / "web" / "package.toml").touch()
    for package in ("plans/web", "./plans/web", str(tmp_path / "plans/web")):
        at_node("svc", "load", package)
    at_node("svc", "load", "plans/other")
    packages = [args["package"] for _, args in node.asked]
    assert packages == [str(tmp_path / "plans" / "web")] * 3 + ["plans/other"]


def test_a_configuration_comes_from_a_file_or_from_standard_input(at_node, node, tmp_path):
    file = tmp_path / "redis.toml"
    file.write_text("port = 2112")
    at_node("config", "apply", "redis.prod", "3", file)
    at_node("config", "apply", "redis.prod", "auto", input="port = 2113")
    at_node("config", "apply", "redis.prod", "auto", "-", input="port = 2114")
    told = [(args["version"], args["body"]) for _, args in node.asked]
    assert told == [(3, "port = 2112"), ("auto", "port = 2113"), ("auto", "port = 2114")]


# How it goes wrong


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UserError("not-found", "no service x is loaded", "load it"), 1),
        (UserError("usage", "there is no command x", "look"), 2),
        (UserError("timed-out", "nobody answered", "wait"), 4),
    ],
)
def test_a_refusal_is_one_line_with_the_exit_code_of_the_contract(at_node, node, error, code):
    node.answers["svc.stop"] = error
    assert complaint(at_node("svc", "stop", "x"), code) == f"{error.message}: {error.hint}"
    told = json.loads(complaint(at_node("svc", "stop", "x", "--format", "json"), code))
    assert told == {"error": error.as_dict()}


@pytest.mark.parametrize("words", [[], ["svc"], ["config"], ["actor"], ["leader"]])
def test_a_group_without_a_command_shows_its_help_as_a_page_and_ends_with_code_2(habactors, words):
    done = habactors(*words)
    assert done.exit_code == 2
    lines = done.stderr.splitlines()
    assert lines[0].startswith(" ".join(["Usage: habactors", *words]))
    assert "Commands:" in lines


def test_no_node_is_said_with_exit_code_3(habactors, run_dir):
    line = complaint(habactors("members", "--run-dir", run_dir), 3)
    assert line.startswith(f"no node is running in {run_dir}: start one")
    told = json.loads(complaint(habactors("stop", "--run-dir", run_dir, "--format=json"), 3))
    assert told["error"]["code"] == "no-node"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["membres"], "there is no command membres: did you mean members?"),
        (["svc", "stat"], "did you mean"),
        (["leader", "transfer", "redis.prod"], "missing option '--to'"),
        (["svc", "stop"], "missing argument 'NAME': see habactors svc stop --help"),
        (["members", "--formt", "json"], "--formt"),
        (["members", "--format", "xml"], "'xml' is not one of"),
        (["members", "--timeout", "0"], "--timeout"),
        (["demo", "--nodes", "99"], "--nodes"),
        (["members", "--timeout", "soon"], "'soon' is not a number"),
        (["svc", "logs", "redis", "--lines", "all"], "'all' is not a whole number"),
        (["config", "apply", "a.b", "new"], "'new' is no version: give a whole number, or auto"),
        (["config", "apply", "a.b", "1", "/no/such/file"], "/no/such/file cannot be read"),
        (["members", "-c", "/no/such/file"], "there is no such file"),
    ],
)
def test_wrong_usage_is_one_line_with_exit_code_2(habactors, words, says):
    assert says in complaint(habactors(*words), 2)


def test_a_file_that_is_no_text_is_wrong_usage(at_node, tmp_path):
    file = tmp_path / "x.toml"
    file.write_bytes(b"port = \xff")
    assert "byte 7" in complaint(at_node("config", "apply", "a.b", "1", file), 2)


# Which node


def test_the_node_is_named_before_or_after_the_command_and_the_later_wins(habactors, node):
    assert habactors("--run-dir", node.run_dir, "members").exit_code == 0
    assert habactors("members", "--run-dir", node.run_dir).exit_code == 0
    assert habactors("--run-dir", "/nowhere", "members", "--run-dir", node.run_dir).exit_code == 0
    assert habactors("svc", "--run-dir", node.run_dir, "status").exit_code == 0


def test_the_node_is_named_by_its_configuration_or_the_environment(
    habactors, node, tmp_path, monkeypatch
):
    file = tmp_path / "node.toml"
    file.write_text(f'[node]\nname = "ada"\nrun_dir = "{node.run_dir}"\n')
    assert habactors("-c", file, "members").exit_code == 0
    assert habactors("members", env={"HABACTORS_RUN_DIR": str(node.run_dir)}).exit_code == 0
    elsewhere = {"HABACTORS_RUN_DIR": "/nowhere"}
    assert habactors("-c", file, "members", env=elsewhere).exit_code == 0
    assert habactors("members", "--run-dir", node.run_dir, env=elsewhere).exit_code == 0
    assert habactors("members", env=elsewhere).exit_code == 3


# Help


@pytest.mark.parametrize(
    ("words", "command"),
    COMMANDS,
    ids=lambda part: "-".join(part) if isinstance(part, tuple) else "",
)
def test_every_help_page_ends_with_an_example_of_that_command(words, command):
    page = CliRunner().invoke(main, [*words, "--help"])
    assert page.exit_code == 0, page.output
    *_, example = page.output.rstrip().split("Example:\n")
    assert f"habactors {' '.join(words)}".strip() in example
    assert max(map(len, page.output.splitlines())) <= 99
    for line in example.splitlines():
        assert_parses(line)


def assert_parses(line):
    """The example names a command that exists, with options that it has."""
    words = line.split("|")[-1 if line.strip().startswith("echo") else 0].split()
    assert words[0] == "habactors"
    command, context = main, click.Context(main)
    rest = words[1:]
    while rest and isinstance(command, click.Group):
        command = command.get_command(context, rest.pop(0))
        assert command, line
    options = {name for param in command.params for name in param.opts}
    assert {word for word in rest if word.startswith("-")} <= options, line


def test_every_command_is_listed_with_what_it_does():
    page = CliRunner().invoke(main, ["--help"]).output
    assert [name for name in HOMES if f"  {name} " not in page] == []


def test_the_shell_completes_commands_and_options():
    words = {
        "COMP_WORDS": "habactors mem",
        "COMP_CWORD": "1",
        "_HABACTORS_COMPLETE": "bash_complete",
    }
    done = CliRunner().invoke(main, [], env=words)
    assert done.output == "plain,members\n"
