"""A tag is none of the specification's, or names what ATT&CK doesn't have.

What: tags are `attack.` with a tactic (`attack.initial-access`) or an id (`attack.t1078.004`, `attack.g0016`,
`attack.s0002`), `car.`, `cve.2021-44228`, `d3fend.`, `detection.`, `stp.` or `tlp.`; in lower case, once each. Tactics
and techniques are those of ATT&CK for Enterprise, in the version that `sigmaproof coverage` counts by.

Why: reports of coverage count tags. One that is spelled otherwise counts for nothing, and nobody is told. `--fix`
writes capitals small, and `-` for `_` in tactics. What ATT&CK has retired is `tag-retired`.

Example:

    tags:
        - attack.Initial_Access
        - attack.t1078

Use instead:

    tags:
        - attack.initial-access
        - attack.t1078
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sigmaproof.attack import TagError, read_tag
from sigmaproof.check.registry import Found
from sigmaproof.diagnostics import Place
from sigmaproof.safeyaml import Document

__all__ = ["check", "is_known", "is_retired", "repaired"]

_FORMS = {
    "car": re.compile(r"\d{4}-\d{2}-\d{3}"),
    "cve": re.compile(r"\d{4}-\d{4,}"),
    "d3fend": re.compile(r"(?:model|harden|detect|isolate|deceive|evict|restore|d3-[\w-]+|d3f-[\w-]+)", re.IGNORECASE),
    "detection": re.compile(r"(?:dfir|emerging-threats|threat-hunting)"),
    "stp": re.compile(r"[1-5][auk]?"),
    "tlp": re.compile(r"(?:red|amber|amber-strict|green|clear)"),
}


def check(document: Document) -> Iterator[Found]:
    """Each tag that has no known form, and each that stands there twice."""
    tags = document.data.get("tags")
    seen: set[str] = set()
    for index, tag in enumerate(tags if isinstance(tags, list) else ()):
        if not isinstance(tag, str):
            continue
        place = document.place("tags", index)
        if not is_known(tag) and not is_retired(tag):
            yield _unknown(place, tag)
        elif tag in seen:
            yield Found(place, f"the tag {tag[:80]} stands there twice", "leave one out")
        seen.add(tag)


def is_known(tag: str) -> bool:
    """Whether a tag is one of the specification's, and there is what it names."""
    namespace, _, name = tag.partition(".")
    if namespace == "attack":
        return tag == tag.lower() and _fault(tag) is None
    return namespace in _FORMS and _FORMS[namespace].fullmatch(name) is not None


def is_retired(tag: str) -> bool:
    """Whether ATT&CK had what a tag names, however that is spelled."""
    fault = _fault(tag)
    return fault is not None and fault.code == "attack-retired"


def _fault(tag: str) -> TagError | None:
    try:
        read_tag(tag)
    except TagError as error:
        return error
    return None


def repaired(tag: str) -> str | None:
    """The tag in the specification's spelling, where only the spelling is another one; otherwise None."""
    lower = tag.strip().lower()
    for one in (lower, lower.replace("_", "-"), re.sub(r"^(cve\.\d{4})\.", r"\1-", lower)):
        if one != tag and is_known(one):
            return one
    return None


def _unknown(place: Place, tag: str) -> Found:
    namespace, *_ = tag.partition(".")
    message = f"the tag {tag[:80]!r} is none of the specification's"
    if fixed := repaired(tag):
        return Found(place, message, f"write {fixed}, or --fix")
    if namespace == "attack" and (fault := _fault(tag)):
        return Found(place, str(fault), fault.help or "write a tactic, or an id such as attack.t1078.004")
    if namespace in _FORMS:
        return Found(place, message, "see the specification's appendix on tags for what this namespace takes")
    return Found(
        place, message, f"the namespaces are attack, {', '.join(_FORMS)}; own words belong into a key of your own"
    )
