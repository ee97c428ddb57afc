"""Random rules over the whole field table, from a seed: every modifier with values that are known to be hard."""

from __future__ import annotations

import random
from typing import Any

from sigmaproof.fields import table

TEXTS = [
    "abc", "AbC", "CreateRole", "createrole", "rolesanywhere.amazonaws.com", "AWS_ACM_PCA", "true", "12", "a b",
    "a*b", r"a\*b", "a?b", r"\*", r"C:\Users\x", "x\\", 'say "hi"', "a/b", "a,b", "a=b", "{a=b}", "[x]", "é", "ß",
    "\u212aelvin", "ſ", "Σς", "a\nb", "tab\there", "<5", ">x", "AND", "a OR b", "(a)", "a:b", "-x", "+y", "!z", "~",
    "^",
    "&&", "||", "none", "-", "null", "日本", "😀", "%41", "$x", "#c", "//", "/* */", '"""', "`", "'", "\\u0041", "@all",
]  # fmt: skip
REGEXES = [
    "^abc$", "a.c", "(a|b)+c", "[^/]+/x", r"\d{3}", r"a\.b", "a/b", 'q"q', "^a|b$", "(?i)role", "x{2,3}", r"\w+\s\w",
    "é", "a b", r"\\", "[a-c<>&~#@\"]", "^$", "(?:x|y)?z", r"\bword\b", "a.*?b",
]  # fmt: skip
PARTS = ["a", "a.b", "source.sourceType", "x-amz-acl", "where", "a b", "a:b", "k`k", 'q"q', "items.key", "éé", "a/b"]
MODIFIERS = ["", "contains", "startswith", "endswith", "cased", "contains|cased", "re", "exists", "null", "number",
             "boolean", "cidr", "neq", "list", "all", "gt"]  # fmt: skip


def field_of(rng: random.Random) -> str:
    """A raw field, sometimes a part of an open object."""
    field = rng.choice(table().fields)
    if field.open and rng.random() < 0.7:
        return f"{field.raw}.{rng.choice(PARTS)}"
    return field.raw


def item_of(rng: random.Random) -> dict[str, Any]:
    """One field with a modifier and a value."""
    field, modifier = field_of(rng), rng.choice(MODIFIERS)
    text = rng.choice(TEXTS)
    known = next((f.writes.values for f in table().fields if f.raw == field and f.writes.values), ())
    if known and rng.random() < 0.5:
        text = rng.choice(known)
    match modifier:
        case "":
            return {field: text}
        case "re":
            return {f"{field}|re": rng.choice(REGEXES)}
        case "exists":
            return {f"{field}|exists": rng.random() < 0.5}
        case "null":
            return {field: None}
        case "number":
            return {field: rng.choice([0, 5, -3, 1.5, 100, 10_000_000, 1.0])}
        case "boolean":
            return {field: rng.random() < 0.5}
        case "cidr":
            return {
                "sourceIPAddress|cidr": rng.choice(["10.0.0.0/8", "203.0.113.0/24", "2001:db8::/32", "192.0.2.7/32"])
            }
        case "list":
            return {field: rng.sample(TEXTS, 3)}
        case "all":
            return {f"{field}|contains|all": rng.sample(TEXTS, 2)}
        case "gt":
            return {f"{field}|gt": 5}
    return {f"{field}|{modifier}": text}


def detection_of(rng: random.Random) -> dict[str, Any]:
    """Two or three selections and a condition over them."""
    names = ["one", "two", "three"][: rng.randint(1, 3)]
    detection: dict[str, Any] = {}
    for name in names:
        items: dict[str, Any] = {}
        for _ in range(rng.randint(1, 2)):
            items |= item_of(rng)
        detection[name] = items
    shapes = {
        1: ["one", "not one"],
        2: ["one and two", "one or two", "one and not two", "not (one and two)", "1 of them", "not one or two"],
        3: ["one and (two or not three)", "all of them", "one or (two and three)", "not (one or two) and three"],
    }
    detection["condition"] = rng.choice(shapes[len(names)])
    return detection
