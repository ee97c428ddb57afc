"""Prints or writes converted queries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from sigmaproof.fidelity import Conversion
from sigmaproof.output.consoles import note, plural
from sigmaproof.rules import Rule

__all__ = ["claim_words", "write_conversions"]

_SUFFIX = {"eql": ".eql", "lucene": ".lucene", "native": ".json"}


def write_conversions(pairs: Sequence[tuple[Rule, Conversion]], form: str, directory: Path | None) -> None:
    """Prints queries: one alone bare, several under a comment line each; as JSON one object a line; or as files."""
    for _, conversion in pairs:
        _remark(conversion)
    if directory is not None:
        _write_files(pairs, directory)
    elif form == "json":
        for _, conversion in pairs:
            print(json.dumps(conversion.to_json(), ensure_ascii=False))
    else:
        _print_queries(pairs)


def _print_queries(pairs: Sequence[tuple[Rule, Conversion]]) -> None:
    several_targets = len({conversion.target for _, conversion in pairs}) > 1
    for _, conversion in pairs:
        if conversion.query is None:
            continue
        if len(pairs) > 1:
            target = f" ({conversion.target})" if several_targets else ""
            print(f"# {conversion.rule_id} {_one_line(conversion.title)}{target}")
        print(query_text(conversion))


def query_text(conversion: Conversion) -> str:
    """The query as text; the native tree as JSON."""
    if isinstance(conversion.query, str):
        return conversion.query
    return json.dumps(conversion.query, ensure_ascii=False, indent=2)


def _one_line(text: str) -> str:
    return " ".join(text.split())


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


def _write_files(pairs: Sequence[tuple[Rule, Conversion]], directory: Path) -> None:
    """One file a query: DIR/target/rule.ext; rules that share a file get their id into the name."""
    stems = [Path(rule.file).stem for rule, _ in pairs]
    for (rule, conversion), stem in zip(pairs, stems, strict=True):
        if conversion.query is None:
            continue
        shared = len({r.id for (r, _), s in zip(pairs, stems, strict=True) if s == stem}) > 1
        name = f"{stem}-{_file_name(rule.id)}" if shared else stem
        path = directory / conversion.target / f"{name}{_SUFFIX[conversion.target]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(query_text(conversion) + "\n", encoding="utf-8")
    written = sum(conversion.query is not None for _, conversion in pairs)
    note(f"{plural(written, 'file')} written to {directory}")


def _file_name(text: str) -> str:
    return "".join(char if char.isalnum() or char in "-_" else "_" for char in text)
