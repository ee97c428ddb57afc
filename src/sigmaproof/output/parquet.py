"""Matches as Parquet, by pyarrow (the extra `parquet`): the columns of `columns`, the time as a timestamp, the record.

Rows are kept until they make a row group, so memory does not grow with the number of matches.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, BinaryIO

from sigmaproof.diagnostics import InputError, Place
from sigmaproof.output.columns import COLUMNS, cells, moment

if TYPE_CHECKING:
    from sigmaproof.evaluate.run import Match

__all__ = ["ParquetTable", "require"]

ROWS, BYTES = 20_000, 8 << 20
"""What a row group has at most: rows, and characters of records (but for the last of them)."""
_NAMES = (*COLUMNS, "event")
_TIME = _NAMES.index("time")


def require(file: str) -> None:
    """Raises InputError, with what to install, where pyarrow is missing."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        help = "pip install 'sigmaproof[parquet]', or name a .csv or .ndjson file"
        raise InputError("output-parquet", Place(file), "Parquet needs pyarrow, which is not installed", help) from None


class ParquetTable:
    """A Parquet file in the making on a stream. Lone surrogates, which Parquet's texts can't hold, are escaped."""

    def __init__(self, stream: BinaryIO) -> None:
        import pyarrow
        from pyarrow.parquet import ParquetWriter

        types = {"time": pyarrow.timestamp("us", tz="UTC")}
        self._schema = pyarrow.schema([(name, types.get(name, pyarrow.string())) for name in _NAMES])
        self._writer = ParquetWriter(stream, self._schema, compression="zstd")
        self._rows: list[list[Any]] = []
        self._size = 0

    def add(self, match: Match) -> None:
        """Takes a match."""
        row: list[Any] = [None if cell is None else _utf8(cell) for cell in cells(match)]
        row[_TIME] = moment(match)
        row.append(json.dumps(match.event.record, ensure_ascii=True))
        self._rows.append(row)
        self._size += len(row[-1])
        if len(self._rows) >= ROWS or self._size >= BYTES:
            self._write()

    def end(self) -> None:
        """Writes what is left, and the footer."""
        if self._rows:
            self._write()
        self._writer.close()

    def _write(self) -> None:
        import pyarrow

        columns = [
            pyarrow.array(list(column), type=kind)
            for column, kind in zip(zip(*self._rows, strict=True), self._schema.types, strict=True)
        ]
        self._writer.write_table(pyarrow.Table.from_arrays(columns, schema=self._schema))
        self._rows, self._size = [], 0


def _utf8(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
