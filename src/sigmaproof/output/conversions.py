"""Prints converted queries, and what they claim. As files they are in `queryfiles`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from sigmaproof.fidelity import Conversion
from sigmaproof.output.consoles import note
from sigmaproof.queryfiles.manifest import query_text

__all__ = ["claim_words", "remark", "write_conversions"]


def write_conversions(conversions: Sequence[Conversion], form: str) -> None:
    """Prints queries: one alone bare, several under a comment line each; as JSON one object a line."""
    remark(conversions)
    if form == "json":
        for conversion in conversions:
            print(json.dumps(conversion.to_json(), ensure_ascii=False))
    else:
        _print_queries(conversions)


def _print_queries(conversions: Sequence[Conversion]) -> None:
    several_targets = len({conversion.target for conversion in conversions}) > 1
    for conversion in conversions:
        if conversion.query is None:
            continue
        if len(conversions) > 1:
            target = f" ({conversion.target})" if several_targets else ""
            print(f"# {conversion.rule_id} {_one_line(conversion.title)}{target}")
        print(query_text(conversion))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def remark(conversions: Iterable[Conversion]) -> None:
    """Says on stderr which conversions are refused, approximate or expensive."""
    for conversion in conversions:
        _remark(conversion)


def _remark(conversion: Conversion) -> None:
    name = f"{_one_line(conversion.title)} [{conversion.target}]"
    if conversion.refusal is not None:
        note(f"refused: {name}: {conversion.refusal}")
    elif conversion.reasons:
        note(f"approximate: {name}: {claim_words(conversion)}")
    if conversion.expensive and conversion.refusal is None:
        note(f"expensive: {name}: clusters with search.allow_expensive_queries: false reject it")


def claim_words(conversion: Conversion) -> str:
    """The reasons in one line: `limit (extra), rendered-text (misses)`."""
    return ", ".join(dict.fromkeys(f"{reason.code} ({reason.direction})" for reason in conversion.reasons))
