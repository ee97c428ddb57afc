"""How to fix a rule: for each reason and direction, for each finding and for what is refused, words as data.

What a code means is in `fidelity`, which fixes a cell gets in `reportdata`. The advice that changes a rule is tried in
tests/test_report_data.py: a rule that has the reason is rewritten as told, and the reason is gone or has turned round.
"""

from __future__ import annotations

from sigmaproof.calls import ANY, calls_of
from sigmaproof.fidelity import CODES
from sigmaproof.predicate import Predicate

__all__ = ["EFFECTS", "FINDINGS", "FIXES", "reason_fixes", "refusal_fixes"]

# What a direction means to the one who is on call.
EFFECTS = {
    "misses": "The rule matches this event and the query does not: what the rule is there to find goes unseen.",
    "extra": "The query matches this event and the rule does not: a false alarm.",
}

_CALL = (
    "Name the API call in the rule (eventSource and eventName): where the field table knows what that call writes, "
    "the reason goes."
)
_WITH_NULL = (
    "If a false alarm is better than silence, put a second selection with `{field}: null` beside it in an `or`: events "
    "whose value was not kept then match, here and there."
)
_OWN_FIELD = (
    "Test a field that has an ECS field of its own (userIdentity.arn, sourceIPAddress, …) if one tells as much."
)
_ON_LOGS = "To see these events as they were written, evaluate the rule on the logs: `sigmaproof evaluate`."
_SHORT_FILTER = (
    "An exclusion by a long or removable value doesn't hold: exclude by a field that is short and always there "
    "(userIdentity.arn, eventName …)."
)

# (code, direction) -> what to change in the rule or the conversion, the best first. {field}: the raw field.
FIXES: dict[tuple[str, str], tuple[str, ...]] = {
    ("case", "misses"): (
        "If AWS writes the value in one way only, say so: `{field}|cased`, spelled exactly so.",
        "Otherwise list the spellings that occur. With `--case exact`, leave that option away: the query then folds "
        "where the language can.",
    ),
    ("case", "extra"): (
        "Under a `not`, another spelling isn't excluded: spell the exclusion as AWS does and mark it `{field}|cased`, "
        "or list the spellings that occur.",
    ),
    ("rendered-text", "misses"): (
        _OWN_FIELD,
        "Text that someone else chooses in the same object can hide the value. Where it matters, deploy a target that "
        "searches the part itself, or drop the exclusion that can be forged.",
    ),
    ("rendered-text", "extra"): (
        _OWN_FIELD,
        "Deploy a target that searches the part itself (Lucene, for equality and prefix), or accept the false alarm.",
    ),
    ("limit", "misses"): (_CALL, _WITH_NULL, _OWN_FIELD),
    ("limit", "extra"): (_CALL, _SHORT_FILTER),
    ("pairing", "misses"): ("Test one value of the list's elements only, and look at the pair on the alert.",),
    ("pairing", "extra"): ("Test one value of the list's elements only, and look at the pair on the alert.",),
    ("pruned", "misses"): (_CALL, _ON_LOGS),
    ("pruned", "extra"): (
        _CALL,
        'What the index doesn\'t keep looks absent there. If "" or "-" matters as a value, look at the raw logs: '
        "`sigmaproof evaluate`. If not, accept it.",
    ),
    ("shared", "misses"): (
        "Test a raw field that alone fills its ECS field: userIdentity.arn in place of userIdentity.userName.",
    ),
    ("shared", "extra"): (
        "Test a raw field that alone fills its ECS field: userIdentity.arn in place of userIdentity.userName.",
    ),
    ("scope", "misses"): ("Name the field in place of the keyword: `FIELD|contains: …`.",),
    ("scope", "extra"): ("Name the field in place of the keyword: `FIELD|contains: …`.",),
    ("number", "misses"): ("Name the other spellings too, as texts: `{field}: ['1', '1.0']`.",),
    ("number", "extra"): ("Name the other spellings too, as texts: `{field}: ['1', '1.0']`.",),
    ("object", "misses"): (_CALL, "Test a part inside the object by its name: `{field}.PART`."),
    ("object", "extra"): (_CALL, "Test a part inside the object by its name: `{field}.PART`."),
}
assert {code for code, _ in FIXES} == set(CODES)

# What to do about a finding.
FINDINGS = {
    "engine-error": (
        "Don't deploy this query: the engine refuses it. Split the rule or deploy another target, and report the query "
        "with the engine's words."
    ),
    "not-as-claimed": (
        "Don't deploy this query: it differs from the rule in a way that its claim doesn't name. That is a fault of "
        "the conversion, not of the rule: report it with the record."
    ),
    "without-evidence": (
        "The query is not known to be wrong: the claim warns of a difference that no record showed. Give logs that "
        "hold such a record, or report the claim as too careful."
    ),
    "rule-itself": (
        "Don't deploy this rule: whatever runs it alerts never, or always. Its tests contradict each other, or allow "
        "for everything, or ask for what AWS never writes."
    ),
}

# A part of a refusal's words -> what to do. Most refusals say it themselves.
_REFUSALS = {
    "compare two fields": "No query language here compares two fields: evaluate the rule on the logs (`sigmaproof "
    "evaluate`), or name the values.",
    "an expression needs a keyword field": "Say it without an expression: `|contains`, `|startswith`, `|endswith` or a "
    "list of values; or test a field that has an ECS field of its own.",
    "a script is needed": "Take the part of the time out of the rule, and look at it on the alert or evaluate the rule "
    "on the logs (`sigmaproof evaluate`).",
    "the logsource is": "Convert it with a converter for that log source; here are the rules for CloudTrail.",
    "is of type flattened": "Deploy a target that searches the part itself, or test the whole object.",
}


def reason_fixes(code: str, direction: str, field: str, tree: Predicate | None = None) -> list[str]:
    """What to do about a reason, the best first. direction: `misses`, `extra` or `both`. tree: of the rule, so that
    nothing is told that it does already."""
    directions = ("misses", "extra") if direction == "both" else (direction,)
    fixes = [fix for one in directions for fix in FIXES.get((code, one), ())]
    if tree is not None and _names_its_calls(tree):
        fixes = [fix for fix in fixes if fix != _CALL]
    return [fix.replace("{field}", field) for fix in dict.fromkeys(fixes)]


def _names_its_calls(tree: Predicate) -> bool:
    """Whether a rule can match only calls that it names by their service and their name."""
    calls = calls_of(tree)
    return bool(calls) and all(ANY not in call.split("/", 1) for call in calls)


def refusal_fixes(refusal: str) -> list[str]:
    """What to do about a refusal beyond its own words; nothing where they say it."""
    return [fix for part, fix in _REFUSALS.items() if part in refusal]
