"""What is wrong, where, and what to write instead: one form for every message that the product gives.

A diagnostic has a stable code, a level, a place and a help. Renderers are here; what is checked is elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sigmaproof.remote import Remote

__all__ = ["STDIN", "Diagnostic", "InputError", "Place", "as_text", "shown_path"]

STDIN = Path("-")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file; line and column count from 1, 0 when unknown. file: as the user named it. inner: where in an
    envelope on that line, as `#2`."""

    file: str
    line: int = 0
    column: int = 0
    inner: str = ""

    def __str__(self) -> str:
        """As compilers print it: file:line:column, as far as it is known."""
        known = [str(number) for number in (self.line, self.column) if number]
        return ":".join([self.file, *known]) + self.inner

    def to_json(self) -> dict[str, str | int]:
        """file, line, column (0 when unknown); and inner, where it is in an envelope."""
        place: dict[str, str | int] = {"file": self.file, "line": self.line, "column": self.column}
        return {**place, "inner": self.inner} if self.inner else place


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. level: error, warning or note. help: what to write instead."""

    code: str
    level: str
    place: Place
    message: str
    help: str = ""


class InputError(Exception):
    """Input that can't be used. Carries the diagnostic that says where and why."""

    def __init__(self, code: str, place: Place, message: str, help: str = "") -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic(code, "error", place, message, help)

    def __reduce__(self) -> tuple[Any, ...]:
        """From a worker process it comes as it was."""
        said = self.diagnostic
        return type(self), (said.code, said.place, said.message, said.help)


def as_text(finding: Diagnostic) -> str:
    """`file:line: level: message [code]`, with the help on its own line."""
    first = f"{finding.place}: {finding.level}: {finding.message} [{finding.code}]"
    return f"{first}\n  help: {finding.help}" if finding.help else first


def shown_path(path: Path | Remote) -> str:
    """A path as short as it can be said from the working directory; a URL as it is."""
    if path == STDIN:
        return "<stdin>"
    if not isinstance(path, Path):
        return str(path)
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
