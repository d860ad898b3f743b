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
class ValueHelper:
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
class BlockHelper:
    """Renders the branches of a block; inline it prints nothing.

    `looks_at` says what the body sees: where the block stands ("here"), the argument ("value")
    or each of its items ("items").
    """

    run: Callable[[Given, Section], None]
    least: int
    looks_at: OneOf["here", "value", "items"]
    tests: bool = True


Helper = ValueHelper | BlockHelper

HELPERS: Mapping[str, Helper] = MappingProxyType(
    {
        "if": BlockHelper(branches.if_, 1, "here"),
        "unless": BlockHelper(branches.unless, 1, "here"),
        "with": BlockHelper(branches.with_, 1, "value"),
        "each": BlockHelper(branches.each, 1, "items"),
        "eachAlive": BlockHelper(branches.each_alive, 1, "items"),
        "raw": BlockHelper(branches.raw, 0, "here"),
        "lookup": ValueHelper(logic.lookup, 2),
        "log": ValueHelper(texts.log, 0),
        "eq": ValueHelper(logic.eq, 2),
        "ne": ValueHelper(logic.ne, 2),
        "gt": ValueHelper(logic.ordered(lambda order: order > 0), 2),
        "gte": ValueHelper(logic.ordered(lambda order: order >= 0), 2),
        "lt": ValueHelper(logic.ordered(lambda order: order < 0), 2),
        "lte": ValueHelper(logic.ordered(lambda order: order <= 0), 2),
        "and": ValueHelper(logic.and_, 0, tests=True),
        "or": ValueHelper(logic.or_, 0, tests=True),
        "not": ValueHelper(logic.not_, 1, tests=True),
        "len": ValueHelper(logic.length, 1),
        "strConcat": ValueHelper(texts.str_concat, 0),
        "strJoin": ValueHelper(texts.str_join, 2),
        "strReplace": ValueHelper(texts.str_replace, 3),
        "toUppercase": ValueHelper(texts.to_uppercase, 1),
        "toLowercase": ValueHelper(texts.to_lowercase, 1),
        "toJson": ValueHelper(texts.written(lambda value: json_text(value, "  ")), 1),
        "toToml": ValueHelper(texts.written(toml_text), 1),
        "toYaml": ValueHelper(texts.written(yaml_text), 1),
        "pkgPathFor": ValueHelper(packages.pkg_path_for, 1, reads=(("pkg", "deps"),)),
    }
)
