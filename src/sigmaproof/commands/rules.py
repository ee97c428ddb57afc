"""The commands about rules alone: `convert`, `check`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from sigmaproof.commands.changed import changed_part
from sigmaproof.commands.given import inputs_of, need, profile_of, rules_of, targets_of
from sigmaproof.commands.options import (
    Case,
    Changed,
    Filters,
    Findings,
    Integration,
    Lines,
    OnlyFailing,
    Paths,
    Pipelines,
    RuleDirs,
    Status,
    Targets,
)

__all__ = ["check", "convert"]


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
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write a file a query here.")] = None,
) -> None:
    """Convert rules to query languages: EQL, Lucene, or the native tree."""
    from sigmaproof.conversion import convert_rule
    from sigmaproof.output.conversions import write_conversions

    status = Status()
    targets, profile = targets_of(target), profile_of(integration)
    loaded = rules_of(inputs_of(paths, rules), status, pipeline, filter, warn=False)
    pairs = [(rule, convert_rule(rule, name, case.value, (), profile)) for rule in loaded for name in targets]
    write_conversions(pairs, format.value, output)
    status.at_least(1, any(c.fidelity == "refused" or (strict and c.reasons) for _, c in pairs))
    status.end()


def check(
    paths: Paths = None,
    rules: RuleDirs = None,
    target: Targets = None,
    format: Annotated[Findings, typer.Option("--format")] = Findings.text,
    only_failing: OnlyFailing = False,
    changed: Changed = None,
) -> None:
    """Check rules: faults, unknown fields, and with -t what a target can't say or says with another meaning."""
    from sigmaproof.check import check_rules
    from sigmaproof.output.findings import write_findings
    from sigmaproof.output.progress import over
    from sigmaproof.rules import load_files

    start, status = time.monotonic(), Status()
    files, targets = inputs_of(paths, rules).rules, targets_of(target, [])
    need(files, "no rules given")
    loaded = load_files(files)
    checked, findings = changed_part(loaded, changed)
    findings += check_rules(over("checking")(checked), targets)
    named = [(rule.file, rule.document.place().line, rule.title) for rule in checked]
    write_findings(findings, named, format.value, time.monotonic() - start, only_failing)
    status.at_least(1, any(finding.level in {"warning", "error"} for finding in findings))
    status.at_least(2, any(finding.code == "file-unreadable" for finding in findings))
    status.end()
