"""Prints what is missing, stale or extra in a directory of queries, with a short difference."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import unified_diff
from pathlib import Path

from sigmaproof.output.consoles import note, plural, visible
from sigmaproof.queryfiles.plan import Change

__all__ = ["write_changes", "write_done"]

MOST_LINES = 12  # of the difference of one file
WIDTH = 160  # of a line of it; a query is one long line
BEFORE = 40  # characters that are shown before the first difference of two long lines


def write_changes(found: Sequence[Change], files: int, directory: Path, form: str) -> None:
    """What `convert --check` found: a line a file with its difference; as JSON one object a line.

    files: how many the directory should hold.
    """
    for change in found:
        if form == "json":
            print(json.dumps(_json(change, directory), ensure_ascii=False))
        else:
            print(f"{change.state:7} {directory / change.file}{_why(change)}")
            for line in _difference(change):
                print(f"    {visible(line)}")
    if found:
        states = Counter(change.state for change in found)
        note(", ".join(f"{states[state]:,} {state}" for state in ("missing", "stale", "extra") if states[state]))
        note(f"  help: run the command again without --check and look at the difference of {directory}")
    else:
        note(f"{plural(files, 'file')} in {directory} as they must be")


def write_done(found: Sequence[Change], files: int, directory: Path) -> None:
    """What `convert -o` has written."""
    written = sum(change.new is not None for change in found)
    removed = sum(change.new is None and change.ours for change in found)
    foreign = [change.file for change in found if not change.ours]
    note(f"{plural(files, 'file')} in {directory}: {written:,} written, {removed:,} removed")
    for file in foreign:
        note(f"{directory / file}: left alone: no rule makes it, and the manifest doesn't list it")


def _why(change: Change) -> str:
    if change.new is not None:
        return "" if change.ours else ": the manifest doesn't list it, so it is never replaced: move it away"
    return ": no rule makes it" if change.ours else ": no rule makes it, and it is not ours: move it away"


def _json(change: Change, directory: Path) -> dict[str, object]:
    return {
        "file": (directory / change.file).as_posix(),
        "state": change.state,
        "ours": change.ours,
        "difference": list(_difference(change)),
    }


def _difference(change: Change) -> Iterator[str]:
    """The difference of a stale file, cut to what can be read."""
    if change.old is None or change.new is None:
        return
    old, new = (text.decode("utf-8", "backslashreplace").splitlines() for text in (change.old, change.new))
    if len(old) == len(new) == 1:
        start = max(_common(old[0], new[0]) - BEFORE, 0)
        yield "-" + _part(old[0], start)
        yield "+" + _part(new[0], start)
        return
    lines = list(unified_diff(old, new, lineterm="", n=0))[2:]
    yield from (_part(line, 0) for line in lines[:MOST_LINES])
    if len(lines) > MOST_LINES:
        yield f"… {plural(len(lines) - MOST_LINES, 'line')} more"


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = zip(one, other, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _part(line: str, start: int) -> str:
    shown = line[start : start + WIDTH]
    return ("…" if start else "") + shown + ("…" if len(line) > start + WIDTH else "")
