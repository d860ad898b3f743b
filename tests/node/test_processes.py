"""Services as processes: started, proved, adopted, ended with all that they started."""

import ctypes
import fcntl
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from habactors.node import kin, proof
from habactors.node.processes import PIPE_BYTES, Processes
from habactors.protocol.errands import Spawn
from habactors.protocol.hands import JobEnded, JobStarted, SignalJob
from tests.hosts import until

PR_SET_CHILD_SUBREAPER = 36
FOREVER = "exec sleep 1000"


@pytest.fixture(autouse=True)
def subreaper():
    """As root does: orphans of services become our children."""
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    yield
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


class Root:
    """As much of root as processes need: it hears, watches descriptors and reaps."""

    def __init__(self, folder):
        self.folder = folder
        self.heard = []
        self.watched = {}
        self.processes = Processes(
            self.heard.append, time.time, self.watched.__setitem__, self.watched.__delitem__
        )

    def spawn(self, script, job="redis.prod/run", **changes):
        fields = {
            "argv": ("/bin/sh", "-c", script),
            "cwd": str(self.folder),
            "environment": {"PATH": os.environ["PATH"]},
            "fifo": str(self.folder / "fifo"),
            "pid_file": str(self.folder / "PID"),
            **changes,
        }
        return Spawn(job, **fields)

    def launch(self, script, **changes):
        """The pid of the job, once it is the service itself."""
        spawn = self.spawn(script, **changes)
        self.processes.launch(spawn)
        (started,) = self.take(JobStarted)
        until(lambda: Path(spawn.pid_file).read_text())
        return started.pid

    def signal(self, name, job="redis.prod/run", *, tree=False, pid_file=None):
        pid_file = pid_file or str(self.folder / "PID")
        self.processes.signal(SignalJob(job, pid_file, name, tree))

    def pump(self):
        """Take note of what has ended."""
        for descriptor, call in list(self.watched.items()):
            if select.select([descriptor], [], [], 0)[0]:
                call()
        while children := kin.own_children():
            options = os.WEXITED | os.WNOHANG | os.WNOWAIT
            ended = [pid for pid in children if os.waitid(os.P_PID, pid, options)]
            if not ended:
                return
            for pid in ended:
                self.processes.reap(pid)

    def take(self, kind):
        taken = [message for message in self.heard if isinstance(message, kind)]
        self.heard[:] = [message for message in self.heard if not isinstance(message, kind)]
        return taken

    def wait_for_end(self):
        until(lambda: self.pump() or any(isinstance(m, JobEnded) for m in self.heard))
        (ended,) = self.take(JobEnded)
        return ended

    def read(self, expected, seconds=5.0):
        """What comes out of the pipe, until it ends with what is expected."""
        reader = os.open(self.folder / "fifo", os.O_RDONLY | os.O_NONBLOCK)
        output = b""
        deadline = time.monotonic() + seconds
        while not output.endswith(expected):
            assert time.monotonic() < deadline, output
            if select.select([reader], [], [], 0.1)[0]:
                output += os.read(reader, 65_536)
        os.close(reader)
        return output

    def end(self):
        for pid in psutil.pids():
            descriptor = kin._kill(pid, f"{kin.MARK}={self.folder / 'PID'}".encode())
            if descriptor:
                os.close(descriptor)
        until(lambda: self.pump() or not (kin.own_children() or self.watched))
        self.processes.forget()


@pytest.fixture
def root(tmp_path):
    root = Root(tmp_path)
    yield root
    root.end()


def is_gone(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


# Starting


def test_a_job_runs_its_program_in_its_folder_with_its_environment(root):
    root.launch(
        'echo "$0 $PWD $COLOUR ${HOME-none}"; exec sleep 9',
        environment={"PATH": os.environ["PATH"], "COLOUR": "red"},
    )
    assert root.read(b"\n").decode() == f"/bin/sh {root.folder} red none\n"


def test_it_is_told_as_started_and_as_ended_with_its_code(root):
    root.processes.launch(root.spawn("exit 7"))
    (started,) = root.take(JobStarted)
    assert not started.adopted
    assert abs(started.started - time.time()) < 5.0
    assert root.wait_for_end() == JobEnded("redis.prod/run", started.pid, 7)


def test_the_end_by_a_signal_has_a_negative_code(root):
    root.launch("kill -9 $$")
    assert root.wait_for_end().code == -9


def test_however_fast_a_job_ends_its_start_is_heard_first(root):
    for number in range(50):
        pid_file = f"{root.folder}/{number}"
        root.processes.launch(root.spawn("exit 0", job=f"a.b/{number}", pid_file=pid_file))
        root.pump()
    until(lambda: root.pump() or len(root.heard) == 100)
    for number in range(50):
        kinds = [type(message) for message in root.heard if message.job == f"a.b/{number}"]
        assert kinds == [JobStarted, JobEnded]


def test_no_zombie_is_left(root):
    for number in range(20):
        pid_file = f"{root.folder}/{number}"
        root.processes.launch(root.spawn("exit 0", job=f"a.b/{number}", pid_file=pid_file))
    until(lambda: root.pump() or not kin.own_children())
    assert len(root.take(JobEnded)) == 20


def test_it_leads_a_session_and_a_group_of_its_own(root):
    pid = root.launch(FOREVER)
    assert os.getsid(pid) == os.getpgid(pid) == pid


def test_its_pid_file_holds_its_pid_and_nothing_else(root):
    pid = root.launch(FOREVER)
    assert (root.folder / "PID").read_text() == f"{pid}\n"
    until(lambda: psutil.Process(pid).name() == "sleep")


def test_the_pid_file_is_gone_when_the_process_is(root):
    root.launch("sleep 0.01")
    root.wait_for_end()
    assert sorted(path.name for path in root.folder.iterdir()) == ["fifo"]


def test_it_inherits_no_descriptor_of_ours_and_its_input_is_empty(root):
    held = os.open("/dev/zero", os.O_RDONLY)
    pid = root.launch(FOREVER)
    until(lambda: psutil.Process(pid).name() == "sleep")
    inherited = {path.name: str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()}
    fifo = str(root.folder / "fifo")
    assert inherited == {"0": "/dev/null", "1": fifo, "2": fifo}
    os.close(held)


def test_its_signals_are_as_ever_however_ours_are(root):
    former = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        pid = root.launch(FOREVER)
    finally:
        signal.signal(signal.SIGTERM, former)
    until(lambda: psutil.Process(pid).name() == "sleep")
    status = Path(f"/proc/{pid}/status").read_text()
    assert f"SigBlk:\t{'0' * 16}\nSigIgn:\t{'0' * 16}\n" in status


# What cannot be started


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"argv": ("/no/such/program",)}, "No such program, or not executable: /no/such/program"),
        ({"argv": ("no-such-program",)}, "No such program, or not executable: no-such-program"),
        ({"argv": ("/etc/passwd",)}, "No such program, or not executable: /etc/passwd"),
        ({"cwd": "/no/such/folder"}, "No such file or directory: /no/such/folder"),
        ({"fifo": "/no/such/folder/fifo"}, "No such file or directory: /no/such/folder/fifo"),
        ({"fifo": "/etc/passwd"}, "This is no pipe, remove it: /etc/passwd"),
        ({"pid_file": "/no/such/folder/PID"}, "No such file or directory: /no/such/folder/PID"),
        ({"user": "nobody-of-that-name"}, "nobody-of-that-name"),
        ({"group": "nobody-of-that-name"}, "nobody-of-that-name"),
        ({"environment": {"A": "\0"}}, "null byte"),
        ({"environment": {"A=B": "C"}}, "illegal environment variable name"),
        ({"argv": ("/bin/sh", "-c", "x" * 3_000_000)}, "Argument list too long"),
    ],
)
def test_what_cannot_be_started_is_told_with_the_reason(root, changes, reason):
    root.processes.launch(root.spawn("", **changes))
    (ended,) = root.heard
    assert (ended.job, ended.pid, ended.code) == ("redis.prod/run", 0, None)
    assert reason in ended.error
    assert not kin.own_children()


def test_what_could_not_be_started_can_be_started_later(root):
    program = root.folder / "run"
    root.processes.launch(root.spawn("", argv=(str(program),)))
    assert root.wait_for_end().error
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    root.processes.launch(root.spawn("", argv=(str(program),)))
    assert root.wait_for_end().code == 3


def test_a_service_of_another_user_is_that_user_entirely_or_is_refused(root):
    nobody = pwd.getpwnam("nobody")
    root.folder.chmod(0o755)
    for folder in root.folder.parents:
        if folder.owner() == root.folder.owner() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o111)
    script = "id -u; id -g; id -G; echo >/dev/stdout; sleep 9"
    root.processes.launch(root.spawn(script, user="nobody"))
    if os.geteuid() == 0:
        output = root.read(b"\n\n").split()
        assert output == [b"%d" % nobody.pw_uid, *[b"%d" % nobody.pw_gid] * 2]
        assert (root.folder / "PID").owner() == "nobody"
    else:
        assert "Only root can run a service as this user: nobody" in root.wait_for_end().error


# Output


def test_output_waits_in_the_pipe_until_it_is_read(root):
    root.launch("echo one; echo two >&2")
    root.wait_for_end()
    assert root.read(b"two\n") == b"one\ntwo\n"


def test_the_pipe_takes_much_before_it_makes_a_service_wait(root):
    root.launch(f"head -c {PIPE_BYTES - 4096} /dev/zero")
    assert root.wait_for_end().code == 0


def test_a_pipe_that_was_removed_is_made_anew(root):
    root.launch("echo one")
    root.wait_for_end()
    (root.folder / "fifo").unlink()
    root.launch("echo two")
    root.wait_for_end()
    assert root.read(b"two\n") == b"two\n"


# Signals


@pytest.mark.parametrize(("name", "code"), [("TERM", -15), ("INT", -2), ("SIGUSR1", -10)])
def test_the_signal_asked_for_is_sent(root, name, code):
    root.launch(FOREVER)
    root.signal(name)
    assert root.wait_for_end().code == code


def test_an_unknown_signal_becomes_a_term(root):
    root.launch(FOREVER)
    root.signal("NONSENSE")
    assert root.wait_for_end().code == -15


def test_the_whole_group_is_signalled(root):
    root.launch("trap 'wait; exit 3' TERM; sleep 1000 & echo $!; wait")
    helper = int(root.read(b"\n"))
    until(lambda: psutil.Process(helper).name() == "sleep")
    root.signal("TERM")
    assert root.wait_for_end().code == 3
    assert is_gone(helper)


def test_signalling_a_job_that_does_not_run_tells_its_end(root):
    root.signal("TERM")
    assert root.heard == [JobEnded("redis.prod/run", 0, None)]


# The end of everything that a job started

ESCAPES = {
    "in the group": "sleep 1000 & echo $!",
    "in a session of its own": "setsid sleep 1000 & echo $!",
    "after a double fork": "sh -c 'sleep 1000 & echo $!'",
    "after a double fork, in its own session": "setsid sh -c 'setsid sleep 1000 & echo $!'",
}


@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES)
def test_killing_the_tree_kills_whatever_has_tried_to_escape(root, escape):
    root.launch(f"trap '' TERM; {escape}; while :; do sleep 1000; done")
    escaped = int(root.read(b"\n"))
    root.signal("TERM")
    root.signal("KILL", tree=True)
    assert root.wait_for_end().code == -9
    until(lambda: root.pump() or is_gone(escaped))


@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES)
def test_what_a_job_leaves_behind_is_killed_when_it_ends_by_itself(root, escape):
    root.launch(f"{escape}; exit 5")
    escaped = int(root.read(b"\n"))
    assert root.wait_for_end().code == 5
    until(lambda: root.pump() or is_gone(escaped))


def test_what_has_hidden_its_mark_but_stayed_in_the_group_is_killed_too(root):
    root.launch("env -i sleep 1000 & echo $!; exit 5")
    hidden = int(root.read(b"\n"))
    root.wait_for_end()
    until(lambda: root.pump() or is_gone(hidden))


def test_killing_the_tree_kills_descendants_that_have_hidden_their_mark(root):
    root.launch("trap '' TERM; setsid env -i sleep 1000 & echo $!; while :; do sleep 1000; done")
    hidden = int(root.read(b"\n"))
    root.signal("KILL", tree=True)
    root.wait_for_end()
    until(lambda: root.pump() or is_gone(hidden))


def test_a_stopped_job_can_be_killed(root):
    pid = root.launch(FOREVER)
    os.kill(pid, signal.SIGSTOP)
    root.signal("KILL", tree=True)
    assert root.wait_for_end().code == -9


def test_other_jobs_and_strangers_are_left_alone(root):
    stranger = subprocess.Popen(["sleep", "1000"])
    other = root.launch(FOREVER, job="a.b/run", pid_file=f"{root.folder}/PID2")
    root.launch("trap '' TERM; setsid sleep 1000 & while :; do sleep 1000; done")
    root.signal("KILL", tree=True)
    assert root.wait_for_end().job == "redis.prod/run"
    assert not is_gone(other)
    assert not is_gone(stranger.pid)
    root.signal("KILL", job="a.b/run", tree=True, pid_file=f"{root.folder}/PID2")
    root.wait_for_end()
    stranger.kill()
    stranger.wait()


# Adoption


@pytest.fixture
def orphan(root):
    """The pid of a job whose root was killed."""

    def start(script):
        code = f"""
import os, signal, time
from pathlib import Path
from tests.node.test_processes import Root
root = Root(Path({str(root.folder)!r}))
root.launch({script!r})
os.kill(os.getpid(), signal.SIGKILL)
"""
        ended = subprocess.run([sys.executable, "-c", code], check=False)
        assert ended.returncode == -signal.SIGKILL
        return int(until((root.folder / "PID").read_text))

    return start


def test_a_job_whose_root_was_killed_runs_on_and_is_adopted(root, orphan):
    pid = orphan(FOREVER)
    root.processes.launch(root.spawn("echo never run"))
    (started,) = root.heard
    assert (started.pid, started.adopted) == (pid, True)
    assert abs(started.started - psutil.Process(pid).create_time()) < 0.1


def test_the_end_of_an_adopted_job_is_seen(root, orphan):
    pid = orphan(FOREVER)
    root.processes.launch(root.spawn(""))
    root.take(JobStarted)
    os.kill(pid, signal.SIGKILL)
    assert root.wait_for_end().pid == pid
    assert not (root.folder / "PID").exists()
    root.processes.launch(root.spawn("exit 0"))
    assert not root.take(JobStarted)[0].adopted
    root.wait_for_end()


def test_signalling_adopts_first(root, orphan):
    pid = orphan(FOREVER)
    root.signal("TERM")
    assert root.take(JobStarted)[0].adopted
    assert root.wait_for_end().pid == pid


@pytest.mark.parametrize("escape", ESCAPES.values(), ids=ESCAPES)
def test_the_tree_of_an_adopted_job_is_killed_too(root, orphan, escape):
    orphan(f"trap '' TERM; {escape} >{root.folder}/escaped; while :; do sleep 1000; done")
    until((root.folder / "escaped").read_text)
    escaped = int((root.folder / "escaped").read_text())
    root.signal("KILL", tree=True)
    root.wait_for_end()
    until(lambda: root.pump() or is_gone(escaped))


def test_a_service_without_its_root_goes_on_writing_and_a_later_reader_gets_it(root, orphan):
    pid = orphan("n=0; while :; do n=$((n+1)); echo line $n; sleep 0.01; done")
    written = psutil.Process(pid)
    root.processes.launch(root.spawn(""))
    assert root.take(JobStarted)[0].pid == pid
    until(lambda: b"line 20\n" in peek(root.folder / "fifo"))
    assert written.is_running()
    assert root.read(b"\n").startswith(b"line 1\nline 2\nline 3\n")


def peek(fifo):
    """How much waits in the pipe, as bytes that nobody has taken (tee(2) into another pipe)."""
    reader, writer = os.pipe()
    held = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    tee = ctypes.CDLL(None).tee
    waiting = tee(held, writer, 65_536, 2)
    found = os.read(reader, 65_536) if waiting > 0 else b""
    for descriptor in (reader, writer, held):
        os.close(descriptor)
    return found


@pytest.fixture
def stranger():
    process = subprocess.Popen(["sleep", "1000"])
    yield process
    process.kill()
    process.wait()


def proofs_of(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return pid, int(fields[19]), Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_the_proof_is_pid_start_and_boot(root, stranger):
    (root.folder / "PID.proof").write_text("{} {} {}\n".format(*proofs_of(stranger.pid)))
    root.processes.launch(root.spawn(""))
    assert root.take(JobStarted)[0].adopted


@pytest.mark.parametrize(
    "lie",
    [
        lambda pid, ticks, boot: f"{pid} {ticks + 1} {boot}\n",
        lambda pid, ticks, boot: f"{pid} {ticks} {boot[::-1]}\n",
        lambda pid, ticks, boot: f"{os.getpid()} {ticks} {boot}\n",
        lambda pid, ticks, boot: f"4194303 {ticks} {boot}\n",
        lambda pid, ticks, boot: f"-1 {ticks} {boot}\n",
        lambda pid, ticks, boot: f"{pid}\n",
        lambda pid, ticks, boot: "",
        lambda pid, ticks, boot: "a b c\n",
        lambda pid, ticks, boot: "\0" * 100,
    ],
    ids=["start", "boot", "pid", "no process", "negative", "short", "empty", "words", "zeros"],
)
def test_a_stranger_with_the_same_pid_is_never_adopted(root, stranger, lie):
    (root.folder / "PID.proof").write_text(lie(*proofs_of(stranger.pid)))
    assert proof.find(str(root.folder / "PID")) is None
    root.processes.launch(root.spawn("exit 0"))
    assert not root.take(JobStarted)[0].adopted
    root.wait_for_end()
    assert not is_gone(stranger.pid)


def test_a_zombie_is_not_adopted(root):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    (root.folder / "PID.proof").write_text("{} {} {}\n".format(*proofs_of(pid)))
    assert proof.find(str(root.folder / "PID")) is None
    os.waitpid(pid, 0)


def test_a_service_that_writes_its_pid_file_itself_is_adopted_all_the_same(root, orphan):
    pid = orphan(f"echo 1 >{root.folder}/mine; echo $$ >{root.folder}/PID; {FOREVER}")
    until(lambda: psutil.Process(pid).name() == "sleep")
    root.processes.launch(root.spawn(""))
    assert root.take(JobStarted)[0].pid == pid


# Bookkeeping


def test_starting_and_ending_leaves_no_descriptor_open(root, orphan):
    def count():
        return len(list(Path("/proc/self/fd").iterdir()))

    def live():
        root.launch("echo x")
        root.wait_for_end()
        root.processes.launch(root.spawn("", argv=("/no/such/program",)))
        root.wait_for_end()

    live()
    before = count()
    for _ in range(10):
        live()
    orphan(FOREVER)
    root.signal("KILL", tree=True)
    root.wait_for_end()
    assert count() == before


def test_a_forked_actor_lets_go_of_what_is_roots(root, orphan):
    before = len(list(Path("/proc/self/fd").iterdir()))
    orphan(FOREVER)
    root.processes.launch(root.spawn(""))
    assert len(list(Path("/proc/self/fd").iterdir())) == before + 2
    pid = os.fork()
    if pid == 0:
        root.processes.forget()
        os._exit(len(list(Path("/proc/self/fd").iterdir())) - before)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_the_pipe_of_an_account_that_may_not_have_large_ones_serves_too(root, monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    root.launch("echo one")
    assert root.read(b"one\n")
    root.wait_for_end()


def test_nothing_of_a_service_is_needed_to_end_it(root):
    """Its folder may be gone, pid file and all."""
    root.launch(FOREVER)
    shutil.rmtree(root.folder)
    root.signal("TERM")
    assert root.wait_for_end().code == -15
