"""Prints the findings of `check`: text as compilers print it, or one JSON object a line."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace

from sigmaproof.diagnostics import Diagnostic, as_text
from sigmaproof.output.consoles import note, plural, visible

__all__ = ["write_codes", "write_findings", "write_page"]


def write_page(code: str) -> None:
    """The page of a code."""
    from sigmaproof.check.pages import page
    from sigmaproof.check.registry import FIXED, entry

    one = entry(code)
    repaired = ", repaired by --fix" if code in FIXED else ""
    print(f"{code} ({one.layer}, {one.level}{repaired})\n\n{page(code).text}")


def write_codes() -> None:
    """Every code in a line: its level and the first line of its page, by layer."""
    from sigmaproof.check.pages import page
    from sigmaproof.check.registry import LAYERS, entries

    for layer, question in LAYERS.items():
        print(f"{layer}: {question}")
        for code, one in entries().items():
            if one.layer == layer:
                print(f"  {code:20} {one.level:8} {page(code).summary}")


def write_findings(findings: Sequence[Diagnostic], rules: int, form: str) -> None:
    """The findings to stdout in the order of their places, their numbers to stderr."""
    for finding in sorted(findings, key=lambda one: (one.place.file, one.place.line, one.place.column)):
        print(_json(finding) if form == "json" else visible(as_text(_in_one_line(finding))))
    levels = Counter(finding.level for finding in findings)
    counts = ", ".join(plural(levels[level], level) for level in ("error", "warning", "note"))
    note(f"{plural(rules, 'rule')} checked: {counts}")


def _in_one_line(finding: Diagnostic) -> Diagnostic:
    """What a rule says must not look like a finding of its own."""
    file = finding.place.file.replace("\n", "\\n")
    place = replace(finding.place, file=file)
    return replace(finding, place=place, message=" ".join(finding.message.splitlines()))


def _json(finding: Diagnostic) -> str:
    """code, level, file, line, column (0 when unknown), message, help (a contract)."""
    fields = {"code": finding.code, "level": finding.level, **asdict(finding.place)}
    return json.dumps({**fields, "message": finding.message, "help": finding.help}, ensure_ascii=False)
