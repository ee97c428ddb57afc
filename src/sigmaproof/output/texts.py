"""What renderers share: text that does nothing where it is shown, source lines, and the fingerprint of a finding."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from sigmaproof.diagnostics import Diagnostic
from sigmaproof.inputs import RULE_SUFFIXES
from sigmaproof.output.consoles import visible
from sigmaproof.repository import relative

__all__ = ["clean", "fingerprints", "one_line", "source_line"]

MOST_BYTES = 2_000_000
# Lone surrogates, which neither UTF-8 nor a strict reader of JSON takes, and what XML 1.0 has no place for.
_ILLEGAL = re.compile("[\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    """The text with every character written out that a terminal would obey, or that a document can't hold."""
    return _ILLEGAL.sub(lambda found: f"\\u{ord(found[0]):04x}", visible(text))


def one_line(text: str) -> str:
    """The same without line ends, so that what a text quotes can't look like a line of its own."""
    return clean(" ".join(text.split("\n")))


def source_line(finding: Diagnostic) -> str | None:
    """The line of a rule or a test file at which a finding stands; None where there is none to show."""
    place = finding.place
    path = Path(place.file).absolute()
    try:
        lines = _lines(path, path.stat().st_mtime_ns) if place.line and path.suffix in RULE_SUFFIXES else ()
    except (OSError, ValueError):
        return None
    return lines[place.line - 1] if 0 < place.line <= len(lines) else None


@lru_cache(maxsize=64)
def _lines(path: Path, _: int) -> tuple[str, ...]:
    """The lines of a file, as YAML counts them, at the time when it was changed last."""
    with path.open("rb") as stream:
        content = stream.read(MOST_BYTES)
    return tuple(re.split("\r\n|[\n\r\x85\u2028\u2029]", content.decode("utf-8-sig", "replace")))


def fingerprints(findings: Sequence[Diagnostic], root: Path) -> list[str]:
    """For each finding a value that stays when lines move: of its code, its file, its line's text and its number.

    Findings of one code on the same text are told apart by their number, so all values differ.
    """
    found: list[str] = []
    seen: Counter[str] = Counter()
    for finding in findings:
        text = " ".join((source_line(finding) or "").split())
        parts = [finding.code, relative(finding.place.file, root), text]
        digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
        seen[digest] += 1
        found.append(f"{digest}:{seen[digest]}")
    return found
