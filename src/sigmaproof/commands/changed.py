"""`--changed [BASE]`: of the rules that are given only those that have changed, as git knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sigmaproof.commands.given import usage

if TYPE_CHECKING:
    from sigmaproof.check.run import Checked
    from sigmaproof.filters import Filter
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


def changed_part(checked: Checked, base: str | None) -> Checked:
    """Of what was found in all files only what is in those that have changed; all of it without a base.

    All are checked, as filters and the ids of rules concern each other. Ends the command where git can't say it.
    """
    if base is None:
        return checked
    names = [*(card.title_place.file for card in checked.cards), *(one.place.file for one in checked.findings)]
    changed = _changed(base, names)
    filters = _filters(checked.filters, changed)
    cards = [
        card
        for card in checked.cards
        if _real(Path(card.title_place.file)) in changed or any(one.applies_to(card.data) for one in filters)
    ]
    touched = {card.title_place.file for card in cards}
    kept = [one for one in checked.findings if one.place.file in touched or _real(Path(one.place.file)) in changed]
    parts = [one for one in checked.parts if one.file in touched or _real(Path(one.file)) in changed]
    _say(len(cards), len(checked.cards))
    return replace(checked, findings=kept, cards=cards, parts=parts)


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
    filters = _filters(loaded.filters, changed)
    found = [
        rule
        for rule in loaded.rules
        if any(_real(file) in changed for file in files_of(rule)) or any(one.applies_to(rule.data) for one in filters)
    ]
    _say(len(found), len(loaded.rules))
    return found


def _filters(filters: Iterable[Filter], changed: set[Path]) -> list[Filter]:
    return [one for one in filters if _real(Path(one.document.file)) in changed]


def _say(some: int, rules: int) -> None:
    from sigmaproof.output.consoles import note, plural

    note(f"{some:,} of {plural(rules, 'rule')} changed")


def _real(file: Path) -> Path:
    """The file as git names it: the folder without symbolic links, which the file itself can be."""
    whole = file.absolute()
    return whole.parent.resolve() / whole.name
