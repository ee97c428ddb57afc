"""Edits of a syntax tree that can be taken back. Which ones a mutant is made of is in `mutation_sites`."""

from __future__ import annotations

import ast
from collections.abc import Callable

__all__ = ["Apply", "in_parent", "removing", "replacing", "setting"]

Undo = Callable[[], None]
Apply = Callable[[], Undo]
"""Makes the edit, and returns what takes it back."""


def replacing(found: list[ast.stmt] | list[ast.expr] | list[ast.cmpop], at: int, new: ast.AST) -> Apply:
    """Another node at a place of a list."""
    items: list[ast.AST] = found  # type: ignore[assignment]

    def apply() -> Undo:
        old = items[at]
        items[at] = _placed(new, old)

        def undo() -> None:
            items[at] = old

        return undo

    return apply


def removing(found: list, at: int, beside: list | None = None) -> Apply:  # type: ignore[type-arg]
    """A place of a list taken out, and the same of a list beside it."""

    def apply() -> Undo:
        lists = [one for one in (found, beside) if one is not None]
        old = [one.pop(at) for one in lists]

        def undo() -> None:
            for one, item in zip(lists, old, strict=True):
                one.insert(at, item)

        return undo

    return apply


def setting(node: ast.Constant, value: str) -> Apply:
    """Another text in a constant."""

    def apply() -> Undo:
        old, node.value = node.value, value

        def undo() -> None:
            node.value = old

        return undo

    return apply


def in_parent(parent: ast.AST, node: ast.expr, new: ast.expr) -> Apply:
    """Another expression where this one is below its parent."""
    for name, value in ast.iter_fields(parent):
        if value is node:
            return _attribute(parent, name, node, new)
        if isinstance(value, list) and any(one is node for one in value):
            return replacing(value, next(at for at, one in enumerate(value) if one is node), new)
    raise AssertionError(f"{ast.unparse(node)} is not below its parent")


def _attribute(parent: ast.AST, name: str, node: ast.expr, new: ast.expr) -> Apply:
    def apply() -> Undo:
        setattr(parent, name, _placed(new, node))
        return lambda: setattr(parent, name, node)

    return apply


def _placed(new: ast.AST, old: ast.AST) -> ast.AST:
    if hasattr(old, "lineno") and not hasattr(new, "lineno"):
        ast.copy_location(new, old)
        ast.fix_missing_locations(new)
    return new
