"""Which lines have to run for a mutant to matter: its own, those of its function, those that use the name that it sets.

Each is a tier, from the narrowest on: where nothing runs the lines of one, the next is asked. What runs the lines is
learned in `mutation_lines`.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence

from mutation_patch import Source
from mutation_sites import Mutant

__all__ = ["Lines", "Reach"]

Lines = dict[str, set[int]]
"""Lines by the name of their file."""
Use = tuple[str, int, str]
"""File, line, and the name at module or class level that is set there; empty in a function."""


class Reach:
    """The lines of mutants of these files."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.uses: dict[str, list[Use]] = defaultdict(list)
        self.functions: dict[tuple[str, str], tuple[int, int]] = {}
        self.statements: dict[str, list[tuple[int, int, list[str]]]] = defaultdict(list)
        self.ends = {source.name: source.text.count("\n") + 1 for source in sources}
        for source in sources:
            self._read(source.name, source.tree.body, "")

    def tiers(self, mutant: Mutant) -> Iterator[Lines]:
        """The lines of a mutant, then wider ones. A change in a function matters in the function only."""
        yield {mutant.file: _range(mutant.first, mutant.last)}
        if ends := self.functions.get((mutant.file, mutant.where)):
            yield {mutant.file: _range(*ends)}
            return
        for first, last, names in self.statements[mutant.file]:
            if first <= mutant.line <= last:
                yield self._using(names)
        yield {mutant.file: _range(1, self.ends[mutant.file])}

    def _using(self, names: Sequence[str]) -> Lines:
        """The lines of functions that use one of these names, or one that is made of it."""
        found: Lines = defaultdict(set)
        pending, seen = list(names), {*names}
        while pending:
            for file, line, made in self.uses.get(pending.pop(), ()):
                if not made:
                    found[file].add(line)
                elif made not in seen:
                    seen.add(made)
                    pending.append(made)
        return found

    def _read(self, file: str, body: Sequence[ast.stmt], where: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef):
                self._read(file, node.body, f"{where}{node.name}.")
            elif isinstance(node, ast.FunctionDef):
                self.functions[file, f"{where}{node.name}"] = (node.lineno, node.end_lineno or node.lineno)
                self._note(file, node, "")
            else:
                names = _stored(node)
                self.statements[file].append((node.lineno, node.end_lineno or node.lineno, names))
                for name in names:
                    self._note(file, node, name)

    def _note(self, file: str, node: ast.stmt, made: str) -> None:
        for one in ast.walk(node):
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load):
                self.uses[one.id].append((file, one.lineno, made))
            elif isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Load):
                self.uses[one.attr].append((file, one.lineno, made))


def _stored(node: ast.stmt) -> list[str]:
    return [one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)]


def _range(first: int, last: int) -> set[int]:
    return set(range(first, last + 1))
