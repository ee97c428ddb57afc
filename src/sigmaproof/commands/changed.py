"""`--changed [BASE]`: of the rules that are given only those that have changed, as git knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sigmaproof.commands.given import usage

if TYPE_CHECKING:
    from sigmaproof.check.run import Checked
    from sigmaproof.filters import Filter
    from sigmaproof.rules import Loaded, Rule

__all__ = ["Changes", "changed_part", "changed_rules", "changes_among", "with_base"]

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


@dataclass(frozen=True, slots=True)
class Changes:
    """What has changed in the repositories of some files."""

    files: frozenset[Path]

    def __contains__(self, file: str | Path) -> bool:
        return _real(Path(file)) in self.files


def changes_among(files: Iterable[str | Path], base: str) -> Changes:
    """What has changed in the repositories in which these files lie. Ends the command where git can't say it."""
    from sigmaproof.repository import GitError, changed_files, root_of

    folders = {_real(Path(file)).parent for file in files} or {Path.cwd()}
    roots = sorted({root_of(folder / "rule") for folder in folders})
    changed: set[Path] = set()
    for root in roots:
        try:
            changed |= changed_files(base, root)
        except GitError as error:
            usage(f"{OPTION}: {error}" + (f" (in {root})" if len(roots) > 1 else ""))
    return Changes(frozenset(changed))


def changed_part(checked: Checked, changes: Changes | None) -> Checked:
    """Of what was found in all files only what is in those that have changed; all of it without changes.

    All are checked, as filters and the ids of rules concern each other.
    """
    if changes is None:
        return checked
    filters = _filters(checked.filters, changes)
    cards = [
        card
        for card in checked.cards
        if card.title_place.file in changes or any(one.applies_to(card.data) for one in filters)
    ]
    touched = {card.title_place.file for card in cards}
    kept = [one for one in checked.findings if one.place.file in touched or one.place.file in changes]
    parts = [one for one in checked.parts if one.file in touched or one.file in changes]
    _say(len(cards), len(checked.cards))
    return replace(checked, findings=kept, cards=cards, parts=parts)


def changed_rules(loaded: Loaded, base: str, files_of: Callable[[Rule], Iterable[Path]]) -> list[Rule]:
    """The rules of which a file, or a filter that applies to them, has changed. files_of: what a rule depends on.

    Ends the command where git can't say it.
    """
    changes = changes_among((rule.file for rule in loaded.rules), base)
    filters = _filters(loaded.filters, changes)
    found = [
        rule
        for rule in loaded.rules
        if any(file in changes for file in files_of(rule)) or any(one.applies_to(rule.data) for one in filters)
    ]
    _say(len(found), len(loaded.rules))
    return found


def _filters(filters: Iterable[Filter], changes: Changes) -> list[Filter]:
    return [one for one in filters if one.document.file in changes]


def _say(some: int, rules: int) -> None:
    from sigmaproof.output.consoles import note, plural

    note(f"{some:,} of {plural(rules, 'rule')} changed")


def _real(file: Path) -> Path:
    """The file as git names it: the folder without symbolic links, which the file itself can be."""
    whole = file.absolute()
    return whole.parent.resolve() / whole.name
