"""Reports of `verify` made up in this process, without an engine: of any size, and with text that attacks the page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from commandline import rule

from sigmaproof.fidelity import Conversion, Reason
from sigmaproof.rules import Rule, load_text
from sigmaproof.verify.compare import Cell, Difference, Judged, Row
from sigmaproof.verify.decide import decide
from sigmaproof.verify.records import built
from sigmaproof.verify.run import Report

LEVELS = ("critical", "high", "medium", "low", "informational")
EVIL = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)></style></noscript><!--<script>"
    "\"'`${alert(3)}\\u003c \u2028\u2029\x00\x1b[31m\u202egnp.exe\u2066\ud800 \U0001f512"
    " &lt;b&gt; $style {field} `code`"
)
_DETECTION = "selection:\n    eventName: CreateRole\n    requestParameters.name|contains: {word}\ncondition: selection"
_CLAIM = (
    Reason("limit", "misses", "requestParameters.name", "aws.cloudtrail.request_parameters keeps at most 8191"),
    Reason("rendered-text", "both", "requestParameters.name", "other text in it can look the same"),
)
STATES = ("exact", "approximate", "refused", "not-as-claimed", "engine-error", "without-evidence")


def base(word: str = "lab") -> Rule:
    """A rule that looks at a part of the request."""
    return load_text(rule(_DETECTION.format(word=word)), "rules/one.yml").rules[0]


def numbered(one: Rule, number: int, title: str | None = None) -> Rule:
    """The same rule under another title, id, level and line."""
    name = f"AWS Rule {number} Created by Someone Who Should Not" if title is None else title
    data = {
        **one.data,
        "title": name,
        "id": f"00000000-0000-4000-8000-{number:012}",
        "level": LEVELS[number % len(LEVELS)],
    }
    return _with(one, data=data, line=number + 1)


def _with(one: Rule, **changes: Any) -> Rule:
    """The rule with another document, and the tree that it has: pySigma takes no such texts, and none is needed."""
    made = Rule(replace(one.document, **changes))
    made.__dict__["tree"] = one.tree
    return made


def difference(raw: bool, name: Any, reasons: tuple[Reason, ...] = (), place: str = "logs.ndjson:1") -> Difference:
    """A record on which the engine differs from the rule: `misses` when the rule is true on it."""
    record = built({"eventName": "CreateRole", "requestParameters.name": name, "resources": [{"k": 1}] * 9})
    return Difference(Judged(f"{place}{raw}", place, record, {}), raw, raw, not raw, reasons)


def cell(state: str, target: str, query: str = 'event.action:"CreateRole"', name: str = "a lab") -> Cell:
    """A cell in one of the states that a page shows."""
    conversion = Conversion("id", "title", target, query)
    approximate = replace(conversion, reasons=_CLAIM, expensive=True)
    if state == "refused":
        refusal = "requestParameters.name: a flattened sub-field knows equality only; search the whole"
        return Cell(replace(conversion, query=None, refusal=refusal))
    if state == "engine-error":
        return Cell(conversion, error="verification_exception: line 1:11: Unknown column")
    if state == "exact":
        return Cell(conversion, judged=60, counted=50, matched=7)
    found = [difference(True, name, _CLAIM[:1]), difference(False, f"x{name}"[:3], _CLAIM[1:])]
    made = Cell(approximate, judged=60, counted=50, matched=7, explained=found)
    if state == "without-evidence":
        made.unproven = ((_CLAIM[1], "misses"),)
    if state == "not-as-claimed":
        made.unexplained = [difference(True, name, place="logs.ndjson:2")]
    return made


def report(rows: int, targets: tuple[str, ...] = ("eql", "lucene")) -> Report:
    """A report of that many rules. Mostly exact and approximate; every state is there."""
    one = base()
    decided = decide(one.tree)
    made = Report(targets, "a made-up engine", records=1_000, generated=900, inadmissible=100)
    for number in range(rows):
        states = [STATES[number % 7 % 3 if number % 50 else number // 50 % 6] for _ in targets]
        states[0] = "exact" if number % 5 else "approximate"
        cells = [cell(state, name) for state, name in zip(states, targets, strict=True)]
        named = numbered(one, number)
        for made_cell in cells:
            made_cell.conversion = replace(made_cell.conversion, rule_id=named.id, title=named.title)
        made.rows.append(Row(named, decided, cells, matched=12, generated=9))
    return made


def hostile() -> Report:
    """A report in which every text that a rule or a record can bring attacks the page."""
    one = base()
    made = Report(("eql", "lucene"), f"engine {EVIL}", records=1, remarks=(EVIL,))
    texts = dict.fromkeys(("title", "id", "level", "description"), EVIL)
    evil = _with(one, file=EVIL, data={**one.data, **texts, "detection": {EVIL: {EVIL: EVIL}}})
    bad = cell("not-as-claimed", "eql", EVIL, f"lab{EVIL}")
    bad.conversion = replace(bad.conversion, reasons=(Reason("limit", "misses", "requestParameters.name", EVIL),))
    refused = Cell(Conversion("id", EVIL, "lucene", refusal=f"x: {EVIL}"), error=EVIL)
    made.rows.append(Row(evil, decide(one.tree), [bad, refused]))
    return made
