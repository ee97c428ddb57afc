"""Where diagnostics go during a long run: to stderr, to an error log, or, on a terminal, from some number on only into
a count. None is lost without a word: what is not shown is counted, and the count says how to have it all.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from sigmaproof.diagnostics import as_text
from sigmaproof.drafts import told
from sigmaproof.output.consoles import note, visible

if TYPE_CHECKING:
    from sigmaproof.diagnostics import Diagnostic

__all__ = ["SHOWN", "Problems", "as_json"]

SHOWN = 20
"""Diagnostics of one code that are shown where not all are."""


def as_json(finding: Diagnostic) -> str:
    """code, level, file, line, column (0 when unknown), message, help (a contract)."""
    fields = {"code": finding.code, "level": finding.level, **finding.place.to_json()}
    return json.dumps({**fields, "message": finding.message, "help": finding.help}, ensure_ascii=False)


class Problems:
    """Takes diagnostics. counts: how many of each code. Raises InputError where the log can't be written.

    log: the file that gets all of them, one JSON object a line, as they come. On a terminal, or with a log, the first
    SHOWN of each code are printed; elsewhere all are.
    """

    def __init__(self, log: Path | None) -> None:
        self.counts: Counter[str] = Counter()
        self._log = log
        self._stream: TextIO | None = None
        self._all = log is None and not sys.stderr.isatty()
        if log is not None:
            with told(log):
                self._stream = log.open("w", encoding="utf-8", errors="backslashreplace", buffering=1)

    def show(self, finding: Diagnostic) -> None:
        """Takes a diagnostic."""
        self.counts[finding.code] += 1
        if self._stream is not None and self._log is not None:
            with told(self._log):
                self._stream.write(as_json(finding) + "\n")
        if self._all or self.counts[finding.code] <= SHOWN:
            note(visible(as_text(finding)))
        elif self.counts[finding.code] == SHOWN + 1:
            where = f"in {self._log}" if self._log else "with --error-log FILE"
            note(f"more of [{finding.code}] are counted, not shown here; all are {where}")

    def in_words(self) -> str:
        """`problems: 3 log-record, 1 log-unreadable; all are in errors.ndjson`, or nothing."""
        if not self.counts:
            return ""
        codes = ", ".join(f"{count:,} {code}" for code, count in sorted(self.counts.items()))
        return f"problems: {codes}{f'; all are in {self._log}' if self._log else ''}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None and self._log is not None:
            with told(self._log):
                self._stream.close()
