"""What the commands of the command line share: the types of their options, and the exit code."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from sigmaproof.diagnostics import Diagnostic

__all__ = [
    "Case",
    "Documents",
    "Filters",
    "Form",
    "Integration",
    "Lines",
    "LogDirs",
    "MatchForm",
    "OwnPipeline",
    "OwnTemplate",
    "Paths",
    "Pipelines",
    "Reports",
    "Retain",
    "RuleDirs",
    "Status",
    "Targets",
]


class Case(StrEnum):
    """How a query that is case-sensitive treats a rule that is not."""

    fold = "fold"
    exact = "exact"


class Form(StrEnum):
    """What the records are."""

    raw = "raw"
    ecs = "ecs"
    auto = "auto"


class Documents(StrEnum):
    """ECS documents one a line, or the body of a `_bulk` request."""

    ndjson = "ndjson"
    bulk = "bulk"


class Retain(StrEnum):
    """The integration's option `retain`: which copies of requestParameters and its like a document has."""

    all = "all"
    keyword = "keyword"
    flattened = "flattened"
    none = "none"
    minimal = "minimal"


class Lines(StrEnum):
    """Output for people, or one JSON object a line."""

    text = "text"
    json = "json"


class Reports(StrEnum):
    """Output for people, one JSON object a line, or one HTML page."""

    text = "text"
    json = "json"
    html = "html"


class MatchForm(StrEnum):
    """A table for people, or each match as text: one JSON object a line, a row, an ECS document of an alert."""

    table = "table"
    json = "json"
    csv = "csv"
    ecs = "ecs"
    bulk = "bulk"


Paths = Annotated[list[Path] | None, typer.Argument(metavar="PATH...", help="Rules, logs or directories; - is stdin.")]
RuleDirs = Annotated[list[Path] | None, typer.Option("--rules", help="Take the rules of this directory.")]
LogDirs = Annotated[list[Path] | None, typer.Option("--logs", help="Take the logs of this directory.")]
Targets = Annotated[list[str] | None, typer.Option("-t", "--target", help="Comma list, can be repeated.")]
Integration = Annotated[
    str | None,
    typer.Option("--integration", help="Elastic's AWS integration: a version, 8.9.0 by default, or filebeat."),
]
Pipelines = Annotated[list[str] | None, typer.Option("-p", "--pipeline", help="pySigma pipeline: a file or a name.")]
OwnPipeline = Annotated[
    str | None,
    typer.Option(
        "--ingest-pipeline", metavar="NAME", help="With a URL: this pipeline of the cluster makes the documents."
    ),
]
OwnTemplate = Annotated[
    str | None,
    typer.Option("--index-template", metavar="NAME", help="With a URL: the index is as this template of the cluster."),
]
Filters = Annotated[list[Path] | None, typer.Option("--filter", help="Sigma filters: a file or a directory.")]


class Status:
    """The exit code, the highest wins: 0 fine, 1 findings, 2 input that can't be read, 3 no engine.

    show: what is done with a diagnostic; it is printed.
    """

    def __init__(self) -> None:
        self.code = 0
        self.lost = 0  # records that could not be read
        self.unread = 0  # rules that could not be read
        self.show: Callable[[Diagnostic], None] = _show

    def at_least(self, code: int, when: bool = True) -> None:
        """Raises the exit code."""
        self.code = max(self.code, code if when else 0)

    def report(self, finding: Diagnostic) -> None:
        """Shows a diagnostic, on stderr or as `show` is set; an error is input that can't be read."""
        self.show(finding)
        self.lost += finding.code == "log-record"
        self.at_least(2, finding.level == "error")

    def end(self) -> NoReturn:
        """Ends the command with the code."""
        raise typer.Exit(self.code)


def _show(finding: Diagnostic) -> None:
    from sigmaproof.diagnostics import as_text

    typer.echo(as_text(finding), err=True)
