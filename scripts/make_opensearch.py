"""Measures where OpenSearch's flat_object answers another way than Elasticsearch's flattened: docs/opensearch.md.

`python scripts/make_opensearch.py` asks both embedded servers the questions below and writes the table; `--url URL`
prints the differences of another server to the embedded OpenSearch. tests/test_opensearch.py holds the table to both.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sigmaproof.verify.engines import Engine
from sigmaproof.verify.engines.access import access
from sigmaproof.verify.engines.cluster import Cluster
from sigmaproof.verify.engines.elasticsearch import EmbeddedElasticsearch
from sigmaproof.verify.engines.opensearch import EmbeddedOpenSearch

PAGE = Path(__file__).parents[1] / "docs" / "opensearch.md"
BLOCK = re.compile(r"(<!-- measured: begin -->\n).*?(<!-- measured: end -->)", re.DOTALL)

FLAT = "aws.cloudtrail.flattened.request_parameters"
SUB = f"{FLAT}.a.b"
VALUES: dict[str, Any] = {
    "value": {"a": {"b": "Some value"}},
    "longer": {"a": {"b": "Some value, longer"}},
    "lower": {"a": {"b": "some value"}},
    "key": {"a": {"B": "Some value"}},
    "key+": {"a": {"bc": "Some value"}},
    "other": {"c": "Some value"},
    "deeper": {"x": {"a": {"b": "Some value"}}},
    "below": {"a": {"b": {"c": "Some value"}}},
    "dotted": {"a.b": "Some value"},
    "list": {"a": {"b": ["x", "Some value"]}},
    "objects": {"a": [{"b": "Some value"}, {"b": "y", "c": "z"}]},
    "key=": {"a": {"b=Some value": "x"}},
    "trick": {"c": "a.b=Some value"},
    "nul": {"c": "a.b\u0000Some value"},
    "22": {"a": {"b": 22}},
    "22.5": {"a": {"b": 22.5}},
    "true": {"a": {"b": True}},
    "null": {"a": {"b": None}},
    "empty": {"a": {"b": ""}},
    "{}": {"a": {"b": {}}},
    "[]": {"a": {"b": []}},
    "kelvin": {"a": {"b": "\u212a"}},
    "k": {"a": {"b": "k"}},
    "scalar": "Some value",
    "22 levels": None,
    "9,000": {"a": {"b": "x" * 9_000}},
    "32,740": {"a": {"b": "x" * 32_740}},
    "33,000": {"a": {"b": "x" * 33_000}},
    "missing": {},
}


def _text(query: str) -> dict[str, Any]:
    return {"query_string": {"query": query}}


def _leaf(kind: str, value: str, **more: object) -> dict[str, Any]:
    return {kind: {SUB: {"value": value, **more}}}


QUESTIONS: dict[str, dict[str, Any]] = {
    "query_string, the value in quotes *": _text(f'{SUB}:"Some value"'),
    "query_string, a prefix *": _text(f"{SUB}:Some*"),
    "query_string, exists *": _text(f"_exists_:{SUB}"),
    "query_string, exists of the object around": _text(f"_exists_:{FLAT}.a"),
    "query_string, exists of the root": _text(f"_exists_:{FLAT}"),
    "query_string, any value (`*`)": _text(f"{SUB}:*"),
    "query_string, a leading star": _text(f"{SUB}:*value"),
    "query_string, an inner star": _text(f"{SUB}:Some*value"),
    "query_string, a regular expression": _text(f"{SUB}:/[sS]ome value/"),
    "query_string, the root, in quotes *": _text(f'{FLAT}:"Some value"'),
    "query_string, the root, a regular expression *": _text(f"{FLAT}:/.*[sS]ome value.*/"),
    "query_string, the root, an inner star": _text(f"{FLAT}:Some*value"),
    "query_string, a number in quotes *": _text(f'{SUB}:"22"'),
    "query_string, a fraction in quotes *": _text(f'{SUB}:"22.5"'),
    "query_string, a boolean in quotes *": _text(f'{SUB}:"true"'),
    "query_string, the empty text *": _text(f'{SUB}:""'),
    "query_string, a range of numbers": _text(f"{SUB}:[3 TO 100]"),
    "query_string, a value with the sign =, in quotes *": _text(f'{SUB}:"Some value=x"'),
    "query_string, a value below *": _text(f'{SUB}.c:"Some value"'),
    "query_string, 9,000 letters": _text(f"{SUB}:xxx*"),
    "query_string, none of it *": _text(f'NOT {SUB}:"Some value" AND {SUB}:"k"'),
    "term": _leaf("term", "Some value"),
    "term, case-insensitive": _leaf("term", "SOME VALUE", case_insensitive=True),
    "term, case-insensitive, Kelvin sign": _leaf("term", "K", case_insensitive=True),
    "terms": {"terms": {SUB: ["Some value", "k"]}},
    "prefix": _leaf("prefix", "Some"),
    "prefix, case-insensitive": _leaf("prefix", "SOME", case_insensitive=True),
    "wildcard": _leaf("wildcard", "*value"),
    "regexp": _leaf("regexp", "[sS]ome value"),
    "exists": {"exists": {"field": SUB}},
    "range": {"range": {SUB: {"gte": "Some", "lt": "Somf"}}},
}
"""A star: a form that conversions to Lucene use."""
Measured = Mapping[str, str]


def main() -> int:
    """Writes the table, or prints the differences of another server; returns the exit code."""
    with EmbeddedOpenSearch() as opensearch:
        if sys.argv[1:2] == ["--url"]:
            with Cluster(access(sys.argv[2], os.environ)) as other:
                print("\n".join(rows(measured(opensearch), measured(other))))
            return 0
        with EmbeddedElasticsearch() as elasticsearch:
            text = table(measured(elasticsearch), measured(opensearch))
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(BLOCK.sub(lambda found: f"{found[1]}{text}\n{found[2]}", page), encoding="utf-8")
    return 0


def measured(engine: Engine) -> dict[str, str]:
    """What an engine says to each question: the documents that match, in words; first, which it rejects."""
    docs = {
        name: {"aws": {"cloudtrail": {"flattened": {"request_parameters": _deep(value)}}}}
        for name, value in VALUES.items()
    }
    loaded = engine.load(docs.items())
    answers = engine.search(list(QUESTIONS.values()))
    said = {"*indexing*: rejected": _words(set(loaded.rejected))}
    for question, answer in zip(QUESTIONS, answers, strict=True):
        said[question] = "an error" if answer.error else _words(set(answer.matched))
    return said


def _deep(value: Any) -> Any:
    if value is not None:
        return value
    for _ in range(22):
        value = {"k": value or "Some value"}
    return value


def _words(names: set[str]) -> str:
    return ", ".join(name for name in VALUES if name in names) or "none"


def rows(first: Measured, second: Measured) -> list[str]:
    """The rows of a table of what two engines say differently."""
    return [f"| {name} | {said} | {second[name]} |" for name, said in first.items() if second[name] != said]


def table(elasticsearch: Measured, opensearch: Measured) -> str:
    """The whole table: what differs, and what does not."""
    same = [name for name, said in elasticsearch.items() if opensearch[name] == said]
    lines = ["| question | flattened | flat_object |", "|---|---|---|", *rows(elasticsearch, opensearch)]
    return "\n".join([*lines, "", f"The same in both: {'; '.join(same)}."])


if __name__ == "__main__":
    sys.exit(main())
