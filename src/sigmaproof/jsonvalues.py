"""The value of a JSON text as records are read: what is no JSON, too deep or out of range is a problem with its place.

Strict where Python is lenient (NaN, numbers that become infinite), so that every reader has the same values.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from typing import Any

from sigmaproof.diagnostics import Place

__all__ = ["DEEPEST", "Problem", "kind", "parsed"]

DEEPEST = 200
_CONTAINERS = (dict, list)
_TOO_DEEP = f"nested deeper than {DEEPEST} levels"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a JSON text. line counts in the file."""

    message: str
    line: int
    column: int = 0

    def at(self, shown: str) -> Place:
        """Its place in a file that is shown so."""
        return Place(shown, self.line, self.column)


def parsed(text: bytes, start: int = 1) -> tuple[Any, Problem | None]:
    """The value of a JSON text that begins on line `start`, or what is wrong with it."""
    try:
        value = _decoded(text.decode("utf-8"))
    except json.JSONDecodeError as error:
        return None, Problem(error.msg.removesuffix(" at"), start + error.lineno - 1, error.colno)
    except UnicodeDecodeError as error:
        return None, Problem("not UTF-8", start + text.count(b"\n", 0, error.start))
    except RecursionError:
        return None, Problem(_TOO_DEEP, start)
    except ValueError as error:  # _refuse_constant, _finite, or more digits than Python reads
        return None, Problem(str(error).partition("; use sys")[0], start)
    brackets = text.count(b"{") + text.count(b"[")  # a bound of the depth, at almost no cost
    return (None, Problem(_TOO_DEEP, start)) if brackets > DEEPEST and _is_deep(value) else (value, None)


def _decoded(text: str) -> Any:
    if text.startswith("\ufeff"):
        raise json.JSONDecodeError("a byte order mark, which only the start of a file can have", text, 0)
    return _decoder().decode(text)


@cache
def _decoder() -> json.JSONDecoder:
    """Made once: `json.loads` with options would make one for every record, which costs as much as its work."""
    return json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text[:40]} is out of range")
    return number


def _is_deep(value: Any) -> bool:
    """Whether a value is nested deeper than any record: everything that walks one does so by recursion."""
    level = [value] if value.__class__ in _CONTAINERS else []
    for _ in range(DEEPEST):
        level = [
            inner
            for node in level
            for inner in (node.values() if node.__class__ is dict else node)
            if inner.__class__ in _CONTAINERS
        ]
        if not level:
            return False
    return True


def kind(value: Any) -> str:
    """What a value that is no object is, for people."""
    return {list: "a list", str: "a text", type(None): "null", bool: "a boolean"}.get(type(value), "a number")
