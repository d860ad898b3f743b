"""Makes the environment that a checkout runs in: install.py ENVIRONMENT STAMP [EXTRA].

Only the standard library, because nothing else is there yet. Two first starts at once wait for
each other; one that was killed half-way is begun again. The package is not copied: a .pth file
leads to the checkout, relative to it where that is possible, so that it may be moved.
"""

import configparser
import fcntl
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
UNREACHABLE = re.compile("name resolution|new connection|timed out|unreachable", re.IGNORECASE)


def main(environment: Path, stamp: str, extra: str) -> None:
    """Make or complete the environment, unless somebody else just did."""
    if sys.version_info < OLDEST:
        sys.exit(f"habactors: {sys.executable} is too old: set HABACTORS_PYTHON to 3.11 or newer")
    environment.parent.mkdir(parents=True, exist_ok=True)
    with environment.with_name(environment.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = (ROOT / "setup.cfg").read_bytes()
        done = environment / stamp
        if done.is_file() and done.read_bytes() == wanted and _runs(environment):
            return
        print(f"habactors: setting up {environment} (once, under a minute)", file=sys.stderr)
        log = environment.with_name(environment.name + ".log")
        if not any(environment.glob("installed*.cfg")) or not _runs(environment):
            _create(environment, log)
        _install(environment, log, extra)
        _link(environment)
        done.write_bytes(wanted)


def _runs(environment: Path) -> bool:
    return os.access(environment / "bin" / "python", os.X_OK)


def _create(environment: Path, log: Path) -> None:
    if environment.exists():
        shutil.rmtree(environment)
    if _run(log, "wb", sys.executable, "-m", "venv", environment):
        return
    shutil.rmtree(environment, ignore_errors=True)
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    sys.exit(
        f"habactors: {sys.executable} cannot make virtual environments: run apt-get install"
        f" {package} as root, or set HABACTORS_PYTHON to another Python (log: {log})"
    )


def _install(environment: Path, log: Path, extra: str) -> None:
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(ROOT / "setup.cfg")
    wanted = setup["options"]["install_requires"]
    if extra:
        wanted += setup["options.extras_require"][extra]
    requirements = [line for line in wanted.splitlines() if line]
    pip = (environment / "bin" / "python", "-Im", "pip", "--disable-pip-version-check")
    if _run(log, "ab", *pip, "install", "--no-input", *requirements):
        return
    text = log.read_text(errors="replace")
    if UNREACHABLE.search(text):
        wrong = "the Python package index cannot be reached: go online and start again"
    else:
        errors = [line for line in text.splitlines() if line.startswith("ERROR: ")]
        reason = errors[-1].removeprefix("ERROR: ") if errors else "pip gave no reason"
        wrong = f"pip failed ({reason}): put that right and start again"
    sys.exit(f"habactors: {wrong} (log: {log})")


def _link(environment: Path) -> None:
    """Lets the environment import the package from the checkout."""
    folder = Path(sysconfig.get_path("purelib", "venv", {"base": str(environment)}))
    target = os.path.relpath(ROOT, folder) if environment.is_relative_to(ROOT) else str(ROOT)
    (folder / "habactors.pth").write_text(target + "\n")


def _run(log: Path, mode: str, *command: str | Path) -> bool:
    with log.open(mode) as output:
        settings = {name: value for name, value in os.environ.items() if name != "PIP_USER"}
        return not subprocess.call(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=settings
        )


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        sys.exit(f"habactors: cannot set up {sys.argv[1]} ({error}): put that right, start again")
