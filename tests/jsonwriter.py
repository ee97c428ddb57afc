"""JSON as other programs may write it: escapes that nobody needs, blanks, numbers in other spellings."""

from __future__ import annotations

import json
import math
import re
import sys
from random import Random
from typing import Any

SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f", '"': '\\"', "\\": "\\\\", "/": "\\/"}
NUMBERS: dict[float, tuple[str, ...]] = {
    100: ("100", "1e2", "100.0"),
    1.5: ("1.5", "1.50", "15e-1"),
    1: ("1", "1.0", "1e0"),
}


_MUST = re.compile('["\\\\\\x00-\\x1f\\ud800-\\udfff]')


def written(value: Any, random: Random, odd: float = 0.1, blanks: bool = True) -> str:
    """A text of this value in one line. odd: the share of characters that are escaped without need."""
    gap = random.choice(["", "", "", " ", "\t"]) if blanks else ""
    if isinstance(value, dict):
        inner = f",{gap}".join(
            f"{_text(k, random, odd)}:{gap}{written(v, random, odd, blanks)}" for k, v in value.items()
        )
        return f"{{{gap}{inner}{gap}}}"
    if isinstance(value, list):
        return f"[{gap}{f'{gap},'.join(written(one, random, odd, blanks) for one in value)}]"
    if isinstance(value, str):
        return _text(value, random, odd)
    if value in NUMBERS and not isinstance(value, bool):
        return random.choice(NUMBERS[value])
    return json.dumps(value)


def _text(text: str, random: Random, odd: float) -> str:
    """Only the characters that are escaped are looked at: those that must be, and so many others by chance."""
    chosen = {match.start() for match in _MUST.finditer(text)}
    at = _step(random, odd)
    while at < len(text):
        chosen.add(at)
        at += 1 + _step(random, odd)
    if not chosen:
        return f'"{text}"'
    return f'"{"".join(_escaped(char, random) if n in chosen else char for n, char in enumerate(text))}"'


def _step(random: Random, odd: float) -> int:
    """How many characters are passed over, when each has this chance to be the next one."""
    return int(math.log(1 - random.random()) / math.log(1 - odd)) if odd else sys.maxsize


def _escaped(char: str, random: Random) -> str:
    if char in SHORT and random.random() < 0.5:
        return SHORT[char]
    escape = json.dumps(char)[1:-1] if char > "\uffff" else f"\\u{ord(char):04x}"
    return escape if random.random() < 0.5 else escape.upper().replace("\\U", "\\u")
