"""Where a keyword, a value without a field, is searched in an index, and what stands there.

In a record it is searched in every leaf value (specification, Keywords search). An index has no field for "any
value": a query names the fields of the table, so a keyword is always approximate (`scope`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sigmaproof.fields import FieldTable, Home
from sigmaproof.normalize.javamap import java_length, java_text
from sigmaproof.paths import getter, leaves

__all__ = ["keyword_homes", "searched_texts"]


def keyword_homes(fields: FieldTable, form: str) -> list[Home]:
    """The homes that a keyword is searched in. form: which home of the open objects, `flattened` or `rendered`.

    Those with the texts that AWS wrote: not dates and other rewritten values, and no keys of digest files.
    """
    found: dict[str, Home] = {}
    for field in fields.fields:
        wanted = form if field.open else "value"
        for home in () if field.digest else field.homes:
            if home.form == wanted and home.type in {"keyword", "boolean", "flattened"}:
                found.setdefault(home.name, home)
                break
    return list(found.values())


def searched_texts(fields: FieldTable, document: Mapping[str, Any], names: Collection[str]) -> Iterator[str]:
    """The texts of a document that a keyword's query finds in the homes of these names, as they are indexed."""
    for form in ("flattened", "rendered"):
        for home in keyword_homes(fields, form):
            if home.name in names:
                yield from _texts(home, document)


def _texts(home: Home, document: Mapping[str, Any]) -> Iterator[str]:
    for value in getter(home.name)(document):
        for leaf in leaves(value):
            text = leaf if isinstance(leaf, str) else java_text(leaf)
            if leaf is not None and (home.ignore_above is None or java_length(text) <= home.ignore_above):
                yield text
