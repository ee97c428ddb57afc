"""How far a long run is, on a terminal only; a pipe or a file gets nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

__all__ = ["over"]

T = TypeVar("T")


def over(what: str) -> Callable[[Sequence[T]], Iterable[T]]:
    """What goes over a sequence, with a bar on stderr that goes away at the end."""

    def going(items: Sequence[T]) -> Iterator[T]:
        if not sys.stderr.isatty() or len(items) < 2:
            yield from items
            return
        from rich.progress import track

        from sigmaproof.output.consoles import err

        yield from track(items, what, console=err(), transient=True)

    return going
