"""Results of SQL queries as CSV: of CloudTrail Lake (`result_1.csv.gz`), Athena, and CloudWatch Logs Insights.

A column that holds a whole record (`eventJson`, `@message`) is taken, and the others are left. Without one a record is
put together from the columns that are named as fields of CloudTrail, in any case: Athena and Lake write small letters.
Facts about them, and what is done:

* Athena's table for CloudTrail has `requestparameters`, `responseelements`, `additionaleventdata` and
  `serviceeventdetails` as JSON texts, `useridentity`, `tlsdetails` and `resources` as structs (Athena user guide,
  "Create a table for CloudTrail logs"). In CSV a struct is `{type=IAMUser, arn=…}`, without quotes or escapes: where a
  value ends can't be known. That is refused, with the cast that makes JSON of it. The cast writes the names of the
  struct in small letters; they get CloudTrail's spelling back by the field table, and null, which a struct has for what
  is missing, is left out.
* In CloudTrail Lake requestParameters and its like are maps of texts (user guide, "Supported SQL schemas for event data
  stores"), which has lost their types: so they are refused too, in favour of `eventJson`.
* NULL is an empty cell, and so, but for its quotes, is an empty text (PyAthena's documentation, "NULL and empty string
  handling"): here both are a missing field. No field at the top of a record is known to be empty.
* Lake writes times as `2023-01-05 13:51:00.000`, in UTC.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import Any

from sigmaproof.batch import LONGEST, Batch, Report, batch_of, is_well
from sigmaproof.diagnostics import Diagnostic, Place
from sigmaproof.jsonvalues import parsed
from sigmaproof.lines import whole_lines

__all__ = ["Table", "table_of"]

ROWS = 500
"""Rows of one batch."""
_WHOLE = ("eventjson", "cloudtrailevent", "@message")
_SIGNS = frozenset({*_WHOLE, "eventname", "eventsource", "eventid", "eventtime"})
_JSON = frozenset("requestParameters responseElements additionalEventData serviceEventDetails insightDetails".split())
# Fields that are not in the field table, as the integration has them not.
_MORE = ("edgeDeviceDetails", "eventContext", "sessionCredentialFromConsole", "tlsDetails", "addendum")
# What people partition a table by; no field.
_PARTITIONS = frozenset(
    "account accountid account_id region year month day hour date dt timestamp organization org eventdate $path".split()
)
_EXPECTED = (
    "eventTime eventSource eventName awsRegion sourceIPAddress userAgent userIdentity requestParameters "
    "responseElements errorCode recipientAccountId".split()
)
_LAKE_TIME = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d+)?(?: UTC)?", re.ASCII)


class _RefusedError(Exception):
    """A cell that can't be read for certain. help: what to write instead."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.help = help


class _Spelling(dict[str, "_Spelling"]):
    """By a name in small letters, the names below it; `name` is as CloudTrail spells it."""

    name = ""


@cache
def _spelling() -> _Spelling:
    from sigmaproof.fields import table

    top = _Spelling()
    for raw in [*(one.raw for one in table().fields if not one.digest), *_MORE]:
        node = top
        for step in raw.split("."):
            node = node.setdefault(step.lower(), _Spelling())
            node.name = step
    return top


@dataclass
class Table:
    """A table of which the first line is read. names: of its columns, as CloudTrail spells them, None for what is no
    field of it. whole: the column that holds the whole record."""

    columns: Sequence[str]
    names: Sequence[str | None] = ()
    whole: int | None = None
    _unknown: set[str] = field(default_factory=set)

    def batches(self, pieces: Iterable[bytes], number: int, shown: str, report: Report) -> Iterator[Batch]:
        """The records of its rows. number: of its first line, in `pieces`. report: called for what can't be read."""
        self._warn(shown, number, report)
        kept: list[tuple[int, bytes]] = []
        for line, cells in self._rows(islice(_lines(pieces), 1, None), number + 1, shown, report):
            text = self._checked(cells, line, shown, report)
            if text is None:
                break
            kept += [(line, text)] if text else []
            if len(kept) == ROWS:
                yield _batch(kept, shown)
                kept = []
        if kept:
            yield _batch(kept, shown)

    def _rows(self, lines: Iterator[str], number: int, shown: str, report: Report) -> Iterator[tuple[int, list[str]]]:
        csv.field_size_limit(LONGEST)  # of a quote without an end no more is in memory
        reader = csv.reader(lines, strict=True)
        start = number
        try:
            for cells in reader:
                if cells:
                    yield start, cells
                start = number + reader.line_num
        except csv.Error as error:
            report(Diagnostic("log-unreadable", "error", Place(shown, start), f"not CSV: {error}"))

    def _checked(self, cells: list[str], line: int, shown: str, report: Report) -> bytes | None:
        """The record's text; nothing for a row without one; None where the table can't be read."""
        place = Place(shown, line)
        if len(cells) != len(self.columns):
            message = f"{len(cells)} cells under {len(self.columns)} columns"
            report(Diagnostic("log-record", "error", place, f"record skipped: {message}"))
            return b""
        try:
            text = self._text(cells)
        except _RefusedError as error:
            report(Diagnostic("log-unreadable", "error", place, str(error), error.help))
            return None
        self._warn_of_keys(place, report)
        return text.encode("utf-8", "surrogateescape")

    def _text(self, cells: list[str]) -> str:
        if self.whole is not None:
            return cells[self.whole] or "null"
        parts = [
            f"{json.dumps(name)}:{self._value(name, column, cell)}"
            for name, column, cell in zip(self.names, self.columns, cells, strict=True)
            if name and cell
        ]
        return "{" + ",".join(parts) + "}"

    def _value(self, name: str, column: str, cell: str) -> str:
        """The JSON text of a cell."""
        below = _below(name)
        if name in _JSON or below:
            value, problem = parsed(cell.encode("utf-8", "surrogateescape"))
            if problem or not isinstance(value, dict | list | None):
                raise _refused(column, cell, name in _JSON)
            if below and name not in _JSON:
                if name == "userIdentity" and isinstance(value, list):
                    raise _refused(column, cell, False)
                value = self._respelled(value, below, column)
            return cell if name in _JSON else json.dumps(value, ensure_ascii=False)
        if name in {"readOnly", "managementEvent"} and cell.lower() in {"true", "false"}:
            return cell.lower()
        found = _LAKE_TIME.fullmatch(cell) if name == "eventTime" else None
        return json.dumps(f"{found[1]}T{found[2]}Z" if found else cell, ensure_ascii=False)

    def _respelled(self, value: Any, names: _Spelling, path: str) -> Any:
        if isinstance(value, list):
            return [self._respelled(one, names, path) for one in value]
        if not isinstance(value, dict) or not names:
            return value
        found = {}
        for key, inner in value.items():
            below = names.get(key.lower())
            if below is None and inner is not None:
                self._unknown.add(f"{path}.{key}")
            if inner is not None:
                found[below.name if below is not None else key] = (
                    self._respelled(inner, below, f"{path}.{key}") if below is not None else inner
                )
        return found

    def _warn(self, shown: str, number: int, report: Report) -> None:
        if self.whole is not None:
            return
        pairs = zip(self.columns, self.names, strict=True)
        strange = [column for column, name in pairs if name is None and column.lower() not in _PARTITIONS]
        missing = [name for name in _EXPECTED if name not in self.names]
        place, help = Place(shown, number), "select the whole record (eventJson in CloudTrail Lake), or all columns"
        if strange:
            words = f"columns that are no field of CloudTrail, not read: {', '.join(strange)}"
            report(Diagnostic("log-columns", "warning", place, words, help))
        if missing:
            words = f"no column {', '.join(missing)}: a rule that tests one finds nothing there"
            report(Diagnostic("log-columns", "warning", place, words, help))

    def _warn_of_keys(self, place: Place, report: Report) -> None:
        for key in sorted(name for name in self._unknown if not name.startswith("!")):
            if f"!{key}" not in self._unknown:
                words = f"{key}: not known how CloudTrail spells it; left as it is"
                report(Diagnostic("log-columns", "warning", place, words))
                self._unknown.add(f"!{key}")


def table_of(line: bytes) -> Table | None:
    """The table whose first line this is; None where that has no column of CloudTrail's."""
    try:
        columns = next(csv.reader([line.decode().rstrip("\r\n")], strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        return None
    small = [column.strip().lower() for column in columns]
    if _SIGNS.isdisjoint(small):
        return None
    whole = next((small.index(name) for name in _WHOLE if name in small), None)
    return Table(columns, [_name(one) for one in small] if whole is None else (), whole)


def _name(small: str) -> str | None:
    """CloudTrail's spelling of a column; of a path the whole path, which a record can have as one key."""
    node, steps = _spelling(), []
    for step in small.split("."):
        found = node.get(step)
        if found is None:
            return None
        node = found
        steps.append(node.name)
    return ".".join(steps)


def _below(name: str) -> _Spelling:
    node = _spelling()
    for step in name.split("."):
        node = node[step.lower()]
    return node


def _refused(column: str, cell: str, is_json: bool) -> _RefusedError:
    is_text = cell[:1] in "{[" and parsed(cell.encode("utf-8", "surrogateescape"))[1] is not None
    what = "the text of a struct or a map, without quotes" if is_text else "no JSON object"
    cast = f"CAST({column} AS JSON) AS {column}"
    help = f"select {cast} in Athena (engine version 3), eventJson in CloudTrail Lake"
    if is_json:
        help = f"select eventJson in CloudTrail Lake; in Athena {column} as the text that AWS's table has, or {cast}"
    return _RefusedError(f"column {column} holds {what}: it can't be read for certain ({cell[:40]}…)", help)


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """The lines with their ends; what is not UTF-8 is kept, to be reported with its record."""
    for lines in whole_lines(pieces):
        if len(lines) > LONGEST and b"\n" not in lines:
            raise csv.Error(f"a line longer than {LONGEST >> 20} MB")
        for line in io.BytesIO(lines):
            yield line.decode("utf-8", "surrogateescape")


def _batch(kept: list[tuple[int, bytes]], shown: str) -> Batch:
    texts = [text for _, text in kept]
    buffer = b"\n".join(texts)
    unsure = [index for index, text in enumerate(texts) if not is_well(text)]
    return batch_of(shown, buffer, texts, [line for line, _ in kept], len(buffer), in_lines=True, unsure=unsure)
