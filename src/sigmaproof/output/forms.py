"""The forms in which matches are written as text, a few lines each: what stands before the first, and the text of one.

How a file is written is in `drafts`, Parquet, which is no text, in `parquet`, the documents of alerts in `alerts`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from io import StringIO
from typing import TYPE_CHECKING, Protocol

from sigmaproof.output.columns import COLUMNS, cells

if TYPE_CHECKING:
    from sigmaproof.diagnostics import Diagnostic
    from sigmaproof.evaluate.run import Match

__all__ = ["FORMS", "Bulk", "Csv", "Ecs", "JsonLines", "TextForm", "harmless"]


class TextForm(Protocol):
    """head: what stands before the first match."""

    head: str

    def text(self, match: Match) -> str:
        """The match, with its line's end."""
        ...


class JsonLines:
    """The lines of `evaluate --format json` (a contract, see `Match.to_json`)."""

    head = ""

    def __init__(self, integration: str, report: Callable[[Diagnostic], None]) -> None:
        del integration, report

    def text(self, match: Match) -> str:
        """One object on one line."""
        return json.dumps(match.to_json(), ensure_ascii=True) + "\n"


class Csv:
    """One row a match, every cell in quotation marks, without the record itself.

    Cells that a spreadsheet would take for a formula get an apostrophe before them, and so does one that begins with
    an apostrophe: who reads a cell takes one away from its front, and has what the log says.
    """

    def __init__(self, integration: str, report: Callable[[Diagnostic], None]) -> None:
        del integration, report
        self.head = _row(COLUMNS)

    def text(self, match: Match) -> str:
        """One row; a line's end within a cell is kept, as quotation marks stand around it."""
        return _row([harmless(cell or "") for cell in cells(match)])


def _row(texts: list[str] | tuple[str, ...]) -> str:
    text = StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(texts)
    return text.getvalue()


# Source: OWASP, "CSV Injection": = + - @, tab and the ends of lines, and the wide forms of the signs. With them the
# apostrophe, so that what was added can be told from what was there.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_DANGEROUS) else cell


class Ecs:
    """ECS documents of alerts, one a line (see `alerts`)."""

    head = ""

    def __init__(self, integration: str, report: Callable[[Diagnostic], None]) -> None:
        from sigmaproof.output.alerts import Alerts

        self._alerts = Alerts(integration, report)

    def text(self, match: Match) -> str:
        """One document on one line."""
        return self._alerts.line(match) + "\n"


class Bulk(Ecs):
    """The same as the body of a `_bulk` request.

    `create` is what data streams take. The id is made of the alert, so that one that is sent again, after a run over
    the same logs, is a conflict (409) and no second alert.
    """

    def text(self, match: Match) -> str:
        """The action's line and the document's."""
        import hashlib

        line = self._alerts.line(match)
        id = hashlib.sha256(line.encode("ascii")).hexdigest()[:40]
        return f'{{"create":{{"_id":"{id}"}}}}\n{line}\n'


FORMS: dict[str, Callable[[str, Callable[[Diagnostic], None]], TextForm]] = {
    "json": JsonLines,
    "csv": Csv,
    "ecs": Ecs,
    "bulk": Bulk,
}
"""Each is made for an integration's profile and with where to report what is wrong in a record."""
