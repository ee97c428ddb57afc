"""Advice about rules before they run anywhere. One check a file, in a folder for each layer; `registry` names them all.

Here are the functions for Python programs; how files are checked is in `run`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sigmaproof.diagnostics import Diagnostic

if TYPE_CHECKING:
    from sigmaproof.rules import Rule

__all__ = ["check", "check_rules"]


def check(
    rules: str | Path | Iterable[str | Path | Rule],
    targets: Sequence[str] = (),
    select: Sequence[str] = ("all",),
    ignore: Sequence[str] = (),
) -> list[Diagnostic]:
    """Every finding about these rules, or about the rules in these files and directories.

    targets: also what each of them can't say, or says with another meaning. select, ignore: codes, beginnings of codes
    and layers (form, convention, meaning, targets). Raises InputError for a path that doesn't exist, and
    UnknownCodeError. A loaded rule is not asked what only its file tells.
    """
    from sigmaproof.check.run import Options, check_files
    from sigmaproof.inputs import sort_paths
    from sigmaproof.rules import Rule

    given = [rules] if isinstance(rules, str | Path) else list(rules)
    options = Options(tuple(select), tuple(ignore), tuple(targets))
    files = sort_paths((), rules=[Path(one) for one in given if not isinstance(one, Rule)]).rules
    found = check_files([(file, options) for file in files]).findings
    loaded = [one for one in given if isinstance(one, Rule)]
    return found + check_rules(loaded, targets, select, ignore)


def check_rules(
    rules: Iterable[Rule], targets: Sequence[str] = (), select: Sequence[str] = ("all",), ignore: Sequence[str] = ()
) -> list[Diagnostic]:
    """What the checks find in loaded rules."""
    from sigmaproof.check.run import Options, check_rule

    options = Options(tuple(select), tuple(ignore), tuple(targets))
    return [finding for rule in rules for finding in check_rule(rule, options)]
