"""The values in the selections of a rule, each with the path at which it stands, and where each field is tested.

What a value may be is in `rulevalues`, what it means in `lower`, which test is made of it in `check.places`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sigmaproof.rulevalues import selection_names
from sigmaproof.safeyaml import Document, Path

__all__ = ["alone", "field_paths", "items"]


def items(document: Document) -> Iterator[tuple[Path, str, Any]]:
    """Every value in the selections of a rule, a filter's behind its own: its path, its key (a field with its
    modifiers, "" of a keyword), and what it is."""
    for name in selection_names(document):
        yield from _items(("detection", name), "", document.data["detection"][name])


def _items(path: Path, key: str, value: Any) -> Iterator[tuple[Path, str, Any]]:
    if isinstance(value, dict):
        for inner_key, inner in value.items():
            yield from _items((*path, inner_key), inner_key, inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _items((*path, index), key, inner)
    else:
        yield path, key, value


def field_paths(document: Document) -> dict[str, Path]:
    """Where each field is tested first; of one that is only compared with (`fieldref`), where that is said."""
    found: dict[str, Path] = {}
    others: dict[str, Path] = {}
    for path, key, value in items(document):
        name, *modifiers = key.split("|")
        found.setdefault(name, path[:-1] if isinstance(path[-1], int) else path)
        if "fieldref" in modifiers and isinstance(value, str):
            others.setdefault(value, path)
    return {**others, **found}


def alone(key: str, value: Any) -> Any:
    """A selection of this value alone. `all` is about several."""
    field, *modifiers = key.split("|")
    kept = [name for name in modifiers if name != "all"]
    return {"|".join([field, *kept]): value} if field or kept else [value]
