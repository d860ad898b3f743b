"""Root on a stage: restarts and their pauses, the stop of a node, jobs. Its hands are played."""

import pytest

from habactors.config import RootConfig
from habactors.protocol.commands import Answered
from habactors.protocol.errands import (
    CallRoll,
    Ended,
    Expelled,
    Halt,
    RestartActor,
    Roster,
    Running,
    ServicesStopped,
    Spawn,
    StopNode,
    StopServices,
)
from habactors.protocol.events import Event
from habactors.protocol.hands import (
    ActorEnded,
    EndActor,
    Finish,
    Fork,
    Forked,
    JobEnded,
    JobStarted,
    Launch,
    SignalJob,
)
from habactors.protocol.news import Leave, Left
from habactors.roles.jobs import KILL_REPEAT_SECONDS
from habactors.roles.root import (
    END_SECONDS,
    EXPELLED,
    LEAVE_SECONDS_MAX,
    PAUSE_SECONDS_MAX,
    Root,
)
from tests.roles.stage import ADA, NOW, Stage

ACTORS = ("wire", "disseminator", "services", "control")
SETTINGS = RootConfig(intensity=3, period_seconds=30.0)
KILLED = "killed by SIGKILL"
FAILED = "exit code 70"

REDIS = Spawn("redis.prod/run", ("/svc/hooks/run",), "/svc", {}, "/svc/fifo", "/svc/PID")
HALT = Halt("redis.prod/run", "/svc/PID", "TERM", 8.0)


class Supervision(Stage):
    """The root role; whatever it has forked runs at once, under the next pid."""

    def __init__(self, settings=SETTINGS):
        super().__init__(Root(ADA, settings, ACTORS, 1))
        self.pids = {}
        self.forked = []
        self.start()
        self.born = list(self.forked)
        self.drop()

    def hear(self, *messages):
        super().hear(*messages)
        for fork in self.take_all(Fork):
            self.forked.append(fork.actor)
            self.pids[fork.actor] = 100 + len(self.forked)
            super().hear(Forked(fork.actor, self.pids[fork.actor]))
        return self

    def die(self, actor, cause=KILLED):
        """Whether the actor was started again at once."""
        forks = len(self.forked)
        self.hear(ActorEnded(actor, self.pids[actor], cause))
        return self.forked[forks:] == [actor]

    def die_often(self, actor, count, cause=KILLED):
        for _ in range(count):
            self.wait(2.0)
            assert self.die(actor, cause)

    def pause_after_death(self, actor, cause=KILLED):
        """How long the actor stayed down."""
        if self.die(actor, cause):
            return 0.0
        died = self.now
        forks = len(self.forked)
        while len(self.forked) == forks:
            self.wake()
        return self.now - died

    def row(self, actor):
        """The actor in the latest roster."""
        self.hear(CallRoll())
        roster = self.take_all(Roster)[-1]
        return next(row for row in roster.actors if row.name == actor)


@pytest.fixture
def root():
    return Supervision()


def test_actors_are_started_in_their_order(root):
    assert root.born == list(ACTORS)


def test_the_roster_names_root_and_all_actors_in_their_order(root):
    roster = root.hear(CallRoll()).take(Roster)
    assert [row.name for row in roster.actors] == ["root", *ACTORS]
    assert {row.state for row in roster.actors} == {"running"}
    assert [row.pid for row in roster.actors] == [1, 101, 102, 103, 104]
    assert roster.started == NOW


# Restarts


def test_an_actor_that_dies_is_started_again_at_once(root):
    root.wait(5.0)
    assert root.die("wire")
    assert root.row("wire").pid == root.pids["wire"]
    assert root.row("wire").restarts == 1
    assert root.row("wire").since == root.now


def test_nobody_else_is_restarted_with_it(root):
    root.wait(5.0).die("wire")
    assert root.forked[len(ACTORS) :] == ["wire"]


def test_the_death_of_an_actor_is_an_event_with_its_cause(root):
    root.wait(5.0).die("wire")
    death, birth = root.take_all(Event)
    assert (death.kind, death.subject, death.after, death.why) == (
        "actor",
        "wire",
        "restarting",
        KILLED,
    )
    assert (birth.before, birth.after, birth.why) == ("restarting", "running", KILLED)


def test_restarts_within_the_intensity_take_no_pause(root):
    root.die_often("wire", 3)


def test_beyond_the_intensity_pauses_double_up_to_a_limit(root):
    root.die_often("wire", 3)
    pauses = [root.pause_after_death("wire") for _ in range(8)]
    assert pauses == pytest.approx([1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0])
    assert max(pauses) <= PAUSE_SECONDS_MAX


def test_during_a_pause_the_roster_says_so(root):
    root.die_often("wire", 3)
    root.drop()
    assert not root.die("wire")
    assert root.take(Roster).actors[1].state == "backoff"
    assert root.row("wire").pid == 0


def test_deaths_spread_over_more_than_a_period_take_no_pause(root):
    for _ in range(20):
        root.wait(11.0)
        assert root.die("wire")


def test_after_a_quiet_period_restarts_take_no_pause_again(root):
    root.die_often("wire", 3)
    assert [root.pause_after_death("wire") for _ in range(3)] == pytest.approx([1.0, 2.0, 4.0])
    root.wait(SETTINGS.period_seconds)
    root.die_often("wire", 3)
    assert root.pause_after_death("wire") == pytest.approx(1.0)


def test_deaths_of_one_actor_do_not_count_for_another(root):
    root.die_often("wire", 3)
    root.die_often("control", 3)


def test_the_roster_is_told_after_every_change(root):
    root.wait(5.0).drop()
    root.die("wire")
    assert root.take(Roster).actors[1].pid == root.pids["wire"]


# Actors that cannot start


def test_an_actor_that_fails_at_its_start_takes_growing_pauses(root):
    pauses = [root.pause_after_death("wire", FAILED) for _ in range(3)]
    assert pauses == pytest.approx([0.1, 0.2, 0.4])


def test_an_actor_that_never_comes_to_live_ends_the_node_with_an_error(root):
    root.hear(REDIS, JobStarted(REDIS.job, 4711, NOW, adopted=False))
    for _ in range(SETTINGS.intensity):
        root.pause_after_death("wire", FAILED)
    root.drop()
    root.die("wire", FAILED)
    finish = root.take(Finish)
    assert finish.code == 1
    assert "wire cannot start (exit code 70)" in finish.message
    root.take_all(Event)
    root.expect_nothing()  # its services go on


def test_after_that_nothing_is_started_any_more(root):
    for _ in range(SETTINGS.intensity):
        root.pause_after_death("wire", FAILED)
    root.die("wire", FAILED)
    assert not root.die("control")
    forks = len(root.forked)
    root.wait(60.0)
    assert len(root.forked) == forks


def test_a_life_of_a_second_proves_that_the_actor_can_start(root):
    for _ in range(20):
        root.pause_after_death("wire", FAILED)
        root.wait(1.5)
    assert root.take_all(Finish) == []


def test_whoever_is_killed_again_and_again_at_its_start_does_not_end_the_node(root):
    pauses = [root.pause_after_death("wire", KILLED) for _ in range(20)]
    assert root.take_all(Finish) == []
    assert max(pauses) == pytest.approx(PAUSE_SECONDS_MAX)


def test_an_actor_that_cannot_be_forked_counts_as_one_that_cannot_start():
    stage = Stage(Root(ADA, SETTINGS, ACTORS, 1)).start()
    for _ in range(SETTINGS.intensity):
        stage.take_all(Fork)
        stage.hear(ActorEnded("wire", 0, "OSError: no more processes"))
        stage.wake()
        assert stage.take(Fork).actor == "wire"
    stage.hear(ActorEnded("wire", 0, "OSError: no more processes"))
    assert "no more processes" in stage.take(Finish).message


# An operator's restart


def test_an_operator_restarts_an_actor(root):
    root.hear(RestartActor(7, "wire"))
    assert root.take(EndActor) == EndActor("wire", kill=False)
    assert root.take(Answered).code == ""
    assert root.die("wire", "exit code 0")
    assert root.row("wire").restarts == 1


def test_control_is_answered_before_it_is_ended(root):
    root.hear(RestartActor(7, "control"))
    assert [type(message) for message in root.said] == [Answered, EndActor]


def test_an_operators_restarts_do_not_count_against_the_intensity(root):
    for _ in range(10):
        root.hear(RestartActor(7, "wire"))
        assert root.die("wire", "exit code 0")
    root.die_often("wire", 3)


def test_an_actor_that_does_not_end_when_asked_is_killed(root):
    root.hear(RestartActor(7, "wire")).drop()
    root.wait(END_SECONDS - 0.1)
    root.expect_nothing()
    root.wait(0.1)
    assert root.take(EndActor) == EndActor("wire", kill=True)
    assert root.die("wire")
    root.drop().wait(60.0)
    root.expect_nothing()


def test_asking_again_does_not_put_the_kill_off(root):
    root.hear(RestartActor(7, "wire")).wait(END_SECONDS - 0.1)
    root.hear(RestartActor(8, "wire")).drop()
    assert root.wait(0.1).take(EndActor) == EndActor("wire", kill=True)


def test_an_operators_restart_ends_a_pause(root):
    root.die_often("wire", 3)
    assert not root.die("wire")
    root.hear(RestartActor(7, "wire"))
    assert root.row("wire").state == "running"
    forks = len(root.forked)
    root.wait(60.0)
    assert len(root.forked) == forks


def test_the_restart_of_an_unknown_actor_is_refused_with_the_names_there_are(root):
    answer = root.hear(RestartActor(7, "wires")).take(Answered)
    assert (answer.request, answer.code) == (7, "not-found")
    assert "wire, disseminator, services, control" in answer.hint
    root.expect_nothing()


def test_a_node_that_stops_restarts_nothing_on_demand(root):
    root.hear(StopNode(0)).drop()
    assert root.hear(RestartActor(7, "wire")).take(Answered).code == "conflict"
    root.expect_nothing()


# The stop of a node


def ended_in_order(root):
    """Let each actor end when it is asked to; their order."""
    order = []
    while ends := root.take_all(EndActor):
        assert len(ends) == 1
        order.append(ends[0].actor)
        root.hear(ActorEnded(ends[0].actor, root.pids[ends[0].actor], "exit code 0"))
    return order


def test_a_node_stops_its_services_leaves_the_ring_ends_its_actors_and_finishes(root):
    root.hear(StopNode(7))
    assert root.take(Answered).request == 7
    assert root.take(StopServices)
    assert root.take_all(Leave) == []
    root.wait(0.5).hear(ServicesStopped())
    assert root.take(Leave)
    assert root.take_all(EndActor) == []
    root.wait(LEAVE_SECONDS_MAX)
    assert ended_in_order(root) == list(reversed(ACTORS))
    assert root.take(Finish) == Finish(0)


def test_a_signal_stops_the_node_and_there_is_nobody_to_answer(root):
    root.hear(StopNode(0))
    assert root.take_all(Answered) == []
    assert root.take(StopServices)


def test_a_second_stop_is_answered_and_changes_nothing(root):
    root.hear(StopNode(7)).hear(ServicesStopped()).drop()
    root.hear(StopNode(8))
    assert root.take(Answered).request == 8
    root.expect_nothing()


def test_services_are_reminded_until_they_say_that_they_have_stopped(root):
    root.hear(StopNode(0))
    root.wait(3.5)
    assert len(root.take_all(StopServices)) == 4
    root.hear(ServicesStopped()).take_all(StopServices)
    root.wait(LEAVE_SECONDS_MAX)
    assert root.take_all(StopServices) == []


def test_a_services_actor_that_dies_over_it_is_started_again_and_told_at_once(root):
    root.wait(5.0).hear(StopNode(0)).drop()
    assert root.die("services")
    assert root.take(StopServices)


def test_a_pause_of_the_services_actor_ends_when_the_node_stops(root):
    root.die_often("services", 3)
    assert not root.die("services")
    root.hear(StopNode(0))
    assert root.row("services").state == "running"


def test_a_disseminator_that_dies_over_the_leaving_says_it_all_the_same(root):
    root.wait(5.0).hear(StopNode(0)).hear(ServicesStopped()).drop()
    assert root.die("disseminator")
    assert root.take(Leave)


def test_all_actors_may_die_with_the_signal_that_stops_the_node(root):
    root.wait(5.0).hear(StopNode(0))
    for actor in ACTORS:
        assert root.die(actor, "killed by SIGTERM")
    root.hear(ServicesStopped()).wait(LEAVE_SECONDS_MAX)
    assert ended_in_order(root) == list(reversed(ACTORS))
    assert root.take(Finish).code == 0


def test_an_actor_that_does_not_end_with_the_node_is_killed_and_the_rest_follows(root):
    root.hear(StopNode(0)).hear(ServicesStopped()).wait(LEAVE_SECONDS_MAX)
    assert root.take(EndActor) == EndActor("control", kill=False)
    root.wait(END_SECONDS)
    assert root.take(EndActor) == EndActor("control", kill=True)
    root.hear(ActorEnded("control", root.pids["control"], KILLED))
    assert ended_in_order(root) == list(reversed(ACTORS[:-1]))
    assert root.take(Finish).code == 0


def test_an_actor_that_dies_while_the_others_end_stays_down(root):
    root.hear(StopNode(0)).hear(ServicesStopped()).wait(LEAVE_SECONDS_MAX)
    assert not root.die("wire")
    assert ended_in_order(root) == ["control", "services", "disseminator"]
    assert root.take(Finish).code == 0


def test_an_actor_in_its_pause_is_not_started_into_a_node_that_ends(root):
    root.hear(StopNode(0)).hear(ServicesStopped())
    root.wait(LEAVE_SECONDS_MAX - 0.05)
    assert not root.die("wire", FAILED)
    assert root.row("wire").state == "backoff"
    root.wait(0.05)
    assert ended_in_order(root) == ["control", "services", "disseminator"]
    assert root.take(Finish).code == 0


def test_while_the_actors_end_the_roster_says_stopping(root):
    root.hear(StopNode(0)).hear(ServicesStopped()).drop().wait(LEAVE_SECONDS_MAX)
    assert root.take(Roster).actors[-1].state == "stopping"


def test_a_node_ends_as_soon_as_the_ring_has_noted_that_it_leaves(root):
    root.hear(StopNode(0)).hear(ServicesStopped()).drop()
    root.wait(0.01).hear(Left())
    assert ended_in_order(root) == list(reversed(ACTORS))
    assert root.take(Finish) == Finish(0)
    root.drop().wait(2 * LEAVE_SECONDS_MAX)
    root.expect_nothing()


def test_a_node_that_nobody_takes_note_of_waits_only_so_long(root):
    root.hear(StopNode(0)).hear(ServicesStopped()).drop()
    root.wait(LEAVE_SECONDS_MAX - 0.01)
    assert root.take_all(EndActor) == []
    root.wait(0.02)
    assert root.take(EndActor).actor == ACTORS[-1]


@pytest.mark.parametrize(
    "before", [(), (StopNode(0),), (StopNode(0), ServicesStopped(), Left())], ids=len
)
def test_a_leave_that_is_said_at_another_time_changes_nothing(root, before):
    root.hear(*before).drop()
    root.hear(Left())
    root.expect_nothing()


# Expelled


def test_a_node_that_was_told_to_depart_stops_in_order_with_a_code_of_its_own(root):
    why = "an operator told it to depart, on bob"
    root.hear(Expelled(why))
    assert root.take_all(Answered) == []
    assert root.take(StopServices)
    assert root.take(Event).after == "stopping"
    root.hear(ServicesStopped()).take(Leave)
    root.hear(Left())
    assert ended_in_order(root) == list(reversed(ACTORS))
    assert root.take(Finish) == Finish(EXPELLED, why)
    assert EXPELLED == 5


def test_who_is_expelled_again_while_it_stops_stops_once(root):
    root.hear(Expelled("why"), Expelled("why"))
    assert len(root.take_all(StopServices)) == 1
    root.hear(ServicesStopped(), Expelled("why"), Left())
    assert len(root.take_all(Leave)) == 1
    ended_in_order(root)
    assert root.take(Finish).code == EXPELLED


def test_who_is_expelled_while_it_stops_anyway_may_not_start_again(root):
    root.hear(StopNode(0), ServicesStopped(), Expelled("why"), Left())
    ended_in_order(root)
    assert root.take(Finish) == Finish(EXPELLED, "why")


def test_an_operator_who_stops_an_expelled_node_is_answered(root):
    root.hear(Expelled("why")).drop()
    assert root.hear(StopNode(7)).take(Answered).request == 7
    root.expect_nothing()


def test_an_expelled_node_ends_though_its_disseminator_dies_over_it(root):
    root.wait(5.0).hear(Expelled("why")).hear(ServicesStopped()).drop()
    assert root.die("disseminator")
    assert root.take(Leave)
    root.hear(Expelled("why")).wait(LEAVE_SECONDS_MAX)
    ended_in_order(root)
    assert root.take(Finish).code == EXPELLED


# Jobs


@pytest.fixture
def job(root):
    """A root that runs redis."""
    root.hear(REDIS)
    root.hear(JobStarted(REDIS.job, 4711, root.now, adopted=False))
    return root.drop()


def test_a_job_is_launched_and_told_as_running(root):
    root.hear(REDIS)
    assert root.take(Launch).spawn == REDIS
    root.hear(JobStarted(REDIS.job, 4711, root.now, adopted=True))
    assert root.take(Running) == Running(REDIS.job, 4711, root.now, adopted=True)


def test_whoever_asks_again_hears_what_runs_and_nothing_is_launched(job):
    started = job.now
    job.wait(5.0).hear(REDIS)
    assert job.take(Running) == Running(REDIS.job, 4711, started, adopted=False)
    job.expect_nothing()


def test_asking_twice_before_it_runs_launches_once(root):
    root.hear(REDIS, REDIS)
    assert len(root.take_all(Launch)) == 1
    root.expect_nothing()


def test_the_end_of_a_job_is_told_with_its_code(job):
    job.hear(JobEnded(REDIS.job, 4711, -9))
    assert job.take(Ended) == Ended(REDIS.job, 4711, -9)
    assert job.hear(REDIS).take(Launch)


def test_a_job_that_cannot_start_is_told_with_the_reason(root):
    root.hear(REDIS).drop()
    root.hear(JobEnded(REDIS.job, 0, None, "No such file or directory: /svc"))
    assert root.take(Ended).error == "No such file or directory: /svc"


def test_halting_signals_the_group_once(job):
    job.hear(HALT)
    assert job.take(SignalJob) == SignalJob(REDIS.job, "/svc/PID", "TERM", tree=False)
    job.wait(1.0).hear(HALT)
    job.expect_nothing()


def test_after_the_time_limit_the_tree_is_killed_until_it_is_gone(job):
    job.hear(HALT).drop()
    job.wait(8.0)
    kill = SignalJob(REDIS.job, "/svc/PID", "KILL", tree=True)
    assert job.take(SignalJob) == kill
    job.wait(2 * KILL_REPEAT_SECONDS)
    assert job.take_all(SignalJob) == [kill, kill]
    job.hear(JobEnded(REDIS.job, 4711, -9)).drop()
    job.wait(60.0)
    job.expect_nothing()


def test_asking_again_does_not_put_the_time_limit_off(job):
    job.hear(HALT).wait(7.9).hear(HALT).drop()
    assert job.wait(0.1).take(SignalJob).signal == "KILL"


def test_a_job_that_ends_in_time_is_not_killed(job):
    job.hear(HALT).hear(JobEnded(REDIS.job, 4711, 0)).drop()
    job.wait(60.0)
    job.expect_nothing()


def test_halting_an_unknown_job_looks_for_its_process_and_tells_the_end(root):
    root.hear(HALT)
    assert root.take(SignalJob).pid_file == "/svc/PID"
    root.hear(JobEnded(REDIS.job, 0, None))
    assert root.take(Ended) == Ended(REDIS.job, 0, None)


def test_a_process_that_an_earlier_root_started_is_halted_with_its_time_limit(root):
    root.hear(HALT).drop()
    root.hear(JobStarted(REDIS.job, 4711, NOW - 100, adopted=True))
    root.drop().wait(8.0)
    assert root.take(SignalJob).tree
    root.hear(JobEnded(REDIS.job, 4711, None))
    assert root.take(Ended).pid == 4711


def test_a_job_that_is_being_halted_is_not_said_to_run(job):
    job.hear(HALT).drop()
    job.hear(REDIS)
    job.expect_nothing()
    job.hear(JobEnded(REDIS.job, 4711, 0)).take(Ended)
    assert job.hear(REDIS).take(Launch)


def test_jobs_do_not_disturb_each_other(job):
    hook = Spawn("redis.prod/health-check", ("/x",), "/svc", {}, "/svc/fifo", "/svc/hook.PID")
    job.hear(hook).drop()
    job.hear(JobStarted(hook.job, 5, job.now, adopted=False), JobEnded(hook.job, 5, 0)).drop()
    assert job.hear(REDIS).take(Running).pid == 4711


def test_a_lost_answer_is_had_by_asking_again(job):
    """The services actor died before it heard `Running`, or `Ended`."""
    assert job.hear(REDIS).take(Running)
    job.hear(JobEnded(REDIS.job, 4711, 0)).drop()
    job.hear(HALT).take(SignalJob)
    job.hear(JobEnded(REDIS.job, 0, None))
    assert job.take(Ended)


def test_hooks_that_still_run_when_the_actors_end_are_killed(job):
    job.hear(StopNode(0)).hear(ServicesStopped()).drop()
    job.wait(LEAVE_SECONDS_MAX)
    assert job.take(SignalJob) == SignalJob(REDIS.job, "/svc/PID", "KILL", tree=True)
