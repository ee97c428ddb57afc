"""Prints what is missing, stale or extra in a directory of queries, with a short difference."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import unified_diff
from pathlib import Path

from sigmaproof.output.consoles import note, plural, visible
from sigmaproof.queryfiles.flat import flat
from sigmaproof.queryfiles.manifest import MANIFEST
from sigmaproof.queryfiles.plan import Change

__all__ = ["write_changes", "write_done", "write_kept"]

MOST_LINES = 18  # of the difference of one file
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
            print(visible(f"{change.state:7} {directory / change.file}{_why(change)}"))
            for line in _difference(change):
                print(f"    {visible(line)}")
    if found:
        states = Counter(change.state for change in found)
        note(", ".join(f"{states[state]:,} {state}" for state in ("missing", "stale", "extra") if states[state]))
        note(f"  help: run the command again without --check and look at the difference of {directory}")
    else:
        note(f"{plural(files, 'file')} in {directory} as they must be")


def write_kept(files: Sequence[str], directory: Path) -> None:
    """What stays in the directory although no rule was read for it."""
    for file in files:
        note(visible(f"{directory / file}: kept as it was: its rule can't be read"))


def write_done(found: Sequence[Change], files: int, directory: Path) -> None:
    """What `convert -o` has written."""
    written = sum(change.new is not None for change in found)
    removed = sum(change.new is None and change.ours for change in found)
    foreign = [change.file for change in found if not change.ours]
    note(f"{plural(files, 'file')} in {directory}: {written:,} written, {removed:,} removed")
    for file in foreign:
        note(visible(f"{directory / file}: left alone: no rule makes it, and the manifest doesn't list it"))


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
    lines = list(_manifest(change.old, change.new) if change.file == MANIFEST else _text(change.old, change.new))
    yield from lines[:MOST_LINES]
    if len(lines) > MOST_LINES:
        yield f"… {plural(len(lines) - MOST_LINES, 'line')} more"


def _manifest(old: bytes, new: bytes) -> Iterator[str]:
    """What differs, by what it is about; a file that is hardly a manifest is compared as text."""
    try:
        before, after = flat(old), flat(new)
    except (ValueError, LookupError, TypeError, AttributeError):
        yield from _text(old, new)
        return
    for key in sorted({*before, *after}):
        if before.get(key) != after.get(key):
            yield key
            yield from _pair(before.get(key), after.get(key))
    if before == after:
        yield "only its layout, or the hashes of queries"


def _text(old: bytes, new: bytes) -> Iterator[str]:
    before, after = (text.decode("utf-8", "backslashreplace").splitlines() for text in (old, new))
    if before == after:
        yield "only the ends of lines"
    elif len(before) == len(after) == 1:
        yield from _pair(before[0], after[0])
    else:
        yield from (_part(line, 0) for line in list(unified_diff(before, after, lineterm="", n=0))[2:])


def _pair(old: str | None, new: str | None) -> Iterator[str]:
    """Two long lines, from a little before the first difference; None for one that isn't there."""
    start = max(_common(old, new) - BEFORE, 0) if old is not None and new is not None else 0
    if old is not None:
        yield "-" + _part(old, start)
    if new is not None:
        yield "+" + _part(new, start)


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = zip(one, other, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _part(line: str, start: int) -> str:
    shown = line[start : start + WIDTH]
    return ("…" if start else "") + shown + ("…" if len(line) > start + WIDTH else "")
