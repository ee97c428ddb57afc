"""The commands about rules alone: `convert`, `check`, `test`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sigmaproof.commands.checking import fix_files, known_code, options_of, processors
from sigmaproof.commands.given import inputs_of, need, profile_of, rules_of, targets_of
from sigmaproof.commands.options import Case, Filters, Integration, Lines, Paths, Pipelines, RuleDirs, Status, Targets
from sigmaproof.diagnostics import STDIN

__all__ = ["check", "convert", "test"]


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
    format: Annotated[Lines, typer.Option("--format")] = Lines.text,
    select: Annotated[list[str] | None, typer.Option("--select", help="Only these: codes or layers.")] = None,
    ignore: Annotated[list[str] | None, typer.Option("--ignore", help="Not these: codes or layers.")] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Repair what can be repaired without changing a rule.")] = False,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="CODE", help="Tell what a code means; `codes` lists them.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=0, help="Processes; 0: as many as there are processors.")] = 0,
) -> None:
    """Check rules: their form, conventions and meaning, and with -t what a target says otherwise."""
    from sigmaproof.check.run import check_files
    from sigmaproof.output.findings import write_codes, write_findings, write_page

    if explain is not None:
        write_codes() if explain == "codes" else write_page(known_code(explain))
        return
    status = Status()
    files = inputs_of(paths, rules).rules
    need(files, "no rules given")
    todo = [(file, options_of(file, select, ignore, target)) for file in files]
    if fix:
        need([file for file in files if file != STDIN], "--fix changes files, and standard input is none")
        fix_files(files)
    checked = check_files(todo, processes=jobs or processors())
    write_findings(checked.findings, checked.rules, format.value)
    status.at_least(1, any(finding.level in {"warning", "error"} for finding in checked.findings))
    status.at_least(2, any(finding.code == "file-unreadable" for finding in checked.findings))
    status.end()


def test(
    paths: Paths = None,
    rules: RuleDirs = None,
    pipeline: Pipelines = None,
    filter: Filters = None,
    only_failing: Annotated[bool, typer.Option("--only-failing")] = False,
) -> None:
    """Test each rule against its .test.yml: what it must and must not match."""
    from sigmaproof.output.matches import write_expectations
    from sigmaproof.ruletest import run_tests

    status = Status()
    loaded = rules_of(inputs_of(paths, rules), status, pipeline, filter)
    results = run_tests(loaded, status.report)
    write_expectations(results, only_failing)
    status.at_least(1, any(not result.passed for result in results))
    status.end()
