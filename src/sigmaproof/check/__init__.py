"""Advice about rules before they run anywhere. One check a file; what loading refuses is in `rules`.

A check is a function from a rule and the targets to findings; CHECKS names them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from sigmaproof.check.claims import claims
from sigmaproof.check.fields import fields
from sigmaproof.check.meaning import meaning
from sigmaproof.diagnostics import Diagnostic
from sigmaproof.rules import Rule

__all__ = ["CHECKS", "Check", "check", "check_rules"]

Check: TypeAlias = Callable[[Rule, Sequence[str]], Iterator[Diagnostic]]
CHECKS: tuple[Check, ...] = (fields, meaning, claims)


def check(rules: str | Path | Iterable[str | Path | Rule], targets: Sequence[str] = ()) -> list[Diagnostic]:
    """Every finding about these rules, or about the rules in these files and directories.

    targets: also what each of them can't say, or says with another meaning. Raises InputError for a path that doesn't
    exist.
    """
    from sigmaproof.api import load

    findings: list[Diagnostic] = []
    loaded: list[Rule] = []
    for one in [rules] if isinstance(rules, str | Path) else rules:
        if isinstance(one, Rule):
            loaded.append(one)
            continue
        found = load(one)
        findings += found.findings
        loaded += found.rules
    return findings + check_rules(loaded, targets)


def check_rules(rules: Iterable[Rule], targets: Sequence[str] = ()) -> list[Diagnostic]:
    """What all checks find in loaded rules."""
    return [finding for rule in rules for one in CHECKS for finding in one(rule, targets)]
