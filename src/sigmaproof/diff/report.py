"""Prints what a comparison found: for people, or one JSON object a line (`schema/diff-1.json`)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sigmaproof.diff.attribute import truths_of
from sigmaproof.diff.cut import Leaf
from sigmaproof.diff.group import Cause
from sigmaproof.diff.kinds import KINDS
from sigmaproof.diff.search import Outcome
from sigmaproof.diff.sides import Side
from sigmaproof.matching import value_text
from sigmaproof.output.consoles import out, plural
from sigmaproof.paths import getter
from sigmaproof.predicate import field_of, tests

__all__ = ["SCHEMA", "write_outcome"]

SCHEMA = "sigmaproof-diff/1"
SHOWN = 6
LONGEST = 80


def write_outcome(outcome: Outcome, form: str, everything: bool = False) -> None:
    """Prints one comparison. form: text or json. everything: in text, also the records that AWS can't write."""
    if form == "json":
        for line in _json_lines(outcome):
            print(json.dumps({"schema": SCHEMA, **line}, ensure_ascii=True))
        return
    for words in _lines(outcome, everything):
        out().print(words)


# for people


def _lines(outcome: Outcome, everything: bool) -> Iterator[str]:
    for letter, side in zip("AB", outcome.sides, strict=True):
        yield f"{letter}  {side.name} ({side.heading})"
    for number, side in enumerate(outcome.sides):
        if side.refusal:
            yield f"\n{'AB'[number]} never runs: {side.refusal}"
    for at, cause in enumerate(outcome.causes, 1):
        yield f"\n{at}. {_title(outcome, cause)}"
        yield from _cause_lines(outcome, cause)
    if outcome.apart:
        yield "\nApart, as AWS can't write these records" + (":" if everything else " (--all shows them):")
    for cause in outcome.apart:
        yield f"* {_title(outcome, cause)}; {cause.seen.inadmissible}"
        if everything:
            yield f"    record  {_record(cause)}"
    yield ""
    yield from _summary(outcome)


def _title(outcome: Outcome, cause: Cause) -> str:
    detail = f": {cause.kind.detail}" if cause.kind.detail else ""
    if cause.key.hides is not None:
        return f"{'AB'[cause.key.hides[0]]} {KINDS[cause.kind.code].partition(' ')[2]}{detail}"
    return f"{_direction(outcome, cause)}: {KINDS[cause.kind.code]}{detail}"


def _direction(outcome: Outcome, cause: Cause) -> str:
    if all(side.is_native for side in outcome.sides):
        return ("no longer matches", "newly matches")[cause.key.alerts]
    return f"only {'AB'[cause.key.alerts]} alerts"


def _cause_lines(outcome: Outcome, cause: Cause) -> Iterator[str]:
    for number, leaves in enumerate(_told(cause)):
        for leaf in sorted(leaves)[:SHOWN]:
            yield f"   because  {'AB'[number]} {_leaf_line(outcome.sides[number], number, leaf, cause)}"
        if len(leaves) > SHOWN:
            yield f"   because  {'AB'[number]} and {plural(len(leaves) - SHOWN, 'test')} more"
    if cause.key.hides is None and not cause.beside and cause.kind.code != "rejected":
        yield f"   because  {'AB'[cause.key.alerts]} has no test of this that decides"
    if cause.seen.place:
        yield f"   where    {cause.seen.place}"
    yield f"   record   {_record(cause)}"
    if cause.count > 1:
        yield f"   and {plural(cause.count - 1, 'record')} more"
    if cause.is_set_aside:
        yield from _aside_lines(outcome, cause)


def _told(cause: Cause) -> tuple[frozenset[int], frozenset[int]]:
    """The leaves that are shown, by side."""
    if cause.key.hides is not None:
        own = frozenset({cause.key.hides[1]})
        return (own, frozenset()) if cause.key.hides[0] == 0 else (frozenset(), own)
    pair = (cause.beside, cause.key.blockers)
    return pair if cause.key.alerts == 0 else (pair[1], pair[0])


def _leaf_line(side: Side, number: int, leaf: int, cause: Cause) -> str:
    shown = side.leaves[leaf]
    truth = "true " if truths_of(cause.seen, number, cause.assumed)[leaf] else "false"
    where = f"line {shown.line}: " if shown.line else ""
    values = "; ".join(_values(shown, cause, number))
    return f"{truth} {where}{_short(shown.words)}" + (f": {values}" if values else "")


def _values(leaf: Leaf, cause: Cause, number: int) -> list[str]:
    """What the leaf saw: a rule in the record, a query in its document."""
    document = cause.seen.views[number].document
    names = [field_of(test) for test, _ in tests(leaf.tree)] if document is None and leaf.tree is not None else []
    return [
        f"{name} = {_seen(getter(name)(cause.seen.record if document is None else document))}"
        for name in (names if document is None else leaf.fields)
        if name
    ]


def _seen(values: list[Any]) -> str:
    return ", ".join(map(_value, values[:SHOWN])) if values else "(missing)"


def _value(value: Any) -> str:
    text = value_text(value)
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]} … {text[-LONGEST // 4 :]}"
    shown = repr(text) if isinstance(value, str) else text
    size = len(value_text(value))
    return shown if size <= LONGEST else f"{shown} ({size:,} characters)"


def _aside_lines(outcome: Outcome, cause: Cause) -> Iterator[str]:
    number, leaf = cause.key.hides or (1 - cause.key.alerts, min(cause.key.blockers))
    yield f"   It hides what else {'AB'[number]} would say, so it is set aside for what follows."
    wanted = outcome.sides[number].leaves[leaf].category
    if wanted is not None:
        known = wanted in map(str, getter("event.type")(cause.seen.views[number].document or {}))
        if known:
            yield f"   `--event-category-field event.type` asks event.type, which is {wanted!r} in this document."
        else:
            yield "   `--event-category-field NAME` asks another field, as Elasticsearch's event_category_field does."


def _record(cause: Cause) -> str:
    return json.dumps(_shortened(cause.seen.record), ensure_ascii=False)


def _shortened(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _shortened(inner) for key, inner in value.items()}
    if isinstance(value, list):
        more = [f"… {len(value):,} elements"] if len(value) > 3 else []
        return [_shortened(inner) for inner in value[:3]] + more
    return f"{value[:30]}… ({len(value):,} characters)" if isinstance(value, str) and len(value) > LONGEST else value


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 2 * LONGEST else f"{text[: 2 * LONGEST]}…"


def _summary(outcome: Outcome) -> Iterator[str]:
    on = f" on {outcome.engine}" if outcome.engine else ""
    if any(side.refusal for side in outcome.sides):
        yield "different: a query that never runs is not the same detection."
        return
    records = f"{outcome.records:,} {'witness' if outcome.records == 1 else 'witnesses'}"
    if outcome.is_same:
        yield f"same on {records}{on}: {_decided(outcome)}."
    elif outcome.is_undecided:
        yield (
            f"undecided: no difference on {records}{on}, but nothing that could have shown one: {_decided(outcome)}. "
            "Give records with --logs."
        )
    else:
        causes = plural(len(outcome.causes) + outcome.more, "cause")
        yield f"different: {causes} on {records}{on}: {_decided(outcome)}."
    yield (
        f"Apart: {plural(outcome.inadmissible, 'record')} that AWS can't write, "
        f"{plural(outcome.rejected, 'document')} that the index rejects."
    )
    if outcome.more:
        yield f"{plural(outcome.more, 'more cause')}: not shown."
    yield from _gaps(outcome)


def _decided(outcome: Outcome) -> str:
    each = [
        f"{len(found)} of {plural(len(side.leaves), 'test')} of {letter}"
        for letter, side, found in zip("AB", outcome.sides, outcome.decided, strict=True)
    ]
    aside = ", with what is set aside" if any(cause.is_set_aside for cause in outcome.causes) else ""
    return f"{' and '.join(each)} decided the verdict alone, once true and once false{aside}"


def _gaps(outcome: Outcome) -> Iterator[str]:
    """What the answer does not cover."""
    for number, (letter, side) in enumerate(zip("AB", outcome.sides, strict=True)):
        unsearched = outcome.unsearched(number)
        for leaf in unsearched[:SHOWN]:
            yield f"not searched: {letter} {_short(leaf.words)}: no raw field is known for it; it was judged as it came"
        if len(unsearched) > SHOWN:
            yield f"not searched: {letter} and {plural(len(unsearched) - SHOWN, 'test')} more"
        never = [leaf for leaf in side.leaves if leaf.number not in outcome.decided[number]]
        for leaf in () if outcome.is_different else never[:SHOWN]:
            yield f"not decisive: {letter} {_short(leaf.words)}: the verdict never hung on it alone both ways"
        yield from side.remarks


# for programs


def _json_lines(outcome: Outcome) -> Iterator[dict[str, Any]]:
    for kind, causes in (("cause", outcome.causes), ("apart", outcome.apart)):
        for cause in causes:
            yield {"type": kind, **_cause_json(outcome, cause)}
    yield {
        "type": "summary",
        "same": outcome.is_same,
        "undecided": outcome.is_undecided,
        "sides": [_side_json(outcome, number) for number in (0, 1)],
        "engine": outcome.engine,
        "witnesses": outcome.records,
        "inadmissible": outcome.inadmissible,
        "rejected": outcome.rejected,
        "causes": len(outcome.causes) + outcome.more,
    }


def _cause_json(outcome: Outcome, cause: Cause) -> dict[str, Any]:
    return {
        "alerts": "ab"[cause.key.alerts],
        "kind": cause.kind.code,
        "detail": cause.kind.detail,
        "tests": [
            {
                "side": "ab"[number],
                "test": (shown := outcome.sides[number].leaves[leaf]).words,
                "line": shown.line or None,
                "truth": truths_of(cause.seen, number, cause.assumed)[leaf],
                "values": _values(shown, cause, number),
            }
            for number, leaves in enumerate(_told(cause))
            for leaf in sorted(leaves)
        ],
        "set_aside": cause.is_set_aside,
        "assumed": [
            {"side": "ab"[number], "test": outcome.sides[number].leaves[leaf].words, "truth": truth}
            for (number, leaf), truth in cause.assumed.items()
        ],
        "records": cause.count,
        "inadmissible": cause.seen.inadmissible,
        "place": cause.seen.place or None,
        "record": cause.seen.record,
    }


def _side_json(outcome: Outcome, number: int) -> dict[str, Any]:
    side = outcome.sides[number]
    return {
        "name": side.name,
        "language": side.language,
        "integration": side.integration,
        "refusal": side.refusal,
        "tests": len(side.leaves),
        "decided": len(outcome.decided[number]),
        "not_searched": [leaf.words for leaf in outcome.unsearched(number)],
        "remarks": list(side.remarks),
    }
