"""What do names mean at this point of a template?"""

from habactors.template.tree import Path
from habactors.template.values import MISSING, step


class Scope:
    """The value that a block looks at, inside the scope of the block around it.

    `variables` are `@index` and its kin; `parameters` are the names after `as`, those of the
    outer blocks included.
    """

    __slots__ = ("outer", "parameters", "value", "variables")

    parameters: dict[str, object]

    def __init__(
        self,
        value: object,
        outer: "Scope | None" = None,
        variables: dict[str, object] | None = None,
        parameters: dict[str, object] | None = None,
    ) -> None:
        self.value = value
        self.outer = outer
        self.variables = variables
        inherited: dict[str, object] = outer.parameters if outer else {}
        self.parameters = {**inherited, **parameters} if parameters else inherited

    def find(self, path: Path) -> object:
        """The value at the path, or MISSING.

        `../` beyond the outermost scope stays there. A variable that this scope does not set is
        that of the nearest scope around it that does. A block parameter hides a field of the
        same name; after `../` it is the other way round, and `this.name` is never a parameter.
        """
        if path.variable:
            return self._variable(path)
        names = path.names
        if not path.ups:
            if not path.own and names and names[0] in self.parameters:
                return _walk(self.parameters[names[0]], names[1:])
            return _walk(self.value, names)
        found = _walk(self._above(path.ups).value, names)
        if found is MISSING and names and names[0] in self.parameters:
            return _walk(self.parameters[names[0]], names[1:])
        return found

    def _above(self, ups: int) -> "Scope":
        scope = self
        while ups and scope.outer:
            scope, ups = scope.outer, ups - 1
        return scope

    def _variable(self, path: Path) -> object:
        name, *rest = path.names
        scope: Scope | None = self._above(path.ups)
        while scope:
            if scope.variables and name in scope.variables:
                return _walk(scope.variables[name], rest)
            scope = scope.outer
        return MISSING


def _walk(value: object, names: tuple[str, ...] | list[str]) -> object:
    for name in names:
        value = step(value, name)
    return value
