"""EQL's functions as data: their arguments, their result, and what each becomes.

Fact: EqlFunctionRegistry of Elasticsearch 8 and 9. Names ignore case. `wildcard()` was deprecated in
7.13 and removed in 8.0 (pull request 76099); `match()` has never been there; both are unknown.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Function:
    """One function.

    `parameters` are the wanted types in order (`string`, `number`, `ip`, `boolean`, `any`), `required`
    how many must be given, `variadic` whether the last may be repeated. `becomes` is `prefix`,
    `suffix`, `substring` or `cidr` for what has a Query DSL form on a plain field, else `script`.
    `folds`: has a form `name~` that ignores case.
    """

    parameters: tuple[str, ...]
    required: int
    result: str
    becomes: str = "script"
    folds: bool = False
    variadic: bool = False

    def accepts(self, count: int) -> bool:
        """Is this a legal number of arguments?"""
        return self.required <= count and (self.variadic or count <= len(self.parameters))

    def parameter(self, index: int) -> str:
        """The type wanted for the argument at `index`, from 0."""
        return self.parameters[min(index, len(self.parameters) - 1)]


_TEXT, _TWO, _NUMBERS = "string", ("string", "string"), ("number", "number")
FUNCTIONS: Mapping[str, Function] = {
    "startswith": Function(_TWO, 2, "boolean", "prefix", folds=True),
    "endswith": Function(_TWO, 2, "boolean", "suffix", folds=True),
    "stringcontains": Function(_TWO, 2, "boolean", "substring", folds=True),
    "cidrmatch": Function(("ip", _TEXT), 2, "boolean", "cidr", variadic=True),
    "between": Function((*_TWO, _TEXT, "boolean"), 3, "keyword", folds=True),
    "concat": Function(("any",), 1, "keyword", variadic=True),
    "indexof": Function((*_TWO, "number"), 2, "integer", folds=True),
    "length": Function((_TEXT,), 1, "integer"),
    "number": Function((_TEXT, "number"), 1, "double"),
    "string": Function(("any",), 1, "keyword"),
    "substring": Function((_TEXT, *_NUMBERS), 2, "keyword"),
    **{name: Function(_NUMBERS, 2, "double") for name in ("add", "divide", "modulo", "multiply", "subtract")},
}
_REMOVED = {"wildcard": "it left EQL in 8.0, use like instead", "match": "use regex instead"}


def unknown(name: str) -> str:
    """What to say of a function that doesn't exist."""
    hint = _REMOVED.get(name.lower()) or _similar(name.lower())
    return f"Unknown function [{name}]" + (f": {hint}" if hint else "")


def _similar(name: str) -> str:
    near = difflib.get_close_matches(name, FUNCTIONS, n=1)
    return f"did you mean [{near[0]}]?" if near else ""
