"""Field types as EQL sees them, and how they are read from an index mapping.

Which operation wants which type is the analysis's business; this module only knows names and families.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

# Elasticsearch's type -> the name EQL has for it (x-pack/plugin/ql, DataTypes; wildcard and constant_keyword
# report the family keyword, match_only_text the family text). What is missing here is unsupported in EQL.
TYPE_NAMES: Mapping[str, str] = {
    **{name: name for name in ("boolean", "byte", "short", "integer", "long", "unsigned_long")},
    **{name: name for name in ("double", "float", "half_float", "scaled_float", "ip", "version", "binary")},
    **dict.fromkeys(("keyword", "wildcard", "constant_keyword"), "keyword"),
    **dict.fromkeys(("text", "match_only_text"), "text"),
    **dict.fromkeys(("date", "date_nanos"), "datetime"),
    "object": "object",
    "nested": "nested",
}
STRINGS = frozenset({"keyword", "text"})
INTEGERS = frozenset({"byte", "short", "integer", "long", "unsigned_long"})
NUMBERS = INTEGERS | {"double", "float", "half_float", "scaled_float"}


@dataclass(frozen=True, slots=True)
class FieldType:
    """One mapped field.

    `type` is Elasticsearch's mapping type, `ignore_above` its limit in characters (for the reader; no
    lowering depends on it), `exact` the keyword sub-field that serves a text field in exact comparisons
    (full name), `refusal` why EQL can't use the field at all, though its type would do.
    """

    type: str
    ignore_above: int | None = None
    exact: str | None = None
    refusal: str | None = None

    @property
    def name(self) -> str:
        """EQL's name for the type, `unsupported` if it has none."""
        return TYPE_NAMES.get(self.type, "unsupported")


def compatible(left: str, right: str) -> bool:
    """May an `in` list hold a value of type `right` for a field of type `left`?
    (DataTypes.areCompatible)"""
    if left == right or "null" in (left, right):
        return True
    return {left, right} <= STRINGS or {left, right} <= NUMBERS


def types_of(mapping: Mapping[str, Any]) -> dict[str, FieldType]:
    """Each field of an index mapping by its full name.

    `mapping` is `{"properties": …}`, or that under a `mappings` key. Multi-fields count as fields.
    Sub-keys of a flattened field aren't fields. Objects and nested fields are listed, so that using
    them gives EQL's own error. Runtime fields and dynamic templates aren't read.
    """
    tree = mapping.get("mappings", mapping)
    found = dict(_properties(tree.get("properties", {}), "", None))
    return {name: _aliased(kind, found) for name, kind in found.items()}


def _properties(tree: Mapping[str, Any], prefix: str, nested: str | None) -> Iterator[tuple[str, FieldType]]:
    for key, entry in tree.items():
        name = prefix + key
        kind = entry.get("type", "object")
        yield name, _field(name, kind, entry, nested)
        for sub, child in entry.get("fields", {}).items():
            inner = f"{name}.{sub}"
            yield inner, _field(inner, child["type"], child, nested)
        inside = name if kind == "nested" and nested is None else nested
        yield from _properties(entry.get("properties", {}), f"{name}.", inside)


def _field(name: str, kind: str, entry: Mapping[str, Any], nested: str | None) -> FieldType:
    made = FieldType(kind, entry.get("ignore_above"))
    if nested is not None:
        return replace(made, refusal=f"with unsupported nested type in hierarchy (field [{nested}])")
    if made.name == "keyword" and "normalizer" in entry:
        return replace(made, refusal="a normalized keyword field can't be used for exact matches")
    if kind == "alias":
        return replace(made, exact=entry["path"])
    return _with_exact(made, name, entry) if made.name == "text" else made


def _with_exact(made: FieldType, name: str, entry: Mapping[str, Any]) -> FieldType:
    exact = [
        sub
        for sub, child in entry.get("fields", {}).items()
        if TYPE_NAMES.get(child["type"]) == "keyword" and "normalizer" not in child
    ]
    if len(exact) > 1:
        return replace(made, refusal=f"several keyword sub-fields {exact} could serve; name one of them")
    return replace(made, exact=f"{name}.{exact[0]}") if exact else made


def _aliased(kind: FieldType, found: Mapping[str, FieldType]) -> FieldType:
    target = found.get(kind.exact or "") if kind.type == "alias" else None
    return target or kind
