"""The Rust engine that Habitat runs, to compare with.

What must be allowed for: it sorts the keys of maps, its helpers written in Python return text
only and get no block parameters, and it is an error there, not a missing value, to look up a word
in a list.
"""

import json
import re

from handlebarrz._native import HandlebarrzTemplate

WORD_IN_LIST = "Cannot access array/vector with string index"


class OracleError(Exception):
    """The oracle refuses the template or cannot render it."""


def _deps_path(params, options):
    wanted = json.loads(params)[0]
    deps = json.loads(options.context_json())["pkg"]["deps"]
    return next((f"/hab/pkgs/{dep}" for dep in deps if dep.startswith(wanted + "/")), "")


def _join(params, _options):
    items, separator = json.loads(params)
    return separator.join(items)


def _to_json(value):
    return re.sub(r"e-0(?=\d)", "e-", json.dumps(value, indent=2, ensure_ascii=False))


HELPERS = {
    "pkgPathFor": _deps_path,
    "strJoin": _join,
    "strReplace": lambda params, _: (p := json.loads(params))[0].replace(p[1], p[2]),
    "toUppercase": lambda params, _: json.loads(params)[0].upper(),
    "toLowercase": lambda params, _: json.loads(params)[0].lower(),
    "toJson": lambda params, _: _to_json(json.loads(params)[0]),
}

_engine = HandlebarrzTemplate()
_engine.set_escape_fn("no_escape")
for name, helper in HELPERS.items():
    _engine.register_helper(name, helper)


def render(source, context):
    """What the oracle renders; raises OracleError."""
    try:
        return _engine.render_template(source, json.dumps(context), "{}")
    except ValueError as error:
        raise OracleError(str(error)) from None
