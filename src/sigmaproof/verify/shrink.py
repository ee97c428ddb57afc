"""Makes records smaller while something about them holds: delta debugging, many records at the same time.

What has to hold is the caller's (a verdict, a difference, its cause); here is only what is tried, and in which order:
keys and elements are dropped, the outer ones first, then texts are shortened at either end. Each record is a
generator that yields what to try next; all of them are answered in one batch, since an engine answers a thousand
documents as quickly as one.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

__all__ = ["shrink_all", "size_of"]

Record: TypeAlias = Mapping[str, Any]
Path: TypeAlias = tuple[str | int, ...]
End: TypeAlias = tuple[Path, bool]  # of a text; True: at its end it is cut
Trial: TypeAlias = Generator[list[dict[str, Any]], list[bool], dict[str, Any]]

AT_ONCE = 16
"""Parts into which a container or a text is cut at most: candidates in one round for each of them."""
PASSES = 4
MOST_TEXTS = 12
"""Texts that are shortened, the longest ones."""


def shrink_all(
    records: Sequence[Record], holds: Callable[[list[tuple[int, Record]]], list[bool]], rounds: int = 120
) -> list[dict[str, Any]]:
    """Each record made as small as the tries find it, in the same order.

    holds: judges a batch of (index of the record, candidate) at once, in order. It is never asked about the records
    themselves, which are taken to hold. rounds: after so many batches the smallest found so far are returned.
    """
    best: list[dict[str, Any]] = [_copied(record) for record in records]
    running: dict[int, Trial] = {index: _shrunk(record) for index, record in enumerate(best)}
    tried = {index: next(trial) for index, trial in running.items()}
    for _ in range(rounds):
        if not tried:
            break
        batch = [(index, candidate) for index, candidates in tried.items() for candidate in candidates]
        answers = iter(holds(list(batch)))
        asked, tried = tried, {}
        for index, candidates in asked.items():
            held = [next(answers) for _ in candidates]
            smaller = [one for one, holding in zip(candidates, held, strict=True) if holding]
            best[index] = min([best[index], *smaller], key=size_of)
            try:
                tried[index] = running[index].send(held)
            except StopIteration:
                del running[index]
    return best


def size_of(value: Any) -> int:
    """How large a record is: the characters of its keys and texts, and one for everything else."""
    total, stack = 0, [value]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            total += sum(len(str(key)) + 1 for key in node)
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
        total += len(node) if isinstance(node, str) else 1
    return total


def _shrunk(record: dict[str, Any]) -> Trial:
    for _ in range(PASSES):
        before = size_of(record)
        record = yield from _with_fewer(record)
        record = yield from _with_shorter(record)
        if size_of(record) == before:
            break
    return record


# keys and elements


def _with_fewer(record: dict[str, Any]) -> Trial:
    depth = 1
    while places := [path for path in _places(record) if len(path) == depth]:
        record = yield from _without_some(record, places)
        depth += 1
    return record


def _without_some(record: dict[str, Any], places: list[Path]) -> Trial:
    """Drops as many of these as can go: in chunks, those that can go alone tried together, then in smaller chunks."""
    size = -(-len(places) // AT_ONCE)
    while places:
        chunks = [places[start : start + size] for start in range(0, len(places), size)]
        answers = yield [_without(record, chunk) for chunk in chunks]
        fine = [chunk for chunk, holding in zip(chunks, answers, strict=True) if holding]
        gone = yield from _most_together(record, fine)
        if gone:
            record = _without(record, gone)
            # In a list the places behind those that went have moved.
            places = [path for path in _places(record) if len(path) == len(places[0])]
            size = min(size, -(-len(places) // AT_ONCE)) or 1
        elif size == 1:
            break
        else:
            size = max(1, size // 4)
    return record


def _most_together(record: dict[str, Any], fine: list[list[Path]]) -> Generator[Any, list[bool], list[Path]]:
    """Of chunks that can go one by one, as many of the first as can go together."""
    if len(fine) < 2:
        return [path for chunk in fine for path in chunk]
    counts = [len(fine)]
    while counts[-1] > 2:
        counts.append(counts[-1] // 2)
    sets = [[path for chunk in fine[:count] for path in chunk] for count in counts]
    answers = yield [_without(record, gone) for gone in sets]
    return next((gone for gone, holding in zip(sets, answers, strict=True) if holding), fine[0])


def _places(node: Any, before: Path = ()) -> Iterator[Path]:
    """The path of every key and element."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inner:
        yield (*before, key)
        yield from _places(value, (*before, key))


def _without(record: dict[str, Any], paths: Sequence[Path]) -> dict[str, Any]:
    made: dict[str, Any] = _copied(record)
    for path in sorted(paths, key=lambda one: [(isinstance(key, str), key) for key in one], reverse=True):
        del _at(made, path[:-1])[path[-1]]
    return made


# texts


def _with_shorter(record: dict[str, Any]) -> Trial:
    """Shortens texts: all of them at the same time, together where that holds."""
    floors: dict[End, int] = {}
    while True:
        longest = sorted(_texts(record), key=lambda one: -len(one[1]))[:MOST_TEXTS]
        ends = [((path, at_end), len(text)) for path, text in longest for at_end in (True, False)]
        tries = [(end, length) for end, whole in ends for length in _lengths(floors.get(end, -1), whole)]
        if not tries:
            return record
        answers = yield [_cut(record, [one]) for one in tries]
        cuts: dict[Path, tuple[End, int]] = {}
        for end, _ in ends:
            mine = [(length, held) for (of, length), held in zip(tries, answers, strict=True) if of == end]
            shortest = min((length for length, held in mine if held), default=None)
            failed = [length for length, held in mine if not held and (shortest is None or length < shortest)]
            floors[end] = max([floors.get(end, -1), *failed])
            if shortest is not None and (end[0] not in cuts or shortest < cuts[end[0]][1]):
                cuts[end[0]] = (end, shortest)
        for path, at_end in [end for end, _ in cuts.values()]:
            floors.pop((path, not at_end), None)  # of another text now
        record = yield from _cut_together(record, list(cuts.values()))


def _cut_together(record: dict[str, Any], cuts: list[tuple[End, int]]) -> Trial:
    if len(cuts) > 1:
        all_cut = _cut(record, cuts)
        (holding,) = yield [all_cut]
        if holding:
            return all_cut
    if not cuts:
        return record
    return min((_cut(record, [one]) for one in cuts), key=size_of)


def _lengths(floor: int, length: int) -> list[int]:
    """Lengths to try between one that is known to be too short and the present one, both excluded."""
    between = length - floor - 1
    if between < 1:
        return []
    step = -(-between // AT_ONCE)
    return sorted({*range(floor + 1, length, step), length - 1})


def _texts(record: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    for path in _places(record):
        value = _at(record, path)
        if isinstance(value, str) and value:
            yield path, value


def _cut(record: dict[str, Any], cuts: Sequence[tuple[End, int]]) -> dict[str, Any]:
    made: dict[str, Any] = _copied(record)
    for (path, at_end), length in cuts:
        node, text = _at(made, path[:-1]), _at(made, path)
        node[path[-1]] = text[:length] if at_end else text[len(text) - length :]
    return made


def _at(node: Any, path: Path) -> Any:
    for key in path:
        node = node[key]
    return node


def _copied(value: Any) -> Any:
    """A copy of plain data; quicker than copy.deepcopy, and of any mapping a dict."""
    if isinstance(value, Mapping):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value
