"""The index mapping: from the field table, and for all other fields as Elastic's ecs@mappings has it.

What an engine without Elastic's plug-ins has no type for takes the nearest one (`_NEAREST`); a cluster that has
them gets the types as they are, and the integration's constants with their value. A type that another product has
under another name (OpenSearch's flat_object) is renamed (`stand_ins`). The mapping is strict:
ignore_malformed is off, so a value that does not fit its field rejects the document. (Elastic's own `logs@settings`
sets it to true; then the document stays and only that field is not indexed.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sigmaproof.fields import FieldTable, Home

__all__ = ["ELASTIC_TYPES", "mapping"]

_NEAREST = {"constant_keyword": "keyword", "wildcard": "keyword", "match_only_text": "text"}
ELASTIC_TYPES = frozenset(_NEAREST)
"""The types that only Elastic's distribution has."""
# The integration's constant_keyword fields (its base-fields.yml). Their value is set: without one the first document
# would set it, and an index without documents has none.
_CONSTANT = ("data_stream.type", "data_stream.dataset", "data_stream.namespace", "event.module", "event.dataset")
_LIMITED = {"keyword"}
"""Types for which we write ignore_above: a flattened field has one too, but the integration sets none."""

# Elastic's component template ecs@mappings, in its order: name, type, ignore_above, patterns of the path,
# only for JSON strings. Sub-fields of type match_only_text and the rows for numbers are left out.
_ECS: tuple[tuple[str, str, int | None, tuple[str, ...], bool], ...] = (
    ("message", "match_only_text", None, ("message", "*.message"), True),
    ("ip", "ip", None, ("ip", "*.ip", "*_ip"), True),
    (
        "wildcard",
        "wildcard",
        None,
        ("*.io.text", "*.message_id", "*registry.data.strings", "*url.path"),
        True,
    ),
    ("long", "wildcard", None, ("*.body.content", "*url.full", "*url.original"), True),
    ("lines", "wildcard", None, ("*command_line", "*stack_trace"), True),
    (
        "unlimited",
        "keyword",
        None,
        (
            *("*.title", "*.executable", "*.name", "*.working_directory", "*.full_name", "*file.path"),
            *("*file.target_path", "*os.full", "email.subject", "vulnerability.description"),
            "user_agent.original",
        ),
        True,
    ),
    (
        "date",
        "date",
        None,
        (
            *(
                "*.timestamp",
                "*_timestamp",
                "*.not_after",
                "*.not_before",
                "*.accessed",
                "created",
                "*.created",
            ),
            *("*.installed", "*.creation_date", "*.ctime", "*.mtime", "ingested", "*.ingested", "*.start"),
            "*.end",
        ),
        True,
    ),
    ("geo_point", "geo_point", None, ("location", "*.location"), False),
    ("flattened", "flattened", None, ("*structured_data", "*exports", "*imports"), False),
    ("strings", "keyword", 1024, (), True),
)
# Filebeat's index template declares its fields one by one; any other text is a keyword.
_DYNAMIC = {"ecs": _ECS, "beats": (("strings", "keyword", 1024, (), True),)}


def mapping(table: FieldTable, *, elastic: bool = False, stand_ins: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The `mappings` object of an index for the documents of this table. elastic: with ELASTIC_TYPES. stand_ins: types
    that the server has under another name, as a `Dialect` tells them.

    Every home of a field and every derived field stands in `properties`, except those within a flattened
    field, which are only its leaves. Raises ValueError when the table
    gives one name two types, or puts a field below one that can have none.
    """
    root: dict[str, Any] = {"properties": {}}
    homes = [home for field in table.fields for home in field.homes if home.within is None]
    for name, home in sorted(_distinct([*homes, *table.derived]).items()):
        _place(root, name, home)
    if elastic and table.dynamic == "ecs":  # Filebeat's template has them as keywords
        for name in (name for name in _CONSTANT if name in table.constants):
            _replace(root, name, {"type": "constant_keyword", "value": table.constants[name]})
    made = {
        "date_detection": False,
        "numeric_detection": False,
        "dynamic_templates": [one for row in _DYNAMIC[table.dynamic] for one in _templates(*row, elastic)],
        "properties": root["properties"],
    }
    return _renamed(made, stand_ins) if stand_ins else made


def _renamed(node: Any, stand_ins: Mapping[str, str]) -> Any:
    """The same with other names of types. A field that is itself called `type` has a map there, no text."""
    if isinstance(node, list):
        return [_renamed(one, stand_ins) for one in node]
    if not isinstance(node, dict):
        return node
    made = {key: _renamed(value, stand_ins) for key, value in node.items()}
    kind = made.get("type")
    return {**made, "type": stand_ins.get(kind, kind)} if isinstance(kind, str) else made


def _distinct(homes: Iterable[Home]) -> dict[str, Home]:
    """Homes by name. Several raw fields may share one, if they agree on what it is."""
    found: dict[str, Home] = {}
    for home in homes:
        first = found.setdefault(home.name, home)
        if _leaf(first.type, first.ignore_above) != _leaf(home.type, home.ignore_above):
            raise ValueError(
                f"the field table gives {home.name} two types: {_leaf(first.type, first.ignore_above)} and "
                f"{_leaf(home.type, home.ignore_above)}"
            )
    return found


def _place(root: dict[str, Any], name: str, home: Home) -> None:
    """Put one home where its dots say. Parents come first: the names are sorted.

    Below a keyword it is a multi-field (`request_parameters.text`), below a flattened field an error.
    """
    *parents, last = name.split(".")
    node = root
    for parent in parents:
        node = _children(node, name).setdefault(parent, {"properties": {}})
    _children(node, name)[last] = _leaf(home.type, home.ignore_above)


def _replace(root: dict[str, Any], name: str, leaf: dict[str, Any]) -> None:
    *parents, last = name.split(".")
    node = root
    for parent in parents:
        node = node["properties"][parent]
    node["properties"][last] = leaf


def _children(node: dict[str, Any], name: str) -> dict[str, Any]:
    if node.get("type") == "flattened":
        raise ValueError(f"{name} lies below a flattened field, which holds no fields of its own")
    children: dict[str, Any] = node.setdefault("fields" if "type" in node else "properties", {})
    return children


def _leaf(kind: str, ignore_above: int | None, elastic: bool = False) -> dict[str, Any]:
    leaf: dict[str, Any] = {"type": kind if elastic else _NEAREST.get(kind, kind)}
    if ignore_above is not None and leaf["type"] in _LIMITED:
        leaf["ignore_above"] = ignore_above
    return leaf


def _templates(
    name: str, kind: str, ignore_above: int | None, patterns: tuple[str, ...], strings: bool, elastic: bool
) -> Iterator[dict[str, Any]]:
    """A template for each pattern: the first releases of Elasticsearch 8 take a list of patterns for one text, and say
    nothing (elastic/elasticsearch, pull request 95558)."""
    rule: dict[str, Any] = {"mapping": _leaf(kind, ignore_above, elastic)}
    if strings:
        rule["match_mapping_type"] = "string"
    if not patterns:
        yield {f"ecs_{name}": rule}
    for number, pattern in enumerate(patterns, 1):
        yield {f"ecs_{name}_{number}": {**rule, "path_match": pattern}}
