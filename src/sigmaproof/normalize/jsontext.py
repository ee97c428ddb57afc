"""The JSON text of a document as Elastic's ingest writes it: what an index of text types sees.

Java writes some fractions otherwise than Python (1.0E10 for 10000000000.0), and a keyword or flattened leaf holds
the number's text. Whole numbers are alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import orjson

from sigmaproof.normalize.javamap import java_double

__all__ = ["document_json", "plain_json"]

_MARK = "\ue000java double "
_MARKED = re.compile(r'"\\ue000java double ([^"]*)"')
# Documents are trees that we made: nothing in them can be circular.
_encoded = json.JSONEncoder(check_circular=False, separators=(",", ":")).encode


def document_json(document: Mapping[str, Any]) -> str:
    """The document on one line, ASCII only."""
    return _with_java_numbers(document) if _has_fraction(document) else plain_json(document)


def plain_json(document: Mapping[str, Any]) -> str:
    """The same for a document that is known to hold no fraction.

    Soundness: orjson is several times faster, and writes ASCII as `json` does, but for DEL, which needs no escape.
    What isn't ASCII, and what it refuses (a lone surrogate, a number beyond 64 bits), is left to `json`.
    """
    try:
        text = orjson.dumps(document)
    except TypeError:
        return _encoded(document)
    return text.decode("ascii") if text.isascii() else _encoded(document)


def _has_fraction(document: Mapping[str, Any]) -> bool:
    """Whether a float is in it; without recursion, as documents can be deep and few have one."""
    stack: list[Any] = [document]
    while stack:
        node = stack.pop()
        if isinstance(node, float):
            return True
        if isinstance(node, dict):
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return False


def _with_java_numbers(document: Mapping[str, Any]) -> str:
    return _MARKED.sub(r"\1", _encoded(_marked(document)))


def _marked(value: Any) -> Any:
    if isinstance(value, float):
        return _MARK + java_double(value)
    if isinstance(value, dict):
        return {key: _marked(inner) for key, inner in value.items()}
    return [_marked(inner) for inner in value] if isinstance(value, list) else value
