"""Mutants of a source file: each the file with one escape, fold, guard, delimiter or limit less, found in its tree.

What a change is lives here, and which ones can't matter for a verdict, by rule: docstrings, annotations, imports,
`__all__`, assertions, prose (texts of three words and more), what stands in a `raise`, hints and functions that only
word a message (FOR_PEOPLE), methods that each target has of its own (NotImplementedError), what is remembered to save
time (an `if` that asks a `_CACHED_` limit), one more or less of a limit that we chose (OWN_LIMITS): it says when work
is too much, not what a query means; the limits of the engine are judged. How a change is put in force is in
`mutation_patch`, what it does to `verify` in `mutation_judge`.

Own code, as mutmut and cosmic-ray judge a mutant by a command that they start for it: here each is judged by `verify`
on an engine that is running, with thousands of records that are loaded, so all are judged in one warm process.
"""

from __future__ import annotations

import ast
import importlib
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mutation_edits import Apply, in_parent, removing, replacing, setting

__all__ = ["Mutant", "Signatures", "mutants_of", "signatures"]

TEXT_METHODS = frozenset(("lower", "upper", "casefold", "strip", "lstrip", "rstrip", "replace", "removeprefix"))
SWAPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
OWN_LIMITS = frozenset(
    """MAX_DEPTH MOST_BYTES MOST_EFFORT MOST_OF_NOTHING MOST_WHOLE MOST_WITH_LOOPS _CACHED_KEYS _CACHED_ORDERS
    _CACHED_SHAPES _CACHED_UNITS _LONGEST_IP _MAX_GROUPS _MAX_LENGTH""".split()
)
FOR_PEOPLE = frozenset(
    """analysis._text claims._listed functions.unknown lucenetext._too_complex parser._unexpected
    parser._unexpected_token written._told""".split()
)
NOT_JUDGED = (ast.Import, ast.ImportFrom, ast.Assert, ast.Raise, ast.Global, ast.Nonlocal)


@dataclass(frozen=True)
class Signatures:
    """What is known of the project's functions by their names: which give back the type that they take, and which
    parameters can be left out."""

    same: frozenset[str]
    optional: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Mutant:
    """One change. where: the function or the name at module or class level that it is in. text: the line of source,
    for people and for the list of survivors. first, last: the lines that run when the change matters."""

    file: str
    line: int
    where: str
    text: str
    change: str
    first: int
    last: int
    apply: Apply

    @property
    def key(self) -> tuple[str, str, str]:
        """What the list of survivors names it by: no line number, which any edit moves."""
        return self.file, self.text, self.change


def signatures(paths: list[Path]) -> Signatures:
    """The signatures in these files."""
    same, optional = set(), set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                given = [arg for arg in node.args.args if arg.arg not in {"self", "cls"}]
                if given and node.returns and given[0].annotation and _same(given[0].annotation, node.returns):
                    same.add(node.name)
                names = [arg.arg for arg in node.args.args[len(node.args.args) - len(node.args.defaults) :]]
                names += [a.arg for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d]
                optional |= {(node.name, name) for name in names}
    return Signatures(frozenset(same), frozenset(optional))


def _same(one: ast.expr, other: ast.expr) -> bool:
    return ast.unparse(one) == ast.unparse(other) and ast.unparse(one) not in {"Any", "object"}


def mutants_of(name: str, source: str, tree: ast.Module, known: Signatures) -> Iterator[Mutant]:
    """All mutants of a file. tree: its tree, which `apply` changes and what that returns mends."""
    yield from _Finder(name, source.splitlines(), known).of_body(tree.body, "")


class _Finder:
    """Walks the statements of a file."""

    def __init__(self, name: str, lines: list[str], known: Signatures) -> None:
        self.name, self.lines, self.known = name, lines, known
        self.stem = Path(name).stem

    def of_body(self, body: list[ast.stmt], where: str, inside: bool = False) -> Iterator[Mutant]:
        """The mutants of some statements. inside: of a function, whose inner functions are part of it."""
        for at, node in enumerate(body):
            if isinstance(node, ast.FunctionDef) and f"{self.stem}.{node.name}" in FOR_PEOPLE:
                continue
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                named = where if inside else f"{where}.{node.name}".lstrip(".")
                yield from self.of_body(node.body, named, inside or isinstance(node, ast.FunctionDef))
            elif not _is_left_out(node):
                yield from self.of_statement(body, at, where or _target(node))
            elif isinstance(node, ast.Raise) and ast.unparse(node) != "raise NotImplementedError":
                yield self.dropped(body, at, where)

    def of_statement(self, body: list[ast.stmt], at: int, where: str) -> Iterator[Mutant]:
        """The mutants of one statement and of those in it."""
        node = body[at]
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Yield | ast.YieldFrom):
            yield self.dropped(body, at, where)
        for part in ast.iter_child_nodes(node):
            if isinstance(part, ast.expr) and part is not getattr(node, "annotation", None):
                yield from self.of_expression(part, node, where)
            elif isinstance(part, ast.match_case):
                if part.guard:
                    yield from self.of_expression(part.guard, part, where)
                yield from self.of_body(part.body, where, inside=True)
            elif isinstance(part, ast.ExceptHandler):
                yield from self.of_body(part.body, where, inside=True)
        for name in ("body", "orelse", "finalbody"):
            inner = getattr(node, name, [])
            if isinstance(inner, list):
                yield from self.of_body(inner, where, inside=True)

    def dropped(self, body: list[ast.stmt], at: int, where: str) -> Mutant:
        """A statement that never runs; it stays there, so that a generator stays one."""
        node = body[at]
        never = ast.If(ast.Constant(False), [node], [ast.Pass()])
        return self.made(node, where, f"{_short(node)} -> pass", replacing(body, at, never))

    def of_expression(self, node: ast.expr, parent: ast.AST, where: str) -> Iterator[Mutant]:
        """The mutants of an expression and of those in it."""
        if isinstance(node, ast.Lambda):
            yield from self.of_expression(node.body, node, where)
        if isinstance(node, ast.Lambda) or (isinstance(node, ast.JoinedStr) and _is_prose(_pieces(node))):
            return
        for new in self.others(node, parent):
            yield self.made(node, where, f"{_short(node)} -> {_short(new)}", in_parent(parent, node, new))
        if isinstance(node, ast.Call) and _is_error(node):
            return
        yield from self.of_lists(node, parent, where)
        for part in ast.iter_child_nodes(node):
            if isinstance(part, ast.expr):
                yield from self.of_expression(part, node, where)
            elif isinstance(part, ast.keyword):
                yield from self.of_expression(part.value, part, where)
            elif isinstance(part, ast.comprehension):
                yield from self.of_expression(part.iter, part, where)
                for at, test in enumerate(part.ifs):
                    change = f"if {_short(test)} -> if True"
                    yield self.made(test, where, change, replacing(part.ifs, at, ast.Constant(True)))
                    yield from self.of_expression(test, part, where)

    def others(self, node: ast.expr, parent: ast.AST) -> Iterator[ast.expr]:
        """What can stand in the place of an expression."""
        if isinstance(parent, ast.If | ast.IfExp | ast.match_case) and node is getattr(parent, "test", node):
            if not isinstance(parent, ast.match_case) or node is parent.guard:
                yield from (ast.Constant(False), ast.Constant(True))
        elif isinstance(parent, ast.While) and node is parent.test:
            yield ast.Constant(False)  # True would be an endless loop
        match node:
            case ast.BoolOp(values=[one, other]):
                yield from (other, one)
            case ast.Call(func=ast.Name(id=name), args=[inner]) if name in self.known.same:
                yield inner
            case ast.Call(func=ast.Attribute(attr=name), args=[inner]) if name in self.known.same:
                yield inner
            case ast.Call(func=ast.Attribute(value=text, attr=name)) if name in TEXT_METHODS:
                yield text
            case ast.Call(func=ast.Name(id="map"), args=[ast.Name(id=name), inner]) if name in self.known.same:
                yield inner
            case ast.Constant(value=str(text)) if _is_piece(text, parent):
                yield ast.Constant("")
            case ast.Constant(value=int(number)) if type(number) is int and _is_limit(parent):
                yield from (ast.Constant(number + 1), ast.Constant(number - 1))

    def of_lists(self, node: ast.expr, parent: ast.AST, where: str) -> Iterator[Mutant]:
        """One operand, entry, argument or sign less, or another sign of comparison."""
        match node:
            case ast.BoolOp():
                yield from self.one_less(node, where, node.values, "operand", 3)
            case ast.Compare(ops=[op], comparators=[limit]) if type(op) in SWAPPED and not _is_own_limit(limit):
                swapped = SWAPPED[type(op)]()
                change = f"{_short(node)} -> {type(swapped).__name__}"
                yield self.made(node, where, change, replacing(node.ops, 0, swapped))
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                for at, given in enumerate(node.keywords):
                    if (name, given.arg) in self.known.optional:
                        change = f"{_short(node)} -> without {given.arg}"
                        yield self.made(node, where, change, removing(node.keywords, at))
            case ast.Tuple(ctx=ast.Store()) | ast.List(ctx=ast.Store()):
                pass
            case ast.Tuple(elts=entries) | ast.List(elts=entries) | ast.Set(elts=entries) if _is_table(parent):
                yield from self.one_less(node, where, entries, "entry", 2)
            case ast.Dict() if _is_table(parent) and all(isinstance(key, ast.Constant) for key in node.keys):
                for at, key in enumerate(node.keys):
                    if not _is_prose(ast.unparse(node.values[at])):
                        change = f"{_short(node)} -> without entry {_short(key)}"
                        yield self.made(node, where, change, removing(node.keys, at, node.values))
            case ast.Constant(value=str(text)) if len(text) > 1 and _is_signs(node, parent):
                yield from self.less_signs(node, parent, text, where)

    def one_less(self, node: ast.expr, where: str, found: list[ast.expr], what: str, least: int) -> Iterator[Mutant]:
        """One of several parts taken out."""
        for at, part in enumerate(found if len(found) >= least else []):
            yield self.made(node, where, f"{_short(node)} -> without {what} {_short(part)}", removing(found, at))

    def less_signs(self, node: ast.Constant, parent: ast.AST, text: str, where: str) -> Iterator[Mutant]:
        """A set of signs, of words, or an expression with one sign or word less."""
        pieces = text.split() if " " in text else list(text)
        for at in range(len(pieces)):
            less = (" " if " " in text else "").join(pieces[:at] + pieces[at + 1 :])
            if not _is_expression(parent) or _read(less) not in ("", _read(text)):
                yield self.made(node, where, f"{text!r} -> {less!r}", setting(node, less))

    def made(self, node: ast.expr | ast.stmt, where: str, change: str, apply: Apply) -> Mutant:
        """The mutant for a change at this node."""
        last = node.end_lineno or node.lineno
        text = self.lines[node.lineno - 1].strip()
        return Mutant(self.name, node.lineno, where, text, change, node.lineno, last, apply)


def _is_left_out(node: ast.stmt) -> bool:
    if isinstance(node, NOT_JUDGED) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return True
    asked = ast.unparse(node.test) if isinstance(node, ast.If) else ""
    return (
        _target(node) in {"__all__", "__slots__", "hint", *OWN_LIMITS}
        or "TYPE_CHECKING" in asked
        or "_CACHED_" in asked
    )


def _is_own_limit(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in OWN_LIMITS


def _target(node: ast.stmt) -> str:
    found = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    return found.id if isinstance(found, ast.Name) else ""


def _is_error(node: ast.Call) -> bool:
    """A call whose texts are for people: an error, or a list of errors that takes one."""
    name = ast.unparse(node.func)
    return bool(re.search(r"(Error|Refusal|errors\.append|_refuse|_unexpected\w*)$", name))


def _pieces(node: ast.JoinedStr) -> str:
    return " ".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))


def _is_prose(text: str) -> bool:
    return len(re.findall(r"[A-Za-z']{2,}", text)) >= 3


def _is_piece(text: str, parent: ast.AST) -> bool:
    """Whether a text is put together with others, so that leaving it out leaves something to judge."""
    together = isinstance(parent, ast.JoinedStr | ast.Return | ast.Assign | ast.AnnAssign | ast.Attribute)
    joined = together or (isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add))
    return bool(text) and joined and not _is_prose(text)


def _is_limit(parent: ast.AST) -> bool:
    return isinstance(parent, ast.Compare | ast.Assign | ast.AnnAssign)


def _is_table(parent: ast.AST) -> bool:
    """Whether a literal is a table: what a name is set to, what something is looked up in, or what is iterated over."""
    if isinstance(parent, ast.Call):
        return ast.unparse(parent.func) in {"frozenset", "set", "dict"}
    return isinstance(parent, ast.Assign | ast.AnnAssign | ast.Compare | ast.comprehension | ast.For)


def _is_signs(node: ast.Constant, parent: ast.AST) -> bool:
    if isinstance(parent, ast.Compare):
        return any(op for op, side in zip(parent.ops, parent.comparators, strict=True)
                   if side is node and isinstance(op, ast.In | ast.NotIn))  # fmt: skip
    if isinstance(parent, ast.comprehension):
        return parent.iter is node
    if isinstance(parent, ast.Call):
        return _is_expression(parent) or ast.unparse(parent.func).endswith("strip")
    return isinstance(parent, ast.Attribute) and parent.attr == "split"


def _is_expression(parent: ast.AST) -> bool:
    return isinstance(parent, ast.Call) and ast.unparse(parent.func) == "re.compile"


def _read(source: str) -> str:
    """What an expression says, as Python reads it: the same for two spellings of one. Empty when it is none."""
    parser: Any = importlib.import_module("re._parser")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of sets that a later Python may read in another way
        try:
            return str(parser.parse(source))
        except re.error:
            return ""


def _short(node: ast.AST | None) -> str:
    text = " ".join(ast.unparse(node).split()) if node is not None else ""
    return text if len(text) <= 100 else f"{text[:99]}…"
