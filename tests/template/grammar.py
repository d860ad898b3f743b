"""Hypothesis strategies for whole templates, block inside block, that the oracle accepts too."""

from hypothesis import strategies as st

TEXTS = [
    "", "", " ", "  ", "\n", "\n\n", " \n", "\n  ", "\t", "\r\n", "a", "b ", " c", "x = 1\n",
    "\n  y:", "# z\n\n", "}", "{ ", "\\ ", "$(f)", "é\n",
]  # fmt: skip

NAMES = ["cfg", "port", "tls", "users", "name", "role", "odd.a-b", "odd.[c d]", "flags", "table"]
ROOTED = [
    "cfg.port", "cfg.mode", "cfg.password", "cfg.tls", "cfg.tls.enabled", "cfg.odd.[c d]",
    "cfg.users", "cfg.flags", "cfg.table", "cfg.health", "cfg.networks", "cfg.jobs", "cfg.nothing",
    "svc.members", "svc.leader", "svc.me.sys.ip", "bind.backend.members", "cfg.users.[0]",
    "cfg.users.1.name", "cfg.extensions", "cfg.cluster.settings", "sys.ip",
]  # fmt: skip
VARIABLES = ["@index", "@key", "@first", "@last"]
LITERALS = ['"http"', "'x y'", "0", "1", "-2", "1.5", "true", "false", "null", '""', '"a\\"b"']
PARAMETERS = ["item", "it", "entry-1", "ключ"]


@st.composite
def paths(draw, depth, parameters):
    """A path that means the same to both engines at this depth of scopes."""
    kinds = ["rooted", "here", "variable"]
    if depth:
        kinds += ["up", "up", "this", "data"]
    if parameters:
        kinds += ["parameter", "parameter"]
    match draw(st.sampled_from(kinds)):
        case "rooted":
            path = draw(st.sampled_from(ROOTED))
            # Beyond the root the oracle finds the root or nothing, as it happens.
            return draw(st.sampled_from(["@root.", "../" * depth])) + path
        case "here":
            return draw(st.sampled_from(["", "./", "this."])) + draw(st.sampled_from(NAMES))
        case "variable":
            return draw(st.sampled_from(VARIABLES))
        case "up":
            ups = draw(st.integers(1, depth))
            return "../" * ups + draw(st.sampled_from(NAMES))
        case "this":
            return "this"
        case "data":
            # The oracle never ends when it is asked for a variable beyond the root.
            ups = draw(st.integers(1, depth))
            return f"@{'../' * ups}{draw(st.sampled_from(['index', 'key', 'last']))}"
        case _:
            name = draw(st.sampled_from(parameters))
            return name + draw(st.sampled_from(["", "", ".name", ".sys.ip", ".[0]"]))


@st.composite
def values(draw, depth, parameters, calls=2):
    """A path, a literal or a sub-expression, as an argument."""
    kind = draw(st.sampled_from(["path", "path", "literal", "call"] if calls else ["path"]))
    if kind == "path":
        return draw(paths(depth, parameters))
    if kind == "literal":
        return draw(st.sampled_from(LITERALS))
    return f"({draw(questions(depth, parameters, calls - 1))})"


@st.composite
def questions(draw, depth, parameters, calls=2):
    """A call of a helper that both engines have."""
    name = draw(st.sampled_from(["eq", "ne", "gt", "lte", "and", "or", "not", "lookup"]))
    count = 1 if name == "not" else 2
    arguments = [draw(values(depth, parameters, calls)) for _ in range(count)]
    blank = draw(st.sampled_from([" ", " ", "  ", "\n "]))
    return blank.join([name, *arguments])


@st.composite
def tags(draw, inside, sigil=""):
    """`{{~ sigil inside ~}}`, blanks and tildes as they come."""
    left = draw(st.sampled_from(["", "", "", "~"]))
    right = draw(st.sampled_from(["", "", "", "~"]))
    blank = draw(st.sampled_from(["", "", "", " "]))
    return f"{{{{{left}{blank}{sigil}{inside}{blank}{right}}}}}"


@st.composite
def outputs(draw, depth, parameters):
    if draw(st.integers(0, 3)) == 0:
        return draw(tags(draw(questions(depth, parameters))))
    path = draw(paths(depth, parameters))
    if draw(st.integers(0, 5)) == 0:
        return f"{{{{{{{path}}}}}}}"
    return draw(tags(path))


@st.composite
def blocks(draw, depth, parameters, nesting):
    name = draw(st.sampled_from(["if", "unless", "each", "each", "with"]))
    argument = draw(values(depth, parameters))
    inner_depth, inner_parameters, naming = depth, parameters, ""
    if name in ("each", "with"):
        inner_depth += 1
        if not argument.startswith("(") and draw(st.booleans()):
            free = [one for one in PARAMETERS if one not in parameters]
            named = free[: draw(st.integers(0, 2 if name == "each" else 1))]
            inner_parameters = [*parameters, *named]
            naming = f" as |{' '.join(named)}|" if named else ""
    parts = [draw(tags(f"{name} {argument}{naming}", sigil="#"))]
    parts.append(draw(templates(inner_depth, inner_parameters, nesting - 1)))
    if draw(st.booleans()):
        chain = draw(st.sampled_from(["", "", " if cfg.port", " unless cfg.mode"]))
        parts.append(draw(tags("else" + chain)))
        parts.append(draw(templates(depth, parameters, nesting - 1)))
    parts.append(draw(tags(name, sigil="/")))
    return "".join(parts)


@st.composite
def templates(draw, depth=0, parameters=(), nesting=3):
    """Source text; `depth` scopes are open around it and `parameters` have been named."""
    pieces = [draw(st.sampled_from(TEXTS))]
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["output", "output", "block", "block", "comment"]))
        if kind == "output":
            pieces.append(draw(outputs(depth, list(parameters))))
        elif kind == "block" and nesting:
            pieces.append(draw(blocks(depth, list(parameters), nesting)))
        else:
            pieces.append(draw(st.sampled_from(["{{! c }}", "{{!-- {{x}} --}}"])))
        pieces.append(draw(st.sampled_from(TEXTS)))
    return "".join(pieces)
