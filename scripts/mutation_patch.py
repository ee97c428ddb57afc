"""Puts a mutant in force in the running process, and takes it back: no module is imported anew.

A function gets the code object of the changed file, so that whoever holds the function runs the change; a name of a
module or a class gets the value of its changed statement, wherever it was imported to. Caches are emptied both times.
"""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from mutation_sites import Mutant

from sigmaproof.normalize import javamap

__all__ = ["Source", "UnusableError", "clear_caches", "in_force"]

PACKAGES = ("sigmaproof.", "sigma.backends.sigmaproof", "sigma.pipelines.sigmaproof")
# Whose caches hold what mutated code computes; the grammar of EQL takes long to make, and is of a file that is not.
CACHING = (
    "sigmaproof.normalize",
    "sigmaproof.verify.eql",
    "sigmaproof.verify.queries",
    "sigma.backends.sigmaproof",
    "sigmaproof.lucenetext",
)
KEPT = {"_grammar"}


class UnusableError(Exception):
    """The change can't be put in force in a running process, so it says nothing."""


class Source:
    """A file that is mutated, with its module and its tree."""

    def __init__(self, path: Path, module: ModuleType, name: str) -> None:
        self.path, self.module, self.name = path, module, name
        self.text = path.read_text(encoding="utf-8")
        self.tree = ast.parse(self.text)


@contextmanager
def in_force(source: Source, mutant: Mutant) -> Iterator[None]:
    """The change is in force within. Raises UnusableError."""
    undo_tree = mutant.apply()
    try:
        undo = _patched(source, mutant)
    finally:
        undo_tree()
    clear_caches()
    try:
        yield
    finally:
        undo()
        clear_caches()


def _patched(source: Source, mutant: Mutant) -> Callable[[], None]:
    found = _function(source.module, mutant.where)
    if found is not None:
        return _recoded(found, source, mutant)
    return _set_anew(source, mutant)


def _function(module: ModuleType, where: str) -> FunctionType | None:
    """The function of a dotted name, without what decorates it."""
    found: Any = module
    for name in where.split("."):
        found = vars(found).get(name) if isinstance(found, ModuleType | type) else None
    for inner in ("fget", "func", "__func__"):
        found = getattr(found, inner, None) or found
    found = getattr(found, "__wrapped__", found)
    return found if isinstance(found, FunctionType) and found.__qualname__ == where else None


def _recoded(function: FunctionType, source: Source, mutant: Mutant) -> Callable[[], None]:
    try:
        whole = compile(source.tree, str(source.path), "exec")
        code = next(one for one in _codes(whole) if one.co_qualname == mutant.where)
        old, function.__code__ = function.__code__, code
    except (ValueError, SyntaxError, StopIteration) as error:
        raise UnusableError(str(error)) from None

    def undo() -> None:
        function.__code__ = old

    return undo


def _codes(code: CodeType) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            yield from _codes(one)


def _set_anew(source: Source, mutant: Mutant) -> Callable[[], None]:
    """Runs the changed statement where the module's own names are, and sets what it sets."""
    owner, statement = _statement(source, mutant)
    names = vars(source.module).copy()
    inner = dict(vars(owner)) if isinstance(owner, type) else names
    try:
        exec(compile(ast.Module([statement], []), str(source.path), "exec"), names, inner)  # noqa: S102 (our own file)
        targets = _targets(statement)
        if not isinstance(owner, type):
            targets += _derived(source, targets, names)
    except Exception as error:
        raise UnusableError(f"{type(error).__name__}: {error}") from None
    changed = [(owner, name, vars(owner)[name], inner[name]) for name in targets if name in vars(owner)]
    if not isinstance(owner, type):
        for name in targets:
            changed += [(o, n, old, inner[name]) for o, n, old in _imported(source.module, name)]
    for holder, name, _, new in changed:
        setattr(holder, name, new)

    def undo() -> None:
        for holder, name, old, _ in changed:
            setattr(holder, name, old)

    return undo


def _targets(statement: ast.stmt) -> list[str]:
    return [one.id for one in ast.walk(statement) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)]


def _derived(source: Source, changed: list[str], names: dict[str, Any]) -> list[str]:
    """The tables made of changed ones, made anew."""
    found: list[str] = []
    for statement in source.tree.body:
        used = {one.id for one in ast.walk(statement) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)}
        if isinstance(statement, ast.Assign | ast.AnnAssign) and used & {*changed, *found}:
            exec(compile(ast.Module([statement], []), str(source.path), "exec"), names)  # noqa: S102 (our own file)
            found += _targets(statement)
    return found


def _statement(source: Source, mutant: Mutant) -> tuple[Any, ast.stmt]:
    """The statement at module or class level that holds the line, and the module or class."""
    owner: Any = source.module
    body = source.tree.body
    while True:
        node = next(one for one in body if one.lineno <= mutant.line <= (one.end_lineno or 0))
        if not isinstance(node, ast.ClassDef):
            return owner, node
        owner, body = getattr(owner, node.name), node.body


def _imported(module: ModuleType, name: str) -> Iterator[tuple[ModuleType, str, Any]]:
    """Where else the value of a module's name is held by a name of that spelling."""
    value = vars(module).get(name)
    for other in _modules():
        if other is not module and vars(other).get(name) is value and value is not None:
            yield other, name, value


def _modules() -> list[ModuleType]:
    return [module for name, module in sys.modules.items() if f"{name}.".startswith(PACKAGES)]


@functools.cache
def _caches() -> list[Any]:
    found = {
        id(value): value
        for module in _modules()
        for name, value in vars(module).items()
        if isinstance(value, functools._lru_cache_wrapper) and value.__module__.startswith(CACHING) and name not in KEPT
    }
    return list(found.values())


def clear_caches() -> None:
    """Forgets what was computed with the code that is in force, but for what takes data files to compute."""
    for cached in _caches():
        cached.cache_clear()
    javamap._ORDERS.clear()
