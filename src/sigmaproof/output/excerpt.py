"""Findings as text: the line that compilers print, the line of the source with carets under what is meant, the help."""

from __future__ import annotations

import re
from dataclasses import replace

from sigmaproof.diagnostics import Diagnostic, as_text
from sigmaproof.output.texts import clean, one_line, source_line

__all__ = ["excerpt", "finding_text", "message_text"]

WIDEST, BEFORE = 100, 30
"""Characters of a source line that are shown, and how many of them before the column that is meant."""
TAB = "    "
# A key or a value of YAML: in quotes, or up to what ends it.
_WORD = re.compile(r"""'[^']*'|"[^"]*"|[^\s,\[\]{}]*[^\s,\[\]{}:]""")


def finding_text(finding: Diagnostic) -> str:
    """`file:line:column: level: message [code]`, the source line with carets, and the help."""
    first, *rest = message_text(finding).split("\n")
    return "\n".join([first, *excerpt(finding), *rest])


def message_text(finding: Diagnostic) -> str:
    """The same without the source line. What it quotes of a rule is shown, and can't look like another finding, or
    like a command to the pipeline that reads the output."""
    return clean(as_text(replace(finding, message=one_line(finding.message), help=one_line(finding.help))))


def excerpt(finding: Diagnostic) -> list[str]:
    """The source line with its number, and carets; nothing when the place has no line that can be shown.

    Where the column is known they stand under the key or the value that begins there, otherwise under the whole text
    of the line.
    """
    line = source_line(finding)
    if line is None or not line.strip():
        return []
    start = finding.place.column - 1 if finding.place.column else len(line) - len(line.lstrip())
    start = min(start, len(line.rstrip()))
    word = _WORD.match(line, start) if finding.place.column else None
    end = word.end() if word else start + 1 if finding.place.column else len(line.rstrip())
    shown, before, marked = _window(line.rstrip(), start, end)
    margin = " " * len(str(finding.place.line))
    return [
        f"  {margin} |",
        f"  {finding.place.line} | {shown}",
        f"  {margin} | {' ' * before}{'^' * max(1, marked)}",
    ]


def _window(line: str, start: int, end: int) -> tuple[str, int, int]:
    """The part of a line that is shown, the width of what stands before the carets, and the width of the carets."""
    first = max(0, start - BEFORE) if len(line) > WIDEST and start > WIDEST - BEFORE else 0
    last = min(len(line), first + WIDEST)
    head, tail = "… " if first else "", " …" if last < len(line) else ""
    parts = (line[first:start], line[start : min(end, last)], line[min(end, last) : last])
    before, marked, after = (clean(part).replace("\t", TAB) for part in parts)
    return head + before + marked + after + tail, _width(head + before), _width(marked)


def _width(text: str) -> int:
    """Columns of a terminal that a text takes: characters of East Asian scripts take two."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
