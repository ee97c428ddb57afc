"""A small model of Query DSL on one index: what a document's fields hold, and whether a query matches it.

Only what our queries use: term, terms, prefix, wildcard, regexp, range of dates, exists, bool, match_all, match_none,
query_string. A query of any other kind, or on a field for which the answer is not modelled, is an error and never a
verdict. What it says is compared with a real Elasticsearch in test_dslmodel.py.
"""

from __future__ import annotations

import ipaddress
import json
import operator
import re
import string
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, TypeAlias

from luceneregexp import matcher
from querystring import to_dsl

from sigmaproof.normalize.jsontext import document_json

__all__ = ["Model", "ModelError", "Rejected"]

LONGEST_TERM = 32766  # bytes: Lucene's longest term
DEEPEST = 20  # levels of a flattened field
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII | re.IGNORECASE)
_COMPARES: dict[str, Callable[[str, str], bool]] = {"gte": operator.ge, "gt": operator.gt, "lt": operator.lt}
_ASCII = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class ModelError(ValueError):
    """A query that the model does not know, or that Elasticsearch refuses."""


class Rejected(ValueError):
    """A document that the index does not take; the message says why."""


class _Numeral(str):
    """A number as the document's JSON spells it: a keyword keeps this text."""


Postings: TypeAlias = dict[str, set[str]]
TermTest: TypeAlias = Callable[[str], bool]


class Model:
    """An index with a mapping (as for Elasticsearch; dynamic fields are not searched, so they are left out).

    It is inverted, as Lucene's is: a test is tried once on each term of a field, not on each document.
    """

    def __init__(self, mapping: Mapping[str, Any]) -> None:
        self._mapping = mapping
        self._ids: set[str] = set()
        # of a flattened field, the root has all leaves, and every key its own
        self._terms: dict[str, Postings] = {}

    @cached_property
    def types(self) -> dict[str, Mapping[str, Any]]:
        """Every mapped field with its entry."""
        return dict(_types(self._mapping["properties"], ""))

    def index(self, id: str, document: Mapping[str, Any]) -> None:
        """Adds a document. Raises Rejected, and then it is not added."""
        data = json.loads(document_json(document), parse_float=_Numeral, parse_int=_Numeral)
        found: list[tuple[str, str]] = []
        for name, value in _values(data, "", self.types):
            entry = self.types[name]
            if entry["type"] == "flattened":
                for key, text in _leaves(name, value):
                    found += [(name, text), (f"{name}.{key}", text)]
            else:
                found += [(name, text) for text in _terms(name, entry, value)]
        self._ids.add(id)
        for name, text in found:
            self._terms.setdefault(name, {}).setdefault(text, set()).add(id)

    def matched(self, query: Mapping[str, Any]) -> set[str]:
        """The documents that a query matches. Raises ModelError, and what the languages' readers raise."""
        if len(query) != 1:
            raise ModelError(f"one kind of query is wanted: {query}")
        ((kind, body),) = query.items()
        match kind:
            case "match_all":
                return set(self._ids)
            case "match_none":
                return set()
            case "bool":
                return self._bool(body)
            case "query_string":
                return self.matched(to_dsl(_only(body, "query")))
            case "exists":
                return self._with(_only(body, "field"), lambda term: True)
            case "terms":
                ((name, values),) = body.items()
                return set[str]().union(*(self._term(name, value, False) for value in values))
        return self._leaf(kind, body)

    def _bool(self, body: Mapping[str, Any]) -> set[str]:
        ((kind, queries),) = body.items()
        parts = [self.matched(query) for query in queries]
        match kind:
            case "must":
                return self._ids.intersection(*parts)
            case "should":
                return set[str]().union(*parts)
            case "must_not":
                return self._ids.difference(*parts)
        raise ModelError(f"bool with {kind}")

    def _leaf(self, kind: str, body: Mapping[str, Any]) -> set[str]:
        ((name, options),) = body.items()
        if kind == "range":
            return self._range(name, {key: value for key, value in options.items() if key != "time_zone"})
        rest = {key: value for key, value in options.items() if key not in ("value", "case_insensitive")}
        folds = options.get("case_insensitive", False)
        value = options["value"]
        if kind == "term" and not rest:
            return self._term(name, value, folds)
        if self._type(name) not in ("keyword", "flattened", "unmapped", "keyed"):
            raise ModelError(f"{kind} on {name} of type {self._type(name)}")
        if kind == "prefix" and not rest:
            wanted = _folded(value) if folds else value
            return self._with(name, lambda term: term.startswith(wanted), folds)
        if self._type(name) == "keyed":
            raise ModelError(f"{kind} on {name}, a part of a flattened field")
        if kind == "wildcard" and not rest:
            return self._with(name, _wildcard(_folded(value) if folds else value), folds)
        if kind == "regexp" and rest == {"flags": "ALL"} and not folds:
            return self._with(name, matcher(value))
        raise ModelError(f"a {kind} query with {options}")

    def _range(self, name: str, bounds: Mapping[str, Any]) -> set[str]:
        """A range of dates, all in one spelling of UTC, so that texts compare as times."""
        if self._type(name) != "date" or not all(_DATE.fullmatch(str(bound)) for bound in bounds.values()):
            raise ModelError(f"a range {bounds} on {name} of type {self._type(name)}")
        tests = [(_COMPARES[sign], bound) for sign, bound in bounds.items()]
        return self._with(name, lambda term: all(compare(_date(term), bound) for compare, bound in tests))

    def _term(self, name: str, value: Any, folds: bool) -> set[str]:
        kind = self._type(name)
        if kind == "ip":
            network = _network(value)
            return self._with(name, lambda term: ipaddress.ip_address(term) in network)
        text = str(value).lower() if isinstance(value, bool) else value
        if kind == "boolean" and text not in ("true", "false"):
            raise ModelError(f"{value!r} is no boolean")
        if kind in ("date", "text") or not isinstance(text, str):
            raise ModelError(f"a term {value!r} on {name} of type {kind}")
        wanted = _folded(text) if folds else text
        return self._with(name, lambda term: term == wanted, folds)

    def _with(self, name: str, holds: TermTest, folds: bool = False) -> set[str]:
        """The documents in which some term of a field satisfies a test."""
        postings = self._terms.get(name, {}).items()
        return set[str]().union(*(ids for term, ids in postings if holds(_folded(term) if folds else term)))

    def _type(self, name: str) -> str:
        if name in self.types:
            return str(self.types[name]["type"])
        prefixes = (name[:cut] for cut, char in enumerate(name) if char == ".")
        is_keyed = any(self.types.get(prefix, {}).get("type") == "flattened" for prefix in prefixes)
        return "keyed" if is_keyed else "unmapped"


def _types(properties: Mapping[str, Any], before: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key, entry in properties.items():
        if "type" in entry:
            yield before + key, entry
        if entry.get("fields"):
            raise ModelError(f"{before + key} has multi-fields")
        yield from _types(entry.get("properties", {}), f"{before}{key}.")


def _values(node: Any, name: str, types: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every mapped field with each of its values; dots in keys are levels, lists are their elements."""
    if isinstance(node, list):
        for element in node:
            yield from _values(element, name, types)
    elif node is None:
        return
    elif name in types:
        yield name, node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from _values(value, f"{name}.{key}" if name else key, types)


def _terms(name: str, entry: Mapping[str, Any], value: Any) -> Iterator[str]:
    """The terms of one value. Raises Rejected for a value that does not fit the field's type."""
    if isinstance(value, dict):
        raise Rejected(f"{name}: an object in a field of type {entry['type']}")
    text = _text(value)
    match entry["type"]:
        case "keyword":
            if _units(text) > entry.get("ignore_above", 2**31):
                return
            if len(text.encode()) > LONGEST_TERM:
                raise Rejected(f"{name}: an immense term")
        case "boolean":
            text = text or "false"
            if isinstance(value, _Numeral) or text not in ("true", "false"):
                raise Rejected(f"{name}: {text!r} is no boolean")
        case "ip":
            text = _address(name, text)
        case "text":
            if not re.search(r"\w", text):
                return
    yield text


def _date(text: str) -> str:
    if not _DATE.fullmatch(text):
        raise ModelError(f"the date {text!r} is spelled in a way that is not modelled")
    return text.upper()


def _address(name: str, text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise Rejected(f"{name}: {text!r} is no address") from None
    if "%" in text:
        raise Rejected(f"{name}: {text!r} has a zone")
    return str(_as_ipv6(address))


def _as_ipv6(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv6Address:
    """An index keeps every address as an IPv6 one."""
    return ipaddress.IPv6Address(0xFFFF00000000 + int(address)) if address.version == 4 else address


def _network(text: Any) -> ipaddress.IPv6Network:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ModelError(f"{text!r} is no address or network") from None
    if network.version == 6:
        return network
    return ipaddress.IPv6Network((int(_as_ipv6(network.network_address)), network.prefixlen + 96))


def _leaves(name: str, value: Any, key: str = "", level: int = 1) -> Iterator[tuple[str, str]]:
    """The leaves of a flattened field: the dotted key, and the value's text."""
    if isinstance(value, list):
        for element in value:
            yield from _leaves(name, element, key, level)
    elif isinstance(value, dict):
        if level > DEEPEST:
            raise Rejected(f"{name}: deeper than {DEEPEST} levels")
        for inner, element in value.items():
            yield from _leaves(name, element, f"{key}.{inner}" if level > 1 else inner, level + 1)
    elif level == 1:
        raise Rejected(f"{name}: a flattened field holds an object")
    elif value is not None:
        if "\0" in key:
            raise Rejected(f"{name}: a key with the character 0")
        text = _text(value)
        if len(f"{key}\0{text}".encode("utf-8", "replace")) > LONGEST_TERM:
            raise Rejected(f"{name}: an immense leaf")
        yield key, text


def _text(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def _units(text: str) -> int:
    """UTF-16 units, in which ignore_above counts."""
    return len(text.encode("utf-16-le")) // 2


def _folded(text: str) -> str:
    """ASCII letters only."""
    return text.translate(_ASCII)


def _wildcard(pattern: str) -> Callable[[str], bool]:
    r"""A wildcard query: `*`, `?`, and a backslash before a literal character. A last backslash is itself."""
    source, at = "", 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\" and at + 1 < len(pattern):
            at += 1
            source += re.escape(pattern[at])
        else:
            source += {"*": ".*", "?": "."}.get(char) or re.escape(char)
        at += 1
    import re2

    compiled = re2.compile(f"(?s:{source})")
    return lambda term: compiled.fullmatch(term) is not None


def _only(body: Mapping[str, Any], key: str) -> Any:
    if set(body) != {key}:
        raise ModelError(f"only {key} is known: {body}")
    return body[key]
