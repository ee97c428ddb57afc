"""Opens the two sides of a comparison: files whose extension names their language, or a rule's own conversions.

A side knows its cut, what the engine is asked for the whole of it, and the table by which its documents are made. Which
records are tried is in `search`, who answers in `judge`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from sigmaproof.diagnostics import InputError, Place
from sigmaproof.diff.cut import All, Any_, Cut, Leaf, Neg, numbered
from sigmaproof.diff.cut import leaves as leaves_of
from sigmaproof.fidelity import Conversion
from sigmaproof.fields import table
from sigmaproof.predicate import And, Not, Or, Predicate, describe, field_of
from sigmaproof.rules import Rule

__all__ = ["CATEGORY", "EXTENSIONS", "Side", "conversion_side", "is_query", "query_side", "rule_side"]

CATEGORY = "event.category"
MOST_BYTES = 1_000_000
EXTENSIONS = {".eql": "eql", ".lucene": "lucene", ".dsl.json": "dsl"}
HEADINGS = {"eql": "EQL, lowered", "lucene": "Lucene", "dsl": "Query DSL", "sigma": "Sigma"}


@dataclass(frozen=True)
class Side:
    """One side. name: as it is shown. language: sigma, eql, lucene or dsl. cut: its boolean structure, numbered.
    query: what the engine is asked for all of it, None for a rule. eql: its text, for an engine that runs EQL itself.
    refusal: why Elasticsearch never runs it, in its words."""

    name: str
    language: str
    integration: str
    cut: Cut
    query: Mapping[str, Any] | None = None
    eql: str | None = None
    refusal: str | None = None
    remarks: tuple[str, ...] = ()

    @property
    def is_native(self) -> bool:
        """Whether it is judged on the raw record, without an engine."""
        return self.language == "sigma"

    @property
    def heading(self) -> str:
        """Its language, in words."""
        return HEADINGS[self.language]

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """Its leaves by number."""
        return tuple(leaves_of(self.cut))

    def as_one(self) -> Side:
        """The same as a single leaf, for a text that can't be cut."""
        names = tuple(dict.fromkeys(name for leaf in self.leaves for name in leaf.fields))
        whole = Leaf("the query as a whole", names, self.query)
        remark = f"{self.name} could not be taken apart: its parts don't give the verdict of the whole"
        return replace(self, cut=numbered(whole), remarks=(*self.remarks, remark))


def is_query(path: Path) -> bool:
    """Whether the extension is that of a query."""
    return _language(path) is not None


def _language(path: Path) -> str | None:
    return next((language for ending, language in EXTENSIONS.items() if path.name.endswith(ending)), None)


def rule_side(rule: Rule, integration: str, name: str | None = None) -> Side:
    """A rule, judged natively. Raises InputError for a detection without a meaning."""
    return Side(name or rule.file, "sigma", integration, numbered(_cut(rule.tree)))


def _cut(tree: Predicate) -> Cut:
    match tree:
        case And():
            return All(tuple(map(_cut, tree.parts)))
        case Or():
            return Any_(tuple(map(_cut, tree.parts)))
        case Not():
            return Neg(_cut(tree.part))
    name = field_of(tree)
    return Leaf(describe(tree), (name,) if name else (), tree=tree)


def query_side(path: Path, integration: str, category: str = CATEGORY) -> Side:
    """A hand-written query. category: the field of EQL's event category.

    Raises InputError for a file that can't be read, is no query, or runs scripts.
    """
    language = _language(path)
    if language is None:
        help = f"rules end in .yml, queries in {', '.join(EXTENSIONS)}"
        raise InputError("path-unknown", Place(str(path)), "neither a rule nor a query by its extension", help)
    return _read(_text_of(path), str(path), language, integration, category)


def conversion_side(conversion: Conversion, name: str) -> Side:
    """One of our own conversions; a refused one has its refusal."""
    if conversion.query is None:
        return Side(name, conversion.target, conversion.integration, Any_(()), refusal=conversion.refusal)
    return _read(conversion.query, name, conversion.target, conversion.integration, CATEGORY)


def _text_of(path: Path) -> str:
    place = Place(str(path))
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError("query-unreadable", place, error.strerror or str(error)) from None
    if len(raw) > MOST_BYTES:
        raise InputError("query-too-large", place, f"larger than {MOST_BYTES:,} bytes", "give one query")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError("query-unreadable", Place(str(path), line), "not UTF-8", "save it as UTF-8") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InputError("query-unreadable", Place(str(path), line), "holds a NUL character: no text")
    if not text.strip():
        raise InputError("query-empty", place, "holds no query")
    return text.rstrip("\r\n")


def _read(text: str, name: str, language: str, integration: str, category: str) -> Side:
    from sigmaproof.diff.backwards import Backwards
    from sigmaproof.diff.eqlside import RefusedQueryError, read_eql

    fields = table(integration)
    back = Backwards(fields)
    try:
        if language == "eql":
            query, cut = read_eql(text, name, back, _types(integration), category)
        else:
            query, cut = _readers()[language](text, name, back)
    except RefusedQueryError as error:
        return Side(name, language, integration, Any_(()), refusal=str(error))
    own = text if language == "eql" and category == CATEGORY else None
    return Side(name, language, integration, numbered(cut), query, own)


def _readers() -> Mapping[str, Callable[..., tuple[Mapping[str, object], Cut]]]:
    from sigmaproof.diff.dslside import read_dsl
    from sigmaproof.diff.luceneside import read_lucene

    return {"lucene": read_lucene, "dsl": read_dsl}


def _types(integration: str) -> Mapping[str, Any]:
    from sigmaproof.verify.engines.mapping import mapping
    from sigmaproof.verify.eql import types_of

    return types_of(mapping(table(integration)))
