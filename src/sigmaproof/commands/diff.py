"""The command `diff`: what its arguments mean, and which comparisons they ask for. The comparing is in `diff`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sigmaproof.commands.given import opened, profile_of, rules_of, targets_of, usage
from sigmaproof.commands.options import Case, Filters, Lines, LogDirs, Pipelines, Status, Targets

if TYPE_CHECKING:
    from sigmaproof.diff.sides import Side
    from sigmaproof.listing import File
    from sigmaproof.rules import Rule
    from sigmaproof.verify.engines import Engine

__all__ = ["diff"]

QUERY_TARGETS = ["eql", "lucene"]


def diff(
    a: Annotated[Path, typer.Argument(metavar="A", help="A rule (.yml) or a query (.eql, .lucene, .dsl.json).")],
    b: Annotated[Path | None, typer.Argument(metavar="B", help="The same; without it A on two --integration.")] = None,
    target: Targets = None,
    pipeline: Pipelines = None,
    filter: Filters = None,
    engine: Annotated[str, typer.Option("--engine", metavar="embedded|URL", help="As for verify.")] = "embedded",
    case: Annotated[Case, typer.Option("--case", help="Of the rule's conversions on two --integration.")] = Case.fold,
    integration: Annotated[
        list[str] | None,
        typer.Option("--integration", help="Elastic's AWS integration; two of them compare A with itself on both."),
    ] = None,
    category: Annotated[
        str | None, typer.Option("--event-category-field", metavar="NAME", help="EQL's event category; event.category.")
    ] = None,
    logs: LogDirs = None,
    format: Annotated[Lines, typer.Option("--format")] = Lines.text,
    everything: Annotated[bool, typer.Option("--all", help="Show records that AWS can't write, too.")] = False,
) -> None:
    """Compare two detections, rules or queries: the same, or the smallest record for each cause of a difference."""
    from sigmaproof.diff.report import write_outcome
    from sigmaproof.diff.search import compare
    from sigmaproof.events import read_files

    status = Status()
    opener = _Opener(status, pipeline, filter, case.value, category)
    pairs = list(opener.pairs(a, b, _integrations(integration), target))
    given = [(event.place, event.record) for event in read_files(_logs(logs), status.report)]
    needs_engine = any(not side.is_native for pair in pairs for side in pair)
    with _engine(engine if needs_engine else None) as started:
        for at, pair in enumerate(pairs):
            if at and format is Lines.text:
                typer.echo("")
            outcome = compare(pair, started, given)
            if not outcome.records and not outcome.is_different:
                usage("no record could be made for either side, so nothing was compared; give records with --logs")
            write_outcome(outcome, format.value, everything)
            status.at_least(1, not outcome.is_same)
    status.end()


class _Opener:
    """Opens the sides that the arguments name."""

    def __init__(
        self, status: Status, pipeline: list[str] | None, filters: list[Path] | None, case: str, category: str | None
    ) -> None:
        self._status, self._pipeline, self._filters = status, pipeline, filters
        self._case, self._category = case, category

    def pairs(
        self, a: Path, b: Path | None, integrations: Sequence[str], target: list[str] | None
    ) -> Iterator[tuple[Side, Side]]:
        """The comparisons: of two files, or of one with itself on two versions of the integration."""
        if b is not None:
            if len(integrations) > 1:
                usage("two files are compared on one --integration; leave one of them out")
            if target:
                usage("-t chooses the targets of a rule that is compared with itself on two --integration")
            rules = [path for path in (a, b) if not _is_query(path)]
            yield self._side(a, integrations[0], len(rules) == 1), self._side(b, integrations[0], len(rules) == 1)
        elif len(integrations) != 2:
            usage("give two files, or one file and two versions: --integration 7.4.0,8.9.0")
        elif _is_query(a):
            one, other = (self._side(a, name, with_query=True, named=f"{a} on {name}") for name in integrations)
            yield one, other
        else:
            yield from self._versions(self._rule(a, with_query=True), integrations, target)

    def _side(self, path: Path, integration: str, with_query: bool, named: str | None = None) -> Side:
        from dataclasses import replace

        from sigmaproof.diff.sides import CATEGORY, query_side, rule_side

        if not _is_query(path):
            return rule_side(self._rule(path, with_query), integration, str(path))
        side = query_side(path, integration, self._category or CATEGORY)
        return side if named is None else replace(side, name=named)

    def _versions(
        self, rule: Rule, integrations: Sequence[str], target: list[str] | None
    ) -> Iterator[tuple[Side, Side]]:
        from sigmaproof.conversion import convert_rule
        from sigmaproof.diff.sides import conversion_side

        for name in targets_of(target, QUERY_TARGETS):
            if name not in QUERY_TARGETS:
                usage(f"-t {name}: compared on two versions are {', '.join(QUERY_TARGETS)}")
            made = [convert_rule(rule, name, self._case, (), version) for version in integrations]
            one, other = (conversion_side(c, f"{rule.title} [{name}] on {c.integration}") for c in made)
            yield one, other

    def _rule(self, path: Path, with_query: bool) -> Rule:
        """The one rule of a file. with_query: it is compared with what searches CloudTrail's documents."""
        from sigmaproof.diagnostics import InputError, Place
        from sigmaproof.inputs import sort_paths

        found = rules_of(sort_paths([path]), self._status, self._pipeline, self._filters)
        if self._status.code:
            raise typer.Exit(self._status.code)
        if len(found) != 1:
            help = "give a file with one rule"
            raise InputError("diff-rules", Place(str(path)), f"holds {len(found)} rules", help)
        if with_query and not found[0].is_cloudtrail:
            help = "only rules of product: aws, service: cloudtrail can be compared with a query"
            raise InputError("diff-logsource", found[0].document.place("logsource"), "another logsource", help)
        return found[0]


def _integrations(named: list[str] | None) -> list[str]:

    names = [name for comma_list in named or [] for name in comma_list.split(",") if name]
    return [profile_of(name) for name in names] or [profile_of(None)]


def _logs(named: list[str] | None) -> list[File]:
    from sigmaproof.inputs import sort_paths

    return sort_paths((), logs=named or ()).logs


@contextmanager
def _engine(named: str | None) -> Iterator[Engine | None]:
    """The engine while it is used; none where only rules are compared."""

    if named is None:
        yield None
        return
    with opened(named, None, None) as engine:
        yield engine


def _is_query(path: Path) -> bool:
    from sigmaproof.diff.sides import is_query

    return is_query(path)
