"""The two consoles. Tables are as wide as the terminal, or 180 columns where there is none."""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["err", "new_table", "note", "out", "plural", "visible"]

WIDTH = 180


@cache
def out() -> Console:
    """stdout, with colours on a terminal only."""
    return _console(stderr=False)


@cache
def err() -> Console:
    """stderr."""
    return _console(stderr=True)


def _console(stderr: bool) -> Console:
    from rich.console import Console

    class Terminal(Console):
        def on_broken_pipe(self) -> None:
            """Leaves it to the command line, which ends without an error; rich would end with one."""
            raise BrokenPipeError

        def print(self, *objects: Any, **more: Any) -> None:
            """Texts from rules and records are shown, not obeyed: see `visible`."""
            super().print(*(visible(one) if isinstance(one, str) else one for one in objects), **more)

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDTH
    return Terminal(stderr=stderr, width=width, highlight=False, markup=False, emoji=False, soft_wrap=not stderr)


def visible(text: str) -> str:
    """The text with what a terminal would obey, or what turns the direction of reading, written out."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


# C0 but tab and line feed, DEL, C1, and the marks and embeddings of bidirectional text.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def note(message: str) -> None:
    """A line of progress or advice on stderr."""
    print(message, file=sys.stderr)


def new_table(*columns: str) -> Table:
    """An empty table with these headings."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def plural(count: int, word: str) -> str:
    """`1 record`, `2 records`, `1,000 matches`."""
    ending = "" if count == 1 else "es" if word.endswith("ch") else "s"
    return f"{count:,} {word}{ending}"
