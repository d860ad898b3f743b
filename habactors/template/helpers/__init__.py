"""Which helpers can a template call?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal as OneOf

from habactors.template.calls import Given, Section
from habactors.template.emit_json import json_text
from habactors.template.emit_toml import toml_text
from habactors.template.emit_yaml import yaml_text
from habactors.template.helpers import branches, logic, packages, texts


@dataclass(frozen=True, slots=True)
class Inline:
    """Makes a value of its arguments.

    `least` is how many it needs; more are ignored. `tests` means that a missing argument is an
    answer, no mistake, so strict rendering accepts it. `reads` are paths of the root context
    that it reads by itself.
    """

    run: Callable[[Given], object]
    least: int
    tests: bool = False
    reads: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Branching:
    """Renders the branches of a block; inline it prints nothing.

    `looks_at` says what the body sees: where the block stands ("here"), the argument ("value")
    or each of its items ("items").
    """

    run: Callable[[Given, Section], None]
    least: int
    looks_at: OneOf["here", "value", "items"]
    tests: bool = True


Helper = Inline | Branching

HELPERS: Mapping[str, Helper] = MappingProxyType(
    {
        "if": Branching(branches.if_, 1, "here"),
        "unless": Branching(branches.unless, 1, "here"),
        "with": Branching(branches.with_, 1, "value"),
        "each": Branching(branches.each, 1, "items"),
        "eachAlive": Branching(branches.each_alive, 1, "items"),
        "raw": Branching(branches.raw, 0, "here"),
        "lookup": Inline(logic.lookup, 2),
        "log": Inline(texts.log, 0),
        "eq": Inline(logic.eq, 2),
        "ne": Inline(logic.ne, 2),
        "gt": Inline(logic.ordered(lambda order: order > 0), 2),
        "gte": Inline(logic.ordered(lambda order: order >= 0), 2),
        "lt": Inline(logic.ordered(lambda order: order < 0), 2),
        "lte": Inline(logic.ordered(lambda order: order <= 0), 2),
        "and": Inline(logic.and_, 0, tests=True),
        "or": Inline(logic.or_, 0, tests=True),
        "not": Inline(logic.not_, 1, tests=True),
        "len": Inline(logic.length, 1),
        "strConcat": Inline(texts.str_concat, 0),
        "strJoin": Inline(texts.str_join, 2),
        "strReplace": Inline(texts.str_replace, 3),
        "toUppercase": Inline(texts.to_uppercase, 1),
        "toLowercase": Inline(texts.to_lowercase, 1),
        "toJson": Inline(texts.written(lambda value: json_text(value, "  ")), 1),
        "toToml": Inline(texts.written(toml_text), 1),
        "toYaml": Inline(texts.written(yaml_text), 1),
        "pkgPathFor": Inline(packages.pkg_path_for, 1, reads=(("pkg", "deps"),)),
    }
)
