"""The commands about rules alone: `check`, `test`."""

from __future__ import annotations

from typing import Annotated

import typer

from sigmaproof.commands.given import inputs_of, need, rules_of, targets_of
from sigmaproof.commands.options import Filters, Lines, Paths, Pipelines, RuleDirs, Status, Targets

__all__ = ["check", "test"]


def check(
    paths: Paths = None,
    rules: RuleDirs = None,
    target: Targets = None,
    format: Annotated[Lines, typer.Option("--format")] = Lines.text,
) -> None:
    """Check rules: faults, unknown fields, and with -t what a target can't say or says with another meaning."""
    from sigmaproof.check import check_rules
    from sigmaproof.output.findings import write_findings
    from sigmaproof.rules import load_files

    status = Status()
    files, targets = inputs_of(paths, rules).rules, targets_of(target, [])
    need(files, "no rules given")
    loaded = load_files(files)
    findings = loaded.findings + check_rules(loaded.rules, targets)
    write_findings(findings, len(loaded.rules), format.value)
    status.at_least(1, any(finding.level in {"warning", "error"} for finding in findings))
    status.at_least(2, any(finding.code == "file-unreadable" for finding in findings))
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
