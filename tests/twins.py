"""Makes the harmless twin of a detection: the same shape, but no sign that a language or a reader could stumble on."""

from __future__ import annotations

import re
from typing import Any

from sigmaproof.folding import has_case

__all__ = ["twin"]

_HARMLESS = re.compile(r"[A-Za-z0-9_]+")


def twin(detection: dict[str, Any]) -> dict[str, Any]:
    """The detection with harmless texts and keys. Expressions stay: they are a language of their own."""
    keys: dict[str, str] = {}
    return {
        name: value if name == "condition" else {_key(key, keys): _value(key, one) for key, one in value.items()}
        for name, value in detection.items()
    }


def _key(key: str, keys: dict[str, str]) -> str:
    """Hostile parts of a path become k0, k1, …: two parts stay two parts."""
    field, *modifiers = key.split("|")
    parts = [
        part if _HARMLESS.fullmatch(part) else keys.setdefault(part, f"zz{len(keys)}") for part in field.split(".")
    ]
    return "|".join([".".join(parts), *modifiers])


def _value(key: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_value(key, one) for one in value]
    if not isinstance(value, str) or "|re" in key or "|cidr" in key:
        return value
    return re.sub(r"\\[\\*?]|[\s\S]", _harmless, value)


def _harmless(found: re.Match[str]) -> str:
    r"""An underscore for a sign; letters and what chooses the operator stay: wildcards, escaped ones, U+0001."""
    char = found[0]
    if char in ("*", "?", "\\*", "\\?", "\x01") or _HARMLESS.fullmatch(char):
        return char
    if char.isascii() or char == "\\\\":
        return "_"
    return char if has_case(char) else "日"
