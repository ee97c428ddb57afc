"""The command `check`."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from sigmaproof.commands.changed import changed_part
from sigmaproof.commands.given import inputs_of, need, targets_of
from sigmaproof.commands.options import (
    Changed,
    Findings,
    OnlyFailing,
    Paths,
    RuleDirs,
    Status,
    Targets,
)

__all__ = ["check"]


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
