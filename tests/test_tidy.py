"""Does the code keep the rules of its architecture? Read from its syntax trees, nothing is run."""

import ast
import os
import statistics
from configparser import ConfigParser
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "habactors"
MODULES = sorted(PACKAGE.rglob("*.py"))

TOP = {"setup.cfg", "pyproject.toml", "README.md", "LICENSE", "habactors", "bin", "tests", "conf"}
BUILT = {"build", "dist", "habactors.egg-info"}

MAY_IMPORT = {
    "errors": set(),
    "config": {"errors"},
    "protocol": set(),
    "roles": {"errors", "config", "protocol"},
    "template": set(),
    "node": {"errors", "config", "protocol", "roles", "template"},
    "simulator": {"errors", "config", "protocol", "roles", "template"},
    "client": {"errors"},
    "console": {
        *("errors", "config", "protocol", "roles", "template"),
        *("node", "simulator", "client"),
    },
}
"""What each part of the package may import besides itself. One direction: no part is reached by
one that it reaches."""

PURE = {"protocol", "roles", "template"}
IMPURE_MODULES = {
    *("asyncio", "ctypes", "fcntl", "logging", "multiprocessing", "os", "pykka"),
    *("secrets", "select", "selectors", "shutil", "signal", "socket", "sqlite3", "ssl"),
    *("subprocess", "sys", "tempfile", "threading", "time", "uuid", "zmq"),
}
IMPURE_CALLS = {"open", "print", "input", "exec", "eval", "hash", "id", "__import__"}
CLOCKS = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today")

FILE_LINES_MAX = 450
FILE_LINES_MEDIAN_MAX = 150
FUNCTION_LINES_MAX = 50

VAGUE_FILES = {"util", "utils", "common", "misc", "manager", "data", "info"}
VAGUE_NAMES = ("handle_", "process_", "do_")

ORDERLESS = {"sorted", "set", "frozenset", "any", "all", "sum", "min", "max", "len"}
"""Calls whose outcome does not depend on the order of what they are given."""

ORDERED = {"list", "tuple", "iter", "enumerate", "zip", "map", "filter", "deque", "reversed"}


@cache
def tree_of(path):
    return ast.parse(path.read_text())


def part_of(path):
    """The folder of the package, or the module on its top level, that the file belongs to."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def pure_modules():
    return [path for path in MODULES if part_of(path) in PURE]


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def place(path, node):
    return f"{path.relative_to(ROOT)}:{node.lineno}"


def imports(tree):
    """All imported names with their line: `from a import b` may mean the module a or a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def outside_functions(tree):
    """The nodes of a module that are in none of its functions."""
    inside = {id(node) for function in functions(tree) for node in ast.walk(function)}
    return [node for node in ast.walk(tree) if id(node) not in inside]


def functions(tree):
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


# Folders


def test_the_top_level_is_the_one_that_was_designed():
    there = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert there - BUILT - TOP == set()


def test_the_package_has_the_parts_that_were_designed():
    parts = {part_of(path) for path in MODULES}
    assert parts - MAY_IMPORT.keys() - {"__init__", "__main__"} == set()


def test_imports_go_in_one_direction():
    wrong = []
    for path in MODULES:
        part = part_of(path)
        if part in {"__init__", "__main__"}:
            continue
        for node, name in imports(tree_of(path)):
            first, _, rest = name.partition(".")
            other = rest.partition(".")[0]
            if first == "habactors" and other not in MAY_IMPORT[part] | {part, "__version__"}:
                wrong.append(f"{place(path, node)}: {part} imports {name}")
    assert wrong == []


def test_the_direction_of_imports_is_one():
    for part, others in MAY_IMPORT.items():
        for other in others:
            assert part not in MAY_IMPORT[other], f"{part} and {other} import each other"
            assert MAY_IMPORT[other] <= others, f"{part} may not import all that {other} does"


def test_every_module_is_used():
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    used = {"habactors", "habactors.__main__"}
    scripts = setup["options.entry_points"]["console_scripts"].split("\n")
    used |= {line.partition("=")[2].partition(":")[0].strip() for line in scripts if line}
    for path in MODULES:
        tree = tree_of(path)
        for _, name in imports(tree):
            used |= {name, name.rpartition(".")[0]}
        words = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
        used |= {word.partition(":")[0] for word in words if isinstance(word, str)}
    modules = {name_of(path): path for path in MODULES if path.name != "__init__.py"}
    assert sorted(modules.keys() - used) == []


def test_scripts_can_be_run():
    scripts = [ROOT / ".ci/run", *(path for path in (ROOT / "bin").iterdir() if not path.suffix)]
    for script in scripts:
        assert script.read_text().startswith("#!"), script
        assert os.access(script, os.X_OK), script


# Purity


def impurities(tree):
    for node, name in imports(tree):
        if name.split(".")[0] in IMPURE_MODULES:
            yield node, f"imports {name}"
        if name.startswith("random.") and name != "random.Random":
            yield node, f"imports {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "random":
            if node.attr != "Random":
                yield node, f"uses random.{node.attr}"
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in IMPURE_CALLS or called.endswith(CLOCKS):
                yield node, f"calls {called}()"
            if called in {"Random", "random.Random"} and not node.args:
                yield node, "seeds a Random from the system"


def test_pure_folders_have_no_clock_no_system_and_no_luck():
    wrong = [
        f"{place(path, node)}: {what}"
        for path in pure_modules()
        for node, what in impurities(tree_of(path))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "code",
    ["import os.path", "from time import time", "import zmq", "from random import choice",
     "import random\nrandom.random()", "from random import Random\nRandom()", "open('x')",
     "from datetime import datetime\ndatetime.now()"],
)  # fmt: skip
def test_what_is_impure_is_found(code):
    assert list(impurities(ast.parse(code)))


@pytest.mark.parametrize(
    "code", ["from random import Random\nr = Random(7)\nr.random()", "self.open('x')"]
)
def test_what_is_pure_is_let_through(code):
    assert not list(impurities(ast.parse(code)))


class Sets:
    """Which expressions of a function are sets, as far as its text and its module tell."""

    OPERATORS = (ast.BitOr, ast.BitAnd, ast.Sub, ast.BitXor)
    METHODS = frozenset({"union", "intersection", "difference", "symmetric_difference"})

    def __init__(self, module, scope):
        self.known = set()
        for node in ast.walk(module):
            self._learn(node, names=False)
        for node in scope:
            self._learn(node, names=True)

    def _learn(self, node, names):
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            annotation = getattr(node, "annotation", None)
            if self._says_set(annotation) or (node.value and self.has(node.value)):
                kinds = (ast.Attribute, ast.Name) if names else ast.Attribute
                self.known |= {ast.unparse(t) for t in targets if isinstance(t, kinds)}
        elif isinstance(node, ast.arg) and names and self._says_set(node.annotation):
            self.known.add(node.arg)

    @staticmethod
    def _says_set(annotation):
        return annotation is not None and ast.unparse(annotation).partition("[")[0] in {
            "set",
            "frozenset",
            "AbstractSet",
        }

    def has(self, node):
        """Whether the expression is a set."""
        match node:
            case ast.Set() | ast.SetComp():
                return True
            case ast.Name() | ast.Attribute():
                return ast.unparse(node) in self.known
            case ast.Call(func=ast.Name(id="set" | "frozenset")):
                return True
            case ast.Call(func=ast.Attribute(attr=attr)) if attr in self.METHODS:
                return True
            case ast.Call(func=ast.Attribute(value=value, attr="copy")):
                return self.has(value)
            case ast.BinOp(left=left, op=op, right=right) if isinstance(op, self.OPERATORS):
                return any(self.has(side) or self._is_keys(side) for side in (left, right))
            case ast.IfExp(body=body, orelse=other):
                return self.has(body) or self.has(other)
        return False

    @staticmethod
    def _is_keys(node):
        return isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".keys")


def set_iterations(module):
    """Where the order of a set, which differs from run to run, could show."""
    scopes = [list(ast.walk(function)) for function in functions(module)]
    for scope in (outside_functions(module), *scopes):
        sets = Sets(module, scope)
        orderless = {
            id(argument)
            for node in scope
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ORDERLESS
            for argument in node.args
        }
        for node in scope:
            match node:
                case ast.For(iter=source) | ast.Starred(value=source):
                    sources = [source]
                case ast.ListComp() | ast.GeneratorExp() | ast.DictComp():
                    skip = id(node) in orderless
                    sources = [] if skip else [part.iter for part in node.generators]
                case ast.Call(func=ast.Name(id=name), args=sources) if name in ORDERED:
                    sources = [] if id(node) in orderless else sources
                case ast.Call(func=ast.Attribute(attr="join" | "fromkeys" | "extend")):
                    sources = node.args
                case ast.Call(func=ast.Attribute(value=value, attr="pop"), args=[]):
                    sources = [value]
                case _:
                    sources = []
            yield from (node for source in sources if sets.has(source))


def test_pure_folders_never_iterate_over_a_set():
    wrong = {
        f"{place(path, node)}: {ast.unparse(node).splitlines()[0]}"
        for path in pure_modules()
        for node in set_iterations(tree_of(path))
    }
    assert sorted(wrong) == []


@pytest.mark.parametrize(
    "code",
    [
        "for x in {1, 2}: pass",
        "s = set()\nfor x in s: pass",
        "def f(s: set[int]): return [x for x in s]",
        "def f(s: frozenset[int]): return list(s)",
        "def f(a: dict[str, int], b): return [x for x in a.keys() - b]",
        "class A:\n  def __init__(self): self.s: set[int] = set()\n  def f(self): self.s.pop()",
        "def f(s: set[str]): return ','.join(s)",
        "def f(s: set[int]): return (*s,)",
        "def f(s: set[int]): return {x: 1 for x in s | {3}}",
        "def f(s: set[int]): return next(iter(s))",
    ],
)
def test_an_iteration_over_a_set_is_found(code):
    assert list(set_iterations(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "for x in [1, 2]: pass",
        "def f(s: set[int]): return sorted(s)",
        "def f(s: set[int]): return any(x > 1 for x in s)",
        "def f(s: set[int]): return {x + 1 for x in s}",
        "def f(s: set[int]): return [x for x in (1, 2) if x in s]",
        "def f(): s = set()\ndef g(s: list[int]): return [x for x in s]",
        "def f(s: list[int]): return s.pop()",
        "def f(s: dict[str, int]): return [x for x in s.keys()]",
    ],
)
def test_an_orderly_iteration_is_let_through(code):
    assert not list(set_iterations(ast.parse(code)))


@pytest.mark.parametrize("folder", ["protocol", "roles", "template", "simulator"])
def test_tests_of_what_is_pure_do_not_sleep(folder):
    files = sorted((ROOT / "tests" / folder).rglob("*.py"))
    assert [str(path) for path in files if "sleep(" in path.read_text()] == []


# Size and names


def lines_of(path):
    return path.read_text().count("\n")


def test_files_are_short():
    long = {str(p.relative_to(ROOT)): lines_of(p) for p in MODULES if lines_of(p) > FILE_LINES_MAX}
    assert long == {}
    assert statistics.median(map(lines_of, MODULES)) <= FILE_LINES_MEDIAN_MAX


def test_functions_are_short():
    long = [
        f"{place(path, function)}: {function.name} has {length} lines"
        for path in MODULES
        for function in functions(tree_of(path))
        if (length := function.end_lineno - function.lineno + 1) > FUNCTION_LINES_MAX
    ]
    assert long == []


def test_every_module_begins_with_what_it_is():
    wrong = []
    for path in MODULES:
        first = (ast.get_docstring(tree_of(path)) or "").partition("\n")[0]
        if not first.endswith((".", "?")):
            wrong.append(f"{path.relative_to(ROOT)}: {first!r}")
    assert wrong == []


def test_no_file_has_a_name_that_says_nothing():
    assert [str(path) for path in MODULES if path.stem in VAGUE_FILES] == []


def test_no_function_has_a_name_that_says_nothing():
    vague = [
        f"{place(path, function)}: {function.name}"
        for path in MODULES
        for function in functions(tree_of(path))
        if function.name.lstrip("_").startswith(VAGUE_NAMES)
    ]
    assert vague == []


def test_no_class_manages():
    names = [
        f"{place(path, node)}: {node.name}"
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef) and node.name.endswith(("Manager", "Util", "Utils"))
    ]
    assert names == []
