"""Two rules have one id.

What: of all rules that were given to this run, two have the same `id`, or the same `name`.

Why: whatever keeps rules by their id, a SIEM, a filter or a ledger of tests, keeps only one of them. It happens when a
rule is copied as a beginning for another one.

Example:

    title: Role Created
    id: 6d5f3a52-3f3e-4d54-9a52-5b5d1f0e7c11
    logsource:
        product: aws
        service: cloudtrail
    detection:
        selection:
            eventName: CreateRole
        condition: selection
    ---
    title: User Created
    id: 6d5f3a52-3f3e-4d54-9a52-5b5d1f0e7c11
    logsource:
        product: aws
        service: cloudtrail
    detection:
        selection:
            eventName: CreateUser
        condition: selection

Use instead:

    title: Role Created
    id: 6d5f3a52-3f3e-4d54-9a52-5b5d1f0e7c11
    logsource:
        product: aws
        service: cloudtrail
    detection:
        selection:
            eventName: CreateRole
        condition: selection
    ---
    title: User Created
    id: 0c6ab0f5-7a4b-4a3f-9d5c-8e0f5a1b2c3d
    logsource:
        product: aws
        service: cloudtrail
    detection:
        selection:
            eventName: CreateUser
        condition: selection
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import Card
from sigmaproof.diagnostics import Place

__all__ = ["check"]


def check(cards: Sequence[Card]) -> Iterator[Found]:
    """Each rule after the first with an id or a name: the caller gives those in question last."""
    for key, help in (("id", "give the newer rule an id of its own"), ("name", "names are unique")):
        first: dict[str, Place] = {}
        for card in cards:
            value = card.data.get(key)
            if not isinstance(value, str):
                continue
            before = first.setdefault(value.lower(), card.place)
            if before is not card.place:
                yield Found(card.place, f"the {key} {value[:60]} is that of {before} too", help)
