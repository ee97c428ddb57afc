"""Says on stderr what of the paths was not read, and why: no records, not asked for, or hidden directories of rules."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sigmaproof.output.consoles import note, plural

if TYPE_CHECKING:
    from sigmaproof.listing import Left
    from sigmaproof.selection import Tally

__all__ = ["write_hidden", "write_left_out"]


def write_left_out(left: Left, skipped: Counter[str], tally: Tally) -> None:
    """Prints a line for each kind of what was left out. skipped: what was found to hold no record when it was read."""
    held_none = left.skipped + skipped
    if held_none:
        note(f"skipped, as they hold no records: {', '.join(plural(n, what) for what, n in sorted(held_none.items()))}")
    pruned = [
        plural(left.directories, "folder") if left.directories else "",
        plural(left.files, "file") if left.files else "",
        plural(tally.pruned, "record") if tally.pruned else "",
    ]
    if any(pruned):
        note(f"not asked for: {', '.join(filter(None, pruned))}")
    if tally.unclear:
        words = "of which can't be told whether it was asked for: no time, account or region that can be read"
        note(f"kept: {plural(tally.unclear, 'record')}, {words}")


def write_hidden(left: Left) -> None:
    """Prints how many directories were passed over where rules were looked for."""
    if left.hidden:
        where = f"{left.hidden:,} director{'y' if left.hidden == 1 else 'ies'}"
        note(f"passed over: {where} (hidden, site-packages or node_modules); name one to read its rules")
