"""Emitted EQL also parses with the independent parser of the PyPI package `eql`, in Elasticsearch mode.

It sees the same fields and the same texts in it. Two things that Elasticsearch takes and that package does not are
written otherwise for it, and counted: a name that begins with `@`, and `\\u{…}` in a string with a `}` after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from cases import all_cases
from conftest import REQUIRED, ROOT
from hypothesis import event, given, settings
from querytree import fields, literals
from strategies import rules

from sigmaproof.conversion import convert_rule
from sigmaproof.fidelity import Conversion
from sigmaproof.rules import Rule, load_files

if not REQUIRED:
    pytest.importorskip("eql", reason="NOT RUN with the package eql: it is in the extra sigmaproof[test]")

# A string of the query, an escape in it, or a field that begins with @.
_STRING_OR_NAME = re.compile(r'"(?:[^"\\]|\\.)*"|\?@[a-z]+', re.DOTALL)
_ESCAPE = re.compile(r"\\u\{([0-9a-f]+)\}|\\.", re.DOTALL)


def rewritten(query: str) -> str:
    """The query for the package: `@timestamp` in backticks, and each escaped character as itself."""
    return _STRING_OR_NAME.sub(lambda found: _rewritten(found[0]), query)


def _rewritten(part: str) -> str:
    if not part.startswith('"'):
        return f"?`{part[1:]}`"
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[0], part)


def seen(query: str) -> tuple[set[str], set[str]]:
    """The fields and the texts that the package sees in a query. Raises its errors."""
    import eql.ast
    import eql.parser

    with eql.parser.elasticsearch_syntax:
        nodes: list[Any] = list(eql.parser.parse_query(query))
    names = {".".join([node.base, *map(str, node.path)]) for node in nodes if isinstance(node, eql.ast.Field)}
    return names, {node.value for node in nodes if isinstance(node, eql.ast.String)}


def differences(conversions: Iterable[Conversion]) -> list[Any]:
    """Queries that the package reads otherwise. It takes equal texts of a list for one whatever their case."""
    found: list[Any] = []
    for one in conversions:
        names, texts = seen(rewritten(one.query))
        if names != set(fields(one)):
            found.append((one.query, names ^ set(fields(one))))
        others = {text.lower() for text in texts} ^ {text.lower() for _, text in literals(one)}
        if others - {"true", "false"}:  # of the latter, some are booleans
            found.append((one.query, others))
    return found


def converted(rules_of: Iterable[Rule]) -> list[Conversion]:
    return [one for rule in rules_of if (one := convert_rule(rule, "eql")).query is not None]


def test_golden_texts() -> None:
    texts = [file.read_text(encoding="utf-8") for file in sorted((ROOT / "fixtures/golden/eql").glob("*.eql"))]
    assert len(texts) >= 8
    for text in texts:
        assert seen(text)[0]


def test_every_case() -> None:
    """Nearly all of them as they are."""
    found = converted(case.rule for case in all_cases())
    assert len(found) > 200
    assert differences(found) == []
    assert sum(rewritten(one.query) != one.query for one in found) <= len(found) * 0.05


@settings(max_examples=settings().max_examples // 3)
@given(rules())
def test_random_rules(pair: tuple[dict[str, Any], Rule]) -> None:
    found = converted([pair[1]])
    for one in found:
        event("written otherwise" if rewritten(one.query) != one.query else "as it is")
    assert differences(found) == []


def test_public_rules(shared: Path) -> None:
    found = converted(load_files(sorted((shared / "data/sigmahq-rules").rglob("*.yml"))).rules)
    assert len(found) > 20
    assert [one.query for one in found if rewritten(one.query) != one.query] == []
    assert differences(found) == []


WRONG = [
    'any where a == "\\x"',
    "any where a == 'x",
    'any where a "x"',
    'any where a : 5 "',
    'a == "x"',
    "any where a b",
]


@pytest.mark.parametrize("query", WRONG)
def test_the_package_does_refuse(query: str) -> None:
    import eql.errors

    with pytest.raises(eql.errors.EqlParseError):
        seen(query)
