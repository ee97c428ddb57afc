"""The tables of `evaluate` for people: a line a rule that matched, and the single matches where they are few.

On a terminal long names are cut in their middle, to its width. Elsewhere nothing is cut or broken: a line is a row,
as wide as it needs to be. Nothing that a log or a rule holds can steer the terminal.
"""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from sigmaproof.output.columns import short_principal
from sigmaproof.output.consoles import new_table, out, plural, visible
from sigmaproof.output.timeline import sparkline

if TYPE_CHECKING:
    from rich.table import Table

    from sigmaproof.output.summary import Distinct, RuleSummary, Summary

__all__ = ["print_matches"]

_SINGLES = 130  # columns that all of the table of matches needs; a narrower terminal gets its first four
_UNITS = ((86_400, "days"), (3_600, "hours"), (60, "minutes"), (1, "seconds"))


class _Layout(NamedTuple):
    """How much a console has room for. short: characters of a name, None for all. names: principals of a rule."""

    columns: tuple[str, ...]
    short: int | None
    names: int


_SEEN = ("first seen (UTC)", "last seen (UTC)")
_STACKED = "seen (UTC), over time"
_ALL = ("level", "rule", "matches", *_SEEN, "accounts", "principals", "over time")
_FREE = _Layout(_ALL, None, 3)
# The columns that a terminal needs at least, the widest first.
_LAYOUTS = {
    150: _Layout(_ALL, 34, 2),
    105: _Layout(("level", "rule", "matches", _STACKED, "accounts", "principals"), 20, 2),
    0: _Layout(("level", "rule, by whom", "matches", _STACKED), 24, 0),
}
_FOLDED = {"rule", "rule, by whom", "principals"}


def print_matches(summary: Summary) -> None:
    """Prints both tables to stdout. Raises BrokenPipeError when its reader has gone."""
    layout = _FREE if _is_free() else next(one for width, one in _LAYOUTS.items() if out().width >= width)
    _print(_rules(summary, layout))
    if summary.few:
        _print(_singles(summary.few, layout.short))


def _rules(summary: Summary, layout: _Layout) -> Table:
    table = new_table(*layout.columns)
    for column in table.columns:
        column.no_wrap = layout.short is None or column.header not in _FOLDED
    table.columns[layout.columns.index("matches")].justify = "right"
    for one in summary.rules:
        cells = _cells(one, sparkline(summary.bars(one)) or "-", layout)
        table.add_row(*("\n".join(map(_cell, cells[name])) for name in layout.columns))
    table.caption = _caption(summary)
    table.caption_justify = "left"
    return table


def _cells(one: RuleSummary, bars: str, layout: _Layout) -> dict[str, list[str]]:
    """The lines of every cell that a layout can ask for."""
    first, last = (_when(moment) for moment in (one.first, one.last))
    principals = _names(one.principals, layout.names, layout.short)
    whom = f"{plural(len(one.principals), 'principal')} in {plural(len(one.accounts), 'account')}"
    return {
        "level": [one.rule.level],
        "rule": [one.rule.title],
        "rule, by whom": [one.rule.title, f"({whom})"],
        "matches": [f"{one.count:,}"],
        _SEEN[0]: [first],
        _SEEN[1]: [last],
        _STACKED: [first, last, bars],
        "accounts": _names(one.accounts, 1, layout.short),
        "principals": [", ".join(principals)] if layout.short is None else principals,
        "over time": [bars],
    }


def _when(moment: datetime | None) -> str:
    return "-" if moment is None else f"{moment.year:04}-{moment:%m-%d %H:%M:%S}"


def _names(found: Distinct, most: int, short: int | None) -> list[str]:
    """`user/dana`, or `3: user/dana`, `user/li …` with how many there are."""
    shown = [_shortened(short_principal(text), short) for text in found.first[:most]]
    if shown and (len(found) > 1 or found.capped):
        shown[0] = f"{found.number}: {shown[0]}"
        shown[-1] += " …" if len(found) > most or found.capped else ""
    return shown or ["-"]


def _caption(summary: Summary) -> str:
    """What a bar of `over time` is, in words."""
    seconds = summary.timeline.width
    size, unit = next((size, unit) for size, unit in _UNITS if seconds >= size)
    width = "one second" if seconds == 1 else f"{seconds / size:.1f} {unit}"
    undated = "\nRecords without a time are only counted." if any(not one.last for one in summary.rules) else ""
    return f"over time: each bar is {width}.{undated}"


def _singles(few: list[tuple[str, ...]], short: int | None) -> Table:
    names = ("level", "rule", "time", "place", "who", "event")
    table = new_table(*(names if short is None or out().width >= _SINGLES else names[:4]))
    for column in table.columns:
        column.no_wrap = short is None or column.header in {"level", "time", "event"}
    for level, title, time, place, who, event in few:
        texts = (level, title, time, place, _shortened(short_principal(who), short), event)
        table.add_row(*(_cell(text) for text in texts[: len(table.columns)]))
    return table


def _shortened(text: str, most: int | None) -> str:
    """A name as there is room for it, with both of its ends."""
    if most is None or len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]}…{text[-(half - 1) :]}"


def _cell(text: str) -> str:
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def _is_free() -> bool:
    """Whether a line can be as long as it has to be: no terminal, and no width that the user has named."""
    return not out().file.isatty() and "COLUMNS" not in os.environ


def _print(table: Table) -> None:
    console = out()
    if _is_free():
        from rich.measure import Measurement

        console.width = max(console.width, Measurement.get(console, console.options.update(width=_ANY), table).maximum)
    console.print(table)
    console.file.flush()


_ANY = 1 << 20
