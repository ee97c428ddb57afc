"""The command `convert`: queries to stdout, or to a directory that can be committed and checked."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sigmaproof.commands.given import inputs_of, profile_of, rules_of, targets_of, usage
from sigmaproof.commands.options import Case, Filters, Integration, Lines, Paths, Pipelines, RuleDirs, Status, Targets

if TYPE_CHECKING:
    from sigmaproof.fidelity import Conversion
    from sigmaproof.rules import Rule

__all__ = ["convert"]


def convert(
    paths: Paths = None,
    rules: RuleDirs = None,
    target: Targets = None,
    pipeline: Pipelines = None,
    filter: Filters = None,
    strict: Annotated[bool, typer.Option("--strict", help="An approximation is a finding too.")] = False,
    case: Annotated[Case, typer.Option("--case", help="Fold case, or search as the rule spells it.")] = Case.fold,
    integration: Integration = None,
    format: Annotated[Lines, typer.Option("--format")] = Lines.text,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Write a file a query here, and a manifest.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="With -o: write nothing, and fail when what is there is stale.")
    ] = False,
) -> None:
    """Convert rules to query languages: EQL, Lucene, or the native tree."""
    from sigmaproof.conversion import convert_rule
    from sigmaproof.output.conversions import write_conversions

    if check and output is None:
        usage("--check compares a directory: name it with -o")
    status = Status()
    targets, profile = targets_of(target), profile_of(integration)
    loaded = rules_of(inputs_of(paths, rules), status, pipeline, filter, warn=False)
    pairs = [(rule, convert_rule(rule, name, case.value, (), profile)) for rule in loaded for name in targets]
    conversions = [conversion for _, conversion in pairs]
    if output is None:
        write_conversions(conversions, format.value)
    else:
        settings: dict[str, Any] = {"targets": sorted(targets), "case": case.value, "integration": profile}
        settings |= {"pipelines": _named(pipeline), "filters": filter or []}
        _files(pairs, status, settings, output, check, format.value)
    # What is refused stands in the manifest that was reviewed: only where that is not the point, it is a finding.
    refused = any(one.fidelity == "refused" for one in conversions) and (strict or not check)
    status.at_least(1, refused or (strict and any(one.reasons for one in conversions)))
    status.end()


def _files(
    pairs: list[tuple[Rule, Conversion]],
    status: Status,
    settings: dict[str, Any],
    directory: Path,
    only_check: bool,
    form: str,
) -> None:
    """Writes the files of these conversions, or compares them with what is there."""
    from sigmaproof.output.conversions import remark
    from sigmaproof.output.queryfiles import write_changes, write_done, write_kept
    from sigmaproof.queryfiles.manifest import build
    from sigmaproof.queryfiles.plan import apply, changes

    errors = [finding for finding in status.heard if finding.level == "error"]
    made = build(pairs, errors, settings, directory)
    found = changes(made, directory)
    if only_check:
        write_changes(found, len(made.files), directory, form)
        status.at_least(1, bool(found))
    else:
        remark(conversion for _, conversion in pairs)
        apply(found, directory)
        write_done(found, len(made.files), directory)
    write_kept(made.kept, directory)


def _named(pipelines: Iterable[str] | None) -> list[Path | str]:
    """Pipelines as settings: a file as a path, one of ours by its name."""
    return [Path(one) if Path(one).suffix else one for one in pipelines or ()]
