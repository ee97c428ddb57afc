"""`--changed [BASE]`: of the rules that are given only those that have changed, as git knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sigmaproof.commands.given import usage

if TYPE_CHECKING:
    from sigmaproof.diagnostics import Diagnostic
    from sigmaproof.rules import Loaded, Rule

__all__ = ["changed_part", "changed_rules", "with_base"]

OPTION = "--changed"


def with_base(arguments: Sequence[str]) -> list[str]:
    """The arguments with `--changed BASE` and `--changed` joined to one: its value can be left out.

    What follows is the BASE unless it is an option or a path that exists; `--changed=BASE` always says it.
    """
    found: list[str] = []
    left = list(arguments)
    while left:
        one = left.pop(0)
        if one == OPTION:
            base = left.pop(0) if left and not left[0].startswith("-") and not Path(left[0]).exists() else ""
            one = f"{OPTION}={base}"
        found.append(one)
    return found


def changed_part(loaded: Loaded, base: str | None) -> tuple[list[Rule], list[Diagnostic]]:
    """The rules to check, and what loading found in their files; all of them without a base.

    Ends the command where git can't say it.
    """
    if base is None:
        return loaded.rules, list(loaded.findings)
    files = [*(rule.file for rule in loaded.rules), *(finding.place.file for finding in loaded.findings)]
    changed = _changed(base, files)
    findings = [finding for finding in loaded.findings if _real(Path(finding.place.file)) in changed]
    return _rules(loaded, changed, lambda rule: [Path(rule.file)]), findings


def changed_rules(loaded: Loaded, base: str, files_of: Callable[[Rule], Iterable[Path]]) -> list[Rule]:
    """The rules of which a file, or a filter that applies to them, has changed. files_of: what a rule depends on.

    Ends the command where git can't say it.
    """
    return _rules(loaded, _changed(base, [rule.file for rule in loaded.rules]), files_of)


def _changed(base: str, files: Sequence[str]) -> set[Path]:
    from sigmaproof.repository import GitError, changed_files

    folder = Path(files[0]).absolute().parent if files else Path.cwd()
    try:
        return changed_files(base, folder)
    except GitError as error:
        usage(f"{OPTION}: {error}")


def _rules(loaded: Loaded, changed: set[Path], files_of: Callable[[Rule], Iterable[Path]]) -> list[Rule]:
    from sigmaproof.output.consoles import note, plural

    filters = [one for one in loaded.filters if _real(Path(one.document.file)) in changed]
    found = [
        rule
        for rule in loaded.rules
        if any(_real(file) in changed for file in files_of(rule)) or any(one.applies_to(rule.data) for one in filters)
    ]
    note(f"{len(found):,} of {plural(len(loaded.rules), 'rule')} changed")
    return found


def _real(file: Path) -> Path:
    """The file as git names it: the folder without symbolic links, which the file itself can be."""
    whole = file.absolute()
    return whole.parent.resolve() / whole.name
