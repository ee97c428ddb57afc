"""Where matches go beside stdout: the files of `--output`, each in the form that its name says.

All of them appear at the end, whole, or none does.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from sigmaproof.diagnostics import InputError, Place
from sigmaproof.drafts import Draft, told
from sigmaproof.output.forms import FORMS, TextForm
from sigmaproof.output.parquet import ParquetTable, require

if TYPE_CHECKING:
    from sigmaproof.diagnostics import Diagnostic
    from sigmaproof.evaluate.run import Match

__all__ = ["Outputs", "check_free", "form_of"]

# The longest ending counts.
ENDINGS = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".ecs.ndjson": "ecs",
    ".bulk.ndjson": "bulk",
    ".ndjson": "json",
    ".jsonl": "json",
    ".json": "json",
}


def form_of(file: Path) -> str:
    """The form that a file's name asks for. Raises InputError for a name that says none."""
    for ending, form in ENDINGS.items():
        if file.name.lower().endswith(ending):
            return form
    help = f"the endings are {', '.join(ENDINGS)}; what --format prints goes to a file with `> {file.name}`"
    raise InputError("output-form", Place(str(file)), "its ending says no form", help)


class _Table(Protocol):
    def add(self, match: Match) -> None: ...

    def end(self) -> None: ...


class _Text:
    """A file of text in the making."""

    def __init__(self, draft: Draft, form: TextForm) -> None:
        self._stream, self._form = draft.stream, form
        self._stream.write(form.head.encode())

    def add(self, match: Match) -> None:
        self._stream.write(self._form.text(match).encode("utf-8", "backslashreplace"))

    def end(self) -> None:
        """Nothing follows the last match."""


class Outputs:
    """The files of --output. As a context: with an error none of them appears. Raises InputError.

    integration: the profile by which alerts are normalized. report: where alerts say what is wrong in a record.
    """

    def __init__(self, files: Sequence[Path], integration: str, report: Callable[[Diagnostic], None]) -> None:
        self._drafts: list[Draft] = []
        self._tables: list[tuple[Path, _Table]] = []
        forms = [form_of(file) for file in files]
        for file, form in zip(files, forms, strict=True):
            if form == "parquet":
                require(str(file))
        try:
            for file, form in zip(files, forms, strict=True):
                self._tables.append((file, self._opened(file, form, integration, report)))
        except BaseException:
            self._discard()
            raise

    def _opened(self, file: Path, form: str, integration: str, report: Callable[[Diagnostic], None]) -> _Table:
        draft = Draft(file)
        self._drafts.append(draft)
        with told(file):
            return ParquetTable(draft.stream) if form == "parquet" else _Text(draft, FORMS[form](integration, report))

    def __bool__(self) -> bool:
        return bool(self._tables)

    def add(self, match: Match) -> None:
        """Writes a match to every file."""
        for file, table in self._tables:
            with told(file):
                table.add(match)

    def publish(self) -> list[Path]:
        """Ends all files, then moves them to their places; these are returned."""
        for file, table in self._tables:
            with told(file):
                table.end()
        for draft in self._drafts:  # a full disk is met before the first file is moved
            draft.finish()
        for draft in self._drafts:
            draft.publish()
        return [file for file, _ in self._tables]

    def _discard(self) -> None:
        for draft in self._drafts:
            draft.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._discard()


def check_free(files: Sequence[Path], inputs: Sequence[Path]) -> None:
    """Raises InputError for a file that is named twice to write into, or that is read."""
    if not files:
        return
    read = {os.path.abspath(file) for file in inputs}  # noqa: PTH100 - of many files; links are looked up below
    real = [os.path.realpath(file) for file in files]
    for file, place in zip(files, real, strict=True):
        if real.count(place) > 1 and not place.startswith("/dev/"):
            raise InputError("output-twice", Place(str(file)), "is to be written twice", "name another file")
        if place in read or os.path.abspath(file) in read:  # noqa: PTH100
            raise InputError("output-input", Place(str(file)), "is to be read and written", "name another file")
