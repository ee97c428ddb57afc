"""The rows that come out of Spark's processes: matches, what can't be read, and what was read of each file.

One flat form for all three, with its Arrow and its Spark schema, so that one pass over the logs gives them all. Who
makes the rows is in `work`, who picks the columns that people see in `frames`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sigmaproof.diagnostics import Diagnostic, Place
from sigmaproof.evaluate.run import Match
from sigmaproof.events import Event

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["COLUMNS", "MATCH", "PROBLEM", "READ", "batches", "ddl", "diagnostic_in", "event_in", "row_of"]

MATCH, PROBLEM, READ = "match", "problem", "read"
COLUMNS = {
    "kind": "string",
    "rank": "int",  # of the file's root among those given
    "file": "string",
    "block": "bigint",  # where in its file the part begins that a process read; 0 for a whole file
    "seq": "bigint",  # the order in the part
    "number": "bigint",
    "in_lines": "boolean",
    "inner": "string",  # where in an envelope on that line, with its sign
    "rule": "int",
    "rule_id": "string",
    "title": "string",
    "level": "string",
    "event_id": "string",
    "time": "string",
    "is_ecs": "boolean",
    "event": "string",  # JSON, ASCII only
    "code": "string",
    "place": "string",  # of a diagnostic, behind the name of its file
    "line": "bigint",
    "column": "bigint",
    "message": "string",
    "help": "string",
    "records": "bigint",
    "lines": "bigint",  # of a part of a file
    "size": "bigint",  # its bytes, packed as it is
}
"""The columns with their types, as Spark names them."""
_AT_ONCE = 1_000


def ddl() -> str:
    """The schema as Spark reads it."""
    return ", ".join(f"`{name}` {kind}" for name, kind in COLUMNS.items())


def batches(rows: Iterable[Mapping[str, Any]]) -> Iterator[pa.RecordBatch]:
    """Rows as Arrow has them, some at once."""
    import pyarrow as pa

    types = {"string": pa.string(), "int": pa.int32(), "bigint": pa.int64(), "boolean": pa.bool_()}
    schema = pa.schema([(name, types[kind]) for name, kind in COLUMNS.items()])
    some: list[Mapping[str, Any]] = []
    for row in rows:
        some.append(row)
        if len(some) == _AT_ONCE:
            yield pa.RecordBatch.from_pylist(some, schema=schema)
            some = []
    if some:
        yield pa.RecordBatch.from_pylist(some, schema=schema)


def row_of(one: Match | Diagnostic, number: int | None = None) -> dict[str, Any]:
    """A match or a diagnostic. number: of a match's rule among the rules."""
    if isinstance(one, Diagnostic):
        return _of_diagnostic(one)
    said = one.to_json()
    return {
        "kind": MATCH,
        "rule": number,
        "rule_id": text(one.rule.id),
        "title": text(one.rule.title),
        "level": one.rule.level,
        "event_id": text(said["event_id"]),
        "time": text(said["time"]),
        "is_ecs": one.is_ecs,
        **event_row(one.event),
    }


def _of_diagnostic(one: Diagnostic) -> dict[str, Any]:
    return {
        "kind": PROBLEM,
        "level": one.level,
        "code": one.code,
        "place": one.place.file,
        "line": one.place.line,
        "column": one.place.column,
        "message": text(one.message),
        "help": text(one.help),
    }


def event_row(event: Event) -> dict[str, Any]:
    """The columns of an event, but for its file."""
    sign = ":" if event.in_lines else "#"
    return {
        "number": event.number,
        "in_lines": event.in_lines,
        "inner": event.place.removeprefix(f"{event.file}{sign}{event.number}"),
        "event": json.dumps(event.record, ensure_ascii=True),
    }


def text(value: object) -> str | None:
    """A value as text that is UTF-8: half a surrogate pair, which JSON can have, becomes a question mark."""
    if value is None:
        return None
    said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=True)
    return said.encode("utf-8", "replace").decode("utf-8")


def event_in(row: Mapping[str, Any]) -> Event:
    """The event of a row."""
    more = (row["inner"],) if row["inner"] else ()
    return Event(json.loads(row["event"]), row["file"] or "", row["number"], row["in_lines"], *more)


def diagnostic_in(row: Mapping[str, Any]) -> Diagnostic:
    """The diagnostic of a row."""
    file = row["file"] or "" if row["code"].startswith("log-") else ""  # what is said of a rule has its own place
    place = Place(f"{file}{row['place']}", row["line"], row["column"])
    return Diagnostic(row["code"], row["level"], place, row["message"], row["help"])
