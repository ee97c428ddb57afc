"""Safe YAML with the line of every key: what the loader of rules, tests and tables is built on.

No tags, no code; a duplicate key, an alias bomb, a merge key, nesting without end and a document that is too
large are errors with their line. What the values must be is in `rules`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import yaml

from sigmaproof.diagnostics import Diagnostic, InputError, Place

__all__ = ["Document", "documents"]

DEEPEST = 50
_TOO_DEEP = f"nested deeper than {DEEPEST} levels"
MOST_NODES = 50_000
MOST_FILE_NODES = 100_000  # of all documents of a file, aliases counted as often as they are used
MOST_DOCUMENTS = 1_000
MOST_BYTES = 2_000_000
MOST_SHOWN = 500  # characters of a line that are looked at for advice
Path = tuple[str | int, ...]
_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BOOLEANS = {"true", "false", "True", "False", "TRUE", "FALSE"}
_CORE = "tag:yaml.org,2002:"
_TAGS: dict[type[yaml.Node], frozenset[str]] = {
    yaml.MappingNode: frozenset({_CORE + "map"}),
    yaml.SequenceNode: frozenset({_CORE + "seq"}),
    yaml.ScalarNode: frozenset(_CORE + name for name in ("str", "int", "float", "bool", "null", "timestamp", "value")),
}


@dataclass(slots=True)
class Document:
    """One document of a file. lines, columns: where every key and list item begins, by its path. lent: what stands in
    another document, by its path here."""

    data: Any
    file: str
    line: int
    lines: dict[Path, int] = field(default_factory=dict)
    warnings: list[Diagnostic] = field(default_factory=list)
    columns: dict[Path, int] = field(default_factory=dict)
    lent: dict[Path, tuple[Document, Path]] = field(default_factory=dict)

    def place(self, *path: str | int) -> Place:
        """The place of a key, or of the nearest known key above it."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lent:
                other, at = self.lent[path[:length]]
                return other.place(*at, *path[length:])
            if path[:length] in self.lines:
                return Place(self.file, self.lines[path[:length]], self.columns.get(path[:length], 0))
        return Place(self.file, self.line)


def documents(text: str | bytes, file: str) -> Iterator[Document]:
    """The documents of a YAML text. Raises InputError for what is not allowed here."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(raw) > MOST_BYTES:
        raise InputError("yaml-too-large", Place(file), f"larger than {MOST_BYTES:,} bytes; split the file")
    try:
        decoded = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError("yaml-encoding", Place(file, line), "not UTF-8; save the file as UTF-8") from None
    yield from _compose(decoded, file)


def _compose(text: str, file: str) -> Iterator[Document]:
    try:
        _check_depth(text, file)
        loader = _Loader(text)
        try:
            count = nodes = 0
            while loader.check_node():
                node = loader.get_node()
                document = Document(None, file, node.start_mark.line + 1)
                count += 1
                if count > MOST_DOCUMENTS:
                    message = f"more than {MOST_DOCUMENTS:,} documents; split the file"
                    raise InputError("yaml-too-large", document.place(), message)
                builder = _Builder(loader, document, min(MOST_NODES, MOST_FILE_NODES - nodes))
                document.data = builder.value(node, (), 0)
                nodes += builder.count
                yield document
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise _from_yaml(error, file, text) from None
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1 if isinstance(error.position, int) else 0
        raise InputError("yaml-syntax", Place(file, line), f"a character that YAML forbids: {error.reason}") from None


def _check_depth(text: str, file: str) -> None:
    """Stops before composing: the composer itself recurses, and would end in a crash.

    What isn't YAML is left to the composer, which gives the documents before it first.
    """
    depth = 0
    with suppress(yaml.YAMLError):
        for event in yaml.parse(text, Loader=_Loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise InputError("yaml-too-deep", Place(file, _line(event)), _TOO_DEEP)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 0


def _from_yaml(error: yaml.MarkedYAMLError, file: str, text: str) -> InputError:
    mark = error.problem_mark or error.context_mark
    place = Place(file, mark.line + 1, mark.column + 1) if mark is not None else Place(file)
    problem = " ".join(part for part in (error.context, error.problem) if part)
    if "nesting depth" in problem:  # newer versions of LibYAML have a limit of their own, which they meet first
        return InputError("yaml-too-deep", place, _TOO_DEEP)
    return InputError("yaml-syntax", place, f"not valid YAML: {problem}", _syntax_help(text, place.line))


# An opening and a closing quote, and then text: the quotes that were meant as one value, or as a part of it.
_DOUBLED = re.compile(r"""(?:^|[:\-,\[]\s+)(?:'(?:[^']|'')*'|"(?:[^"\\]|\\.)*")[^\s#,\]}:]""")


def _syntax_help(text: str, line: int) -> str:
    """What to do about a syntax error, by what stands in its line."""
    lines = text.splitlines()
    if 0 < line <= len(lines) and _DOUBLED.search(lines[line - 1][:MOST_SHOWN]):
        return "the value ends at its second quote: write one pair of quotes, and a quote inside of '…' twice ('it''s')"
    return "check the indentation and the quotes here"


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}…")


class _Builder:
    """Makes plain data of composed nodes, counting them: an alias counts as often as it is used."""

    def __init__(self, loader: Any, document: Document, most: int) -> None:
        self.loader = loader
        self.most = most
        self.document = document
        self.count = 0

    def value(self, node: yaml.Node, path: Path, depth: int) -> Any:
        self.count += 1
        if self.count > self.most or depth > DEEPEST:
            self.fail(node, "yaml-alias-bomb", "aliases that expand to a document too large or without end")
        if node.tag not in _TAGS[type(node)]:
            self.fail(node, "yaml-tag", f"the tag {node.tag} is not allowed: leave it out")
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.item(inner, (*path, index), depth) for index, inner in enumerate(node.value)]
        assert isinstance(node, yaml.ScalarNode)
        return self.scalar(node)

    def item(self, node: yaml.Node, path: Path, depth: int) -> Any:
        self.stands(path, node)
        return self.value(node, path, depth + 1)

    def stands(self, path: Path, node: yaml.Node) -> None:
        self.document.lines[path] = node.start_mark.line + 1
        self.document.columns[path] = node.start_mark.column + 1

    def mapping(self, node: yaml.MappingNode, path: Path, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        first: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = self.key(key_node)
            line = key_node.start_mark.line + 1
            if key in first:
                self.fail(
                    key_node,
                    "yaml-duplicate-key",
                    f'the key "{key}" is already on line {first[key]}: one would be lost',
                )
            first[key] = line
            self.stands((*path, key), key_node)
            result[key] = self.value(value_node, (*path, key), depth + 1)
        return result

    def key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self.fail(node, "yaml-key", "a key that is no text")
        if node.tag == _CORE + "merge":
            self.fail(node, "yaml-merge-key", "merge keys (<<) are not part of Sigma: write the keys out")
        if node.tag not in _TAGS[yaml.ScalarNode]:
            self.fail(node, "yaml-tag", f"the tag {node.tag} is not allowed: leave it out")
        return str(node.value)

    def scalar(self, node: yaml.ScalarNode) -> Any:
        try:
            value = self.loader.construct_object(node)
            if isinstance(value, int):
                float(value)  # a number that is larger than any other, and can't even be printed
        except (ValueError, OverflowError, LookupError, AttributeError, yaml.constructor.ConstructorError):
            self.fail(node, "yaml-scalar", f"{_short(node.value)} can't be read; put it in quotes")
        self.warn(node, value)
        return value

    def warn(self, node: yaml.ScalarNode, value: Any) -> None:
        """YAML 1.1 reads some words and numbers in a way that few authors mean, and YAML 1.2 some in another one."""
        surprise = _surprise(str(node.value), value) if not node.style else None
        if surprise:
            place = Place(self.document.file, node.start_mark.line + 1, node.start_mark.column + 1)
            self.document.warnings.append(Diagnostic("yaml-surprise", "warning", place, *surprise))

    def fail(self, node: yaml.Node, code: str, message: str) -> Any:
        mark = node.start_mark
        raise InputError(code, Place(self.document.file, mark.line + 1, mark.column + 1), message)


def _surprise(text: str, value: Any) -> tuple[str, str] | None:
    """What is to be said of a word or number without quotes that isn't what it looks like, and what to write."""
    shown, quoted = _short(text)[1:-1], f"write {_short(text)} in quotes"
    in_1_2 = _number_in_1_2(text)
    if isinstance(value, str):
        if in_1_2 is None:
            return None
        return f"YAML 1.2 reads {shown} as the number {in_1_2}, YAML 1.1 as a text", f"{quoted}: everywhere the text"
    if isinstance(value, bool):
        if text in _BOOLEANS:
            return None
        plain = str(value).lower()
        message = f"YAML reads {shown} as {plain}, YAML 1.2 as a text"
        return message, f"write {plain}; if you mean the text, {quoted}"
    # a number whose text is another one: 0777, 1:30, 1_000, and 1.10, which is 1.1
    if not isinstance(value, int | float) or str(value) == text.removeprefix("+") or not math.isfinite(value):
        return None
    other = "" if in_1_2 == str(value) else f", YAML 1.2 as {in_1_2 or 'a text'}"
    return f"YAML reads {shown} as {value}{other}", f"{quoted} if you mean the text, {value} if you mean the number"


# Numbers of YAML 1.2's core schema (specification 1.2.2, 10.3.2), which YAML 1.1 reads as others, or as texts.
_DECIMAL = re.compile(r"([-+]?)0*(\d+)", re.ASCII)
_BASED = re.compile(r"0o[0-7]{1,60}|0x[\da-fA-F]{1,60}", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?", re.ASCII)


def _number_in_1_2(text: str) -> str | None:
    """The number that YAML 1.2 reads; None where it reads none."""
    if decimal := _DECIMAL.fullmatch(text):
        sign, digits = decimal.groups()
        return _short(digits if digits == "0" or sign != "-" else f"-{digits}")[1:-1]
    if _BASED.fullmatch(text):
        return str(int(text, 0))
    return str(float(text)) if _FLOAT.fullmatch(text) else None
