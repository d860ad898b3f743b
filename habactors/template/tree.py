"""What a template is made of once it has been read."""

from dataclasses import dataclass

from habactors.template.errors import Place


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written in the template: text, a number, true, false, null, a JSON list or map."""

    value: object
    place: Place


@dataclass(frozen=True, slots=True)
class Path:
    """A way to a value: `cfg.servers.[0].port`, `../name`, `@index`, `this`.

    `ups` counts the leading `../`. `variable` is true for `@index` and its kin, whose name is
    then `names[0]`. `own` is true after `this` or `./`, which never mean a block parameter.
    """

    text: str
    variable: bool
    ups: int
    own: bool
    names: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Call:
    """A helper's name with what it is given: `strJoin cfg.hosts ","`, `if x includeZero=true`.

    `subject` is the name read as a path, for a block whose name is no helper but a value.
    """

    name: str
    subject: Path
    arguments: tuple["Expression", ...]
    named: tuple[tuple[str, "Expression"], ...]
    place: Place


Expression = Literal | Path | Call


@dataclass(frozen=True, slots=True)
class Text:
    """Characters that are copied as they stand."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Output:
    """A tag that prints one value."""

    value: Expression
    place: Place


@dataclass(frozen=True, slots=True)
class Block:
    """`{{#call as |parameters|}} body {{else}} otherwise {{/call}}`."""

    call: Call
    parameters: tuple[str, ...]
    body: tuple["Node", ...]
    otherwise: tuple["Node", ...]
    place: Place


Node = Text | Output | Block
