"""A tag is none of the specification's.

What: tags are `attack.` with a tactic (`attack.initial-access`) or an id (`attack.t1078.004`, `attack.g0016`,
`attack.s0002`), `car.`, `cve.2021-44228`, `d3fend.`, `detection.`, `stp.` or `tlp.`; in lower case, once each.

Why: reports of coverage count tags. One that is spelled otherwise counts for nothing, and nobody is told. `--fix`
writes capitals small, and `-` for `_` in tactics. Whether a technique exists is not asked: that takes a list that
changes.

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

import difflib
import re
from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.safeyaml import Document

__all__ = ["check", "repaired"]

# The specification's tactics, those of ATT&CK that come before an attack, and those into which ATT&CK 19 split
# defense-evasion.
TACTICS = """initial-access execution persistence privilege-escalation defense-evasion credential-access discovery
    lateral-movement collection exfiltration command-and-control impact reconnaissance resource-development stealth
    defense-impairment""".split()
_FORMS = {
    "attack": re.compile(rf"(?:{'|'.join(TACTICS)}|t\d{{4}}(\.\d{{3}})?|[gsma]\d{{4}}|ds\d{{4}}|ta\d{{4}})"),
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
        if not _is_known(tag):
            yield Found(place, f"the tag {tag[:80]!r} is none of the specification's", _help(tag))
        elif tag in seen:
            yield Found(place, f"the tag {tag[:80]} stands there twice", "leave one out")
        seen.add(tag)


def _is_known(tag: str) -> bool:
    namespace, _, name = tag.partition(".")
    return namespace in _FORMS and _FORMS[namespace].fullmatch(name) is not None


def repaired(tag: str) -> str | None:
    """The tag in the specification's spelling, where only the spelling is another one; otherwise None."""
    lower = tag.strip().lower()
    for one in (lower, lower.replace("_", "-"), re.sub(r"^(cve\.\d{4})\.", r"\1-", lower)):
        if one != tag and _is_known(one):
            return one
    return None


def _help(tag: str) -> str:
    namespace, _, name = tag.partition(".")
    if found := repaired(tag):
        return f"write {found}, or --fix"
    if namespace.lower() == "attack":
        close = difflib.get_close_matches(name.lower().replace("_", "-"), TACTICS, n=1)
        return f"did you mean attack.{close[0]}?" if close else "write a tactic, or an id such as attack.t1078.004"
    if namespace in _FORMS:
        return "see the specification's appendix on tags for what this namespace takes"
    return f"the namespaces are {', '.join(_FORMS)}; own words belong into a key of your own"
