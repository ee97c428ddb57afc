"""Writes the JSON Schema of Sigma 2.1 for editors and for `check`: schema/sigma-2.1.json, and its copy in the package;
and schema/rules-and-tests-1.json, that of every YAML file in a directory of rules, for editors.

Rules, correlations and filters (specification 2.1). Modifiers and the fields of CloudTrail come from the modules that
know them; a field that is none of these is allowed, as rules are for other log sources too. The forms of test files are
those of the package's schemas. `--check` changes nothing and fails when a file is stale.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from sigmaproof.fields import Field, table
from sigmaproof.rulevalues import MODIFIERS

ROOT = Path(__file__).parents[1]
PACKAGED = ROOT / "src/sigmaproof/schemas"
RULES, BOTH = ROOT / "schema/sigma-2.1.json", ROOT / "schema/rules-and-tests-1.json"
SPECIFICATION = "https://sigmahq.io/sigma-specification/"
UUID = "^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$"


def text(description: str, **more: Any) -> dict[str, Any]:
    """A text, with what to say of it."""
    return {"type": "string", "description": description, **more}


def one_of(values: str, description: str) -> dict[str, Any]:
    """One of some words."""
    return {"enum": values.split(), "description": description}


def texts(description: str, **more: Any) -> dict[str, Any]:
    """A list of texts that has something in it."""
    return {"type": "array", "items": {"type": "string", **more}, "minItems": 1, "description": description}


DATE = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
ID = text("id is a random UUID: delete the line, and `sigmaproof check --fix` makes one", pattern=UUID)
OTHER_ID = text("id is the id of the other rule, a UUID", pattern=UUID)
NUMBER = {"type": "number"}
COMMON: dict[str, Any] = {
    "title": text("title is what the rule detects, in at most 256 characters", minLength=1, maxLength=256),
    "id": ID,
    "name": text("name is a short unique name that correlations and filters can use in place of the id", minLength=1),
    "taxonomy": text("taxonomy says whose names of fields are used; `sigma` without it"),
    "status": one_of(
        "stable test experimental deprecated unsupported",
        "status is one of stable, test, experimental, deprecated, unsupported",
    ),
    "description": text("description is a text of at most 65,535 characters", maxLength=65_535),
    "license": text("license is an SPDX identifier, such as Apache-2.0"),
    "author": text("author is one text; several names stand in it with commas between them"),
    "references": texts("references is a list of addresses of what the rule was made from"),
    "date": {**DATE, "description": "date is YYYY-MM-DD: when the rule was written"},
    "modified": {**DATE, "description": "modified is YYYY-MM-DD: when the rule was last changed"},
    "related": {
        "type": "array",
        "description": "related is a list of rules, each with `id` and `type`",
        "items": {
            "type": "object",
            "required": ["id", "type"],
            "description": "each of related has an `id` and a `type`",
            "properties": {
                "id": OTHER_ID,
                "type": one_of(
                    "derived obsolete merged renamed similar",
                    "type is one of derived, obsolete, merged, renamed, similar",
                ),
            },
        },
    },
    "tags": texts("tags is a list of texts such as attack.t1098 or attack.persistence"),
    "falsepositives": texts("falsepositives is a list of texts"),
    "level": one_of(
        "informational low medium high critical", "level is one of informational, low, medium, high, critical"
    ),
    "scope": texts("scope is a list of texts: for which servers or environments the rule is"),
    "fields": texts("fields is a list of names that help whoever looks at an alert"),
    "logsource": {
        "type": "object",
        "description": "logsource is a map with product, service or category",
        "minProperties": 1,
        "properties": {
            "product": text("product is such as aws", examples=["aws"]),
            "service": text("service is such as cloudtrail", examples=["cloudtrail"]),
            "category": text("category is such as process_creation"),
            "definition": text("definition says which settings the log source needs"),
        },
    },
}
VALUE = {"type": ["string", "number", "boolean", "null"], "description": "a text, a number, true, false or null"}
LISTED = {"type": ["string", "number", "boolean"], "description": "a text or a number; null has a test of its own"}


def known(field: Field) -> str:
    """What an editor shows of a field."""
    home = field.homes[0].name if field.homes else "nowhere"
    values = f"; AWS writes {', '.join(field.writes.values)}" if field.writes.values else ""
    return f"CloudTrail's {field.raw}, in ECS {home}{values}"


def selection() -> dict[str, Any]:
    """A selection: a map of fields, a list of such maps, or keywords."""
    item = {"anyOf": [VALUE, {"type": "array", "items": LISTED, "minItems": 1}]}
    field_map = {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {
            "pattern": rf"^[^|\u0000]*(\|({'|'.join(sorted(MODIFIERS))}))*$",
            "description": "a field, then modifiers, each after a `|`: eventName|contains",
        },
        "properties": {field.raw: {**item, "description": known(field)} for field in table().fields},
        "additionalProperties": item,
    }
    keyword = {"type": ["string", "number"]}
    listed = {"type": "array", "minItems": 1, "items": {"anyOf": [keyword, {"$ref": "#/$defs/fields"}]}}
    return {
        "fields": field_map,
        "selection": {
            "anyOf": [{"$ref": "#/$defs/fields"}, listed, keyword],
            "description": "a selection is a map of fields and values, a list of such maps, or a list of keywords",
        },
    }


CONDITION = {
    "anyOf": [
        {"type": "string", "minLength": 1},
        {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
    ],
    "description": "condition is a text such as `selection and not filter`, or a list of them",
}
REFERENCES = {
    "anyOf": [{"type": "string", "minLength": 1}, texts("", minLength=1)],
    "description": "rules is a list of ids or names of rules",
}
COUNTED = ["event_count", "value_count", "value_sum", "value_avg", "value_percentile"]
TYPES = [*COUNTED, "temporal", "temporal_ordered", "temporal_extended", "temporal_ordered_extended"]


def counts() -> dict[str, Any]:
    """The condition of a correlation that counts."""
    numbers = dict.fromkeys(("gt", "gte", "lt", "lte", "eq", "neq"), NUMBER)
    return {
        "type": "object",
        "description": "condition of a count is a map such as {gte: 10}",
        "properties": {**numbers, "field": {"anyOf": [{"type": "string"}, texts("")]}, "percentile": NUMBER},
        "additionalProperties": False,
        "anyOf": [{"required": [name]} for name in numbers],
    }


def correlation() -> dict[str, Any]:
    """The section of a correlation."""
    field = {"required": ["field"], "description": "condition of this type needs the `field` that it counts"}
    return {
        "type": "object",
        "required": ["type", "rules", "timespan"],
        "description": "correlation is a map with type, rules, group-by, timespan and condition",
        "properties": {
            "type": one_of(" ".join(TYPES), f"type is one of {', '.join(TYPES)}"),
            "rules": REFERENCES,
            "group-by": {
                "anyOf": [{"type": "string"}, texts("")],
                "description": "group-by is a list of fields: what has the same values in them is counted together",
            },
            "timespan": text("timespan is a number and s, m, h or d: 10m", pattern=r"^\d+[smhd]$"),
            "aliases": {
                "type": "object",
                "additionalProperties": {"type": "object", "additionalProperties": {"type": "string"}},
                "description": "aliases is a map: a name, then by rule the field that it stands for",
            },
            "condition": {
                "anyOf": [{"$ref": "#/$defs/counts"}, {"type": "string", "minLength": 1}],
                "description": "condition is a map such as {gte: 10}; of an extended type a text",
            },
            "generate": {"type": "boolean", "description": "generate is true or false"},
        },
        "allOf": [
            {
                "if": {"properties": {"type": {"enum": COUNTED}}, "required": ["type"]},
                "then": {"required": ["condition"], "properties": {"condition": {"$ref": "#/$defs/counts"}}},
            },
            {
                "if": {"properties": {"type": {"enum": COUNTED[1:]}}, "required": ["type"]},
                "then": {"properties": {"condition": field}},
            },
        ],
    }


def document(section: str, form: dict[str, Any], required: list[str], left_out: str = "") -> dict[str, Any]:
    """One of the three kinds of documents."""
    properties = {key: value for key, value in COMMON.items() if key not in left_out.split()}
    return {"type": "object", "required": required, "properties": {**properties, section: form}}


def schema() -> dict[str, Any]:
    """The whole schema."""
    one_selection = {"additionalProperties": {"$ref": "#/$defs/selection"}}
    detection = {
        "type": "object",
        "required": ["condition"],
        "minProperties": 2,
        "properties": {"condition": CONDITION, "timeframe": {"type": "string"}},
        "description": "detection is a map with selections and, beside them, `condition`",
        **one_selection,
    }
    rules = {**REFERENCES, "description": "rules is a list of ids or names of rules, or `any` for all of the logsource"}
    filter = {
        "type": "object",
        "required": ["rules", "condition"],
        "minProperties": 3,
        "properties": {"rules": rules, "condition": text("condition is one text such as `not selection`", minLength=1)},
        "description": "filter is a map with rules, selections and, beside them, `condition`",
        **one_selection,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": "Written by scripts/make_schema.py. For editors: see docs/check.md.",
        "title": "Sigma 2.1: a rule, a correlation or a filter",
        "description": f"As the specification has it ({SPECIFICATION}). Keys of one's own are allowed.",
        "type": "object",
        "if": {"required": ["correlation"], "not": {"required": ["detection"]}},
        "then": {"$ref": "#/$defs/correlation-rule"},
        "else": {
            "if": {"required": ["filter"], "not": {"required": ["detection"]}},
            "then": {"$ref": "#/$defs/filter-rule"},
            "else": {"$ref": "#/$defs/rule"},
        },
        "$defs": {
            "rule": document("detection", detection, ["title", "logsource", "detection"]),
            "correlation-rule": document("correlation", correlation(), ["title", "correlation"], "logsource"),
            "filter-rule": document("filter", filter, ["title", "logsource", "filter"], "status level"),
            "counts": counts(),
            **selection(),
        },
    }


def rules_and_tests() -> dict[str, Any]:
    """A rule, or a test file in our own form or in Panther's: editors can't leave `*.test.yml` out of `rules/**/*.yml`.

    yaml-language-server knows patterns with `!` since late 2026 only; others apply the first schema to all files.
    """
    rules, own, panther = schema(), _packaged("ruletest"), _packaged("panthertests")
    keys = [*own["properties"], *panther["required"]]
    is_test = {"anyOf": [{"required": [key]} for key in keys], "not": {"required": ["detection"]}}
    definitions = {**rules.pop("$defs"), **own.pop("$defs"), "tests": own, "panther-tests": panther}
    rule = {key: rules.pop(key) for key in ("if", "then", "else")}
    return {
        **rules,
        "title": "Sigma 2.1 and the tests of sigmaproof: every YAML file in a directory of rules",
        "if": is_test,
        "then": {
            "if": {"required": panther["required"]},
            "then": {"$ref": "#/$defs/panther-tests"},
            "else": {"$ref": "#/$defs/tests"},
        },
        "else": rule,
        "$defs": definitions,
    }


def _packaged(name: str) -> dict[str, Any]:
    """A schema of the package, as a part of another one."""
    found: dict[str, Any] = json.loads((PACKAGED / f"{name}.schema.json").read_text(encoding="utf-8"))
    return {key: value for key, value in found.items() if key != "$schema"}


def contents() -> dict[Path, str]:
    """What is to stand in each file."""
    rules, both = (json.dumps(one, indent=1, ensure_ascii=False) + "\n" for one in (schema(), rules_and_tests()))
    return {RULES: rules, PACKAGED / "sigma.schema.json": rules, BOTH: both}


def main() -> int:
    """Writes the files, or says which are stale; returns the exit code."""
    fresh = contents()
    stale = [path for path in fresh if not path.exists() or path.read_text(encoding="utf-8") != fresh[path]]
    for path in stale:
        if "--check" in sys.argv:
            print(f"{path.relative_to(ROOT)} is stale: run python scripts/make_schema.py", file=sys.stderr)
        else:
            path.write_text(fresh[path], encoding="utf-8")
    return int("--check" in sys.argv and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
