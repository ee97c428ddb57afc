"""Reads a hand-written Query DSL object: the query that the engine is asked, and its cut.

Only the kinds of query in `_KINDS` are let through: none of them runs a script, reads another index, or depends on the
ids that documents happen to have here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sigmaproof.diagnostics import InputError, Place
from sigmaproof.diff.backwards import Backwards, pattern_of
from sigmaproof.diff.cut import All, Any_, Cut, Leaf, Neg
from sigmaproof.diff.luceneside import cut_query_string
from sigmaproof.diff.querystring import QueryStringError
from sigmaproof.predicate import And, Or, Predicate, Wild

__all__ = ["read_dsl"]

DEEPEST = 60
MOST_NODES = 50_000
# Beside "query" in the body of a search: what changes which hits are shown, and in which order, never which match.
_SHOWN = {"size", "from", "sort", "_source", "fields", "track_total_hits", "timeout", "track_scores", "version"}
_MULTI = ("term", "match", "match_phrase", "match_phrase_prefix", "prefix", "wildcard", "regexp", "fuzzy", "range")
_WITHOUT = {
    "script": "runs a script",
    "script_score": "runs a script",
    "function_score": "can run scripts, and only changes the order of hits: write the query inside it",
    "terms_set": "can run scripts",
    "runtime_mappings": "runs scripts",
    "script_fields": "runs scripts",
    "ids": "asks for the ids that documents have in one index, which is no detection",
    "nested": "asks for nested documents, which these indices don't have",
}


def read_dsl(text: str, file: str, backwards: Backwards) -> tuple[Mapping[str, object], Cut]:
    """The query object, as it is written, and its cut. Raises InputError for what is no query, or runs scripts."""
    try:
        data = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_number)
    except json.JSONDecodeError as error:
        place = Place(file, error.lineno, error.colno)
        raise InputError("query-syntax", place, f"no JSON: {error.msg}", "write one query object") from None
    except (ValueError, RecursionError) as error:
        message = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InputError("query-syntax", Place(file), message, "write one query object") from None
    try:
        query = _query_of(data)
        return query, _Reader(backwards).cut(query)
    except _DslError as error:
        line = _line_of(text, error.name)
        raise InputError(error.code, Place(file, line), str(error), error.help) from None


class _DslError(ValueError):
    def __init__(self, message: str, name: str = "", help: str = "", code: str = "query-unsupported") -> None:
        super().__init__(message)
        self.name, self.help, self.code = name, help, code


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f'the key "{twice}" stands twice in one object')
    return found


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


def _number(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is larger than any number that is compared")
    return number


def _line_of(text: str, name: str) -> int:
    at = text.find(f'"{name}"') if name else -1
    return 0 if at < 0 else text.count("\n", 0, at) + 1


def _query_of(data: Any) -> Mapping[str, Any]:
    """The query object of a file: the file itself, or "query" in the body of a search."""
    if _too_large(data):
        raise _DslError(f"nested deeper than {DEEPEST} levels, or of more than {MOST_NODES:,} parts")
    if not isinstance(data, dict):
        raise _DslError("no query: one JSON object is needed", code="query-syntax")
    for name in data:
        if name in _WITHOUT and (name != "ids" or "query" not in data):
            raise _refused(name)
    if "query" not in data:
        return data
    for name in data:
        if name != "query" and name not in _SHOWN:
            help = "leave it out, or put what it asks into the query"
            raise _DslError(f'"{name}" beside "query" is not compared', name, help)
    query = data["query"]
    if not isinstance(query, dict):
        raise _DslError('"query" must be an object', "query", code="query-syntax")
    return query


def _too_large(data: Any) -> bool:
    count, stack = 0, [(data, 1)]
    while stack:
        node, depth = stack.pop()
        count += 1
        if depth > DEEPEST or count > MOST_NODES:
            return True
        inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        stack.extend((one, depth + 1) for one in inner)
    return False


def _refused(name: str) -> _DslError:
    why = _WITHOUT.get(name, "is no query that is known here")
    known = ", ".join(sorted(_KINDS))
    return _DslError(f'"{name}" {why}', name, f"write it with {known}")


class _Reader:
    def __init__(self, backwards: Backwards) -> None:
        self.back = backwards

    def cut(self, query: Any) -> Cut:
        """The cut of one query object. Raises _DslError."""
        if not isinstance(query, dict) or len(query) != 1:
            raise _DslError("a query is an object with one key, the kind of query", code="query-syntax")
        kind, body = next(iter(query.items()))
        if kind not in _KINDS or kind in _WITHOUT:
            raise _refused(str(kind))
        if not isinstance(body, dict):
            raise _DslError(f'"{kind}" must be an object', kind, code="query-syntax")
        _check_names(kind, body)
        return _KINDS[kind](self, kind, body, query)

    def parts(self, body: Mapping[str, Any], key: str) -> list[Cut]:
        found = body.get(key, [])
        return [self.cut(part) for part in (found if isinstance(found, list) else [found])]

    def boolean(self, kind: str, body: Mapping[str, Any], query: Mapping[str, Any]) -> Cut:
        must = [*self.parts(body, "must"), *self.parts(body, "filter")]
        should, must_not = self.parts(body, "should"), self.parts(body, "must_not")
        least = body.get("minimum_should_match", 0 if must else 1)
        if str(least) not in ("0", "1") and should:
            return self.leaf(kind, body, query)  # a number of them: asked as a whole
        wanted = [Any_(tuple(should))] if should and str(least) == "1" else []
        return All((*must, *wanted, *map(Neg, must_not)))

    def constant(self, kind: str, body: Mapping[str, Any], query: Mapping[str, Any]) -> Cut:
        return self.cut(body.get("filter"))

    def either(self, kind: str, body: Mapping[str, Any], query: Mapping[str, Any]) -> Cut:
        return Any_(tuple(self.parts(body, "queries")))

    def everything(self, kind: str, body: Mapping[str, Any], query: Mapping[str, Any]) -> Cut:
        return All(()) if kind == "match_all" else Any_(())

    def query_string(self, kind: str, body: Mapping[str, Any], query: Mapping[str, Any]) -> Cut:
        """Cut like a Lucene file where nothing but the text and one field is given."""
        names = body.get("fields", [])
        field = body.get("default_field", names[0] if len(names) == 1 else None)
        simple = set(body) <= {"query", "default_field", "fields", "analyze_wildcard", "time_zone", "boost"}
        text = body.get("query")
        if not (simple and len(names) < 2 and isinstance(text, str) and not any(c in str(field) for c in "*^")):
            return self.leaf(kind, body, query)
        try:
            return cut_query_string(text, self.back, field)
        except QueryStringError as error:
            raise _DslError(f"query_string: {error}", kind, error.help, "query-syntax") from None

    def leaf(self, kind: str, body: Mapping[str, Any], query: Mapping[str, Any]) -> Leaf:
        words = json.dumps(query, ensure_ascii=False)
        return Leaf(words, tuple(_fields(kind, body)), query, self.tree(kind, body))

    def terms(self, kind: str, body: Mapping[str, Any], query: Mapping[str, Any]) -> Leaf:
        for name, value in body.items():
            if isinstance(value, dict):
                raise _DslError('"terms" with a lookup reads another index', name, "write the values as a list")
        return self.leaf(kind, body, query)

    # records for a leaf

    def tree(self, kind: str, body: Mapping[str, Any]) -> Predicate | None:
        """The test over raw fields; a fuzzy or analyzed text is taken as it stands. None where there is none."""
        if kind == "exists":
            return self.back.exists(str(body.get("field")))
        if kind == "terms":
            values = [(name, value) for name, value in body.items() if name != "boost"]
            found = [self.value("term", name, one, True) for name, many in values for one in _list(many)]
        elif kind in _MULTI:
            found = [self.field(kind, name, value) for name, value in body.items() if name != "boost"]
        else:
            return None
        known = tuple(tree for tree in found if tree is not None)
        return None if not known else known[0] if len(known) == 1 else Or(known)

    def field(self, kind: str, name: str, value: Any) -> Predicate | None:
        options = value if isinstance(value, dict) else {"value": value}
        if kind == "range":
            bounds = {"gt": "gt", "gte": "gte", "lt": "lt", "lte": "lte"}
            found = [
                self.back.compare(name, bounds[sign], _text(bound)) for sign, bound in options.items() if sign in bounds
            ]
            known = tuple(tree for tree in found if tree is not None)
            return None if not known else known[0] if len(known) == 1 else And(known)
        wanted = options.get("value", options.get("query", options.get("wildcard")))
        return self.value(kind, name, wanted, options.get("case_insensitive") is not True)

    def value(self, kind: str, name: str, wanted: Any, cased: bool) -> Predicate | None:
        if not isinstance(wanted, str | int | float):
            return None
        text = _text(wanted)
        if kind == "regexp":
            return self.back.regex(name, text, not cased)
        if self.back.is_address(name):
            return self.back.network(name, text)
        if kind == "wildcard":
            return self.back.text(name, pattern_of(text), cased)
        return self.back.text(name, (text, Wild.ANY) if kind.endswith("prefix") else (text,), cased)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _check_names(kind: str, body: Mapping[str, Any]) -> None:
    """Raises _DslError where fields are named by something else than texts, which Elasticsearch refuses."""
    if kind not in ("query_string", "simple_query_string", "multi_match"):
        return
    names = body.get("fields", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _DslError('"fields" must be a list of texts', "fields", code="query-syntax")
    if not isinstance(body.get("default_field", ""), str):
        raise _DslError('"default_field" must be a text', "default_field", code="query-syntax")


def _fields(kind: str, body: Mapping[str, Any]) -> Iterator[str]:
    """The fields that a leaf names."""
    if kind == "exists":
        yield str(body.get("field"))
    elif kind in ("terms", *_MULTI):
        yield from (name for name in body if name != "boost")
    elif kind in ("query_string", "simple_query_string", "multi_match"):
        yield from (name.partition("^")[0] for name in body.get("fields", []) if isinstance(name, str))


_Step = Callable[[_Reader, str, Mapping[str, Any], Mapping[str, Any]], Cut]
_KINDS: Mapping[str, _Step] = {
    "bool": _Reader.boolean,
    "constant_score": _Reader.constant,
    "dis_max": _Reader.either,
    "match_all": _Reader.everything,
    "match_none": _Reader.everything,
    "query_string": _Reader.query_string,
    "terms": _Reader.terms,
    **dict.fromkeys((*_MULTI, "exists", "multi_match", "simple_query_string"), _Reader.leaf),
}
