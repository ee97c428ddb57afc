"""`--fix`: repairs of a file's text, each tried before it is kept: its rules must load as before, and mean the same.

Only a finding is repaired: what options and settings leave out, and what a comment silences, stays as it is.

A repair replaces spans of the text, so that comments, quotes and layout stay as they are; no YAML is written anew (that
is why no library for round trips is needed). What is repaired is in REPAIRS, what is found in the checks of the same
name. A second run finds nothing more to repair.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from sigmaproof.check.convention.tag_unknown import repaired
from sigmaproof.check.convention.title_form import without_stop
from sigmaproof.check.convention.value_wildcards import modifier_of
from sigmaproof.check.ignoring import comments_of
from sigmaproof.check.run import Options
from sigmaproof.diagnostics import STDIN, Diagnostic, InputError, Place
from sigmaproof.drafts import write_whole
from sigmaproof.rules import Rule, load_text, read_file
from sigmaproof.safeyaml import MOST_BYTES, documents

__all__ = ["REPAIRS", "fix_file", "fix_text"]


@dataclass(frozen=True, slots=True)
class Edit:
    """A span of a text and what to write in its place. at: where the finding stands that goes by it; None: there."""

    start: int
    end: int
    text: str
    at: int | None = None


Repair: TypeAlias = Callable[[str], Iterator[Edit]]
_SLASHED = re.compile(r"(\d{4})/(\d{2})/(\d{2})")


def fix_file(file: Path, options: Options | None = None) -> list[str]:
    """Repairs what the options look for in a file; the codes of what was repaired. A link is left alone: what it leads
    to was not named.

    Raises InputError when it can't be written; it is then as it was.
    """
    if file == STDIN or file.is_symlink():
        return []
    try:
        _, content = read_file(file)
        text = content.decode("utf-8")
    except (InputError, UnicodeDecodeError):
        return []  # the checks tell of it
    if len(content) > MOST_BYTES:
        return []
    fixed, codes = fix_text(text, options)
    if codes:
        write_whole(file, fixed.encode("utf-8"))
    return codes


def fix_text(text: str, options: Options | None = None) -> tuple[str, list[str]]:
    """A text with the repairs of what the options look for, and the codes of what was repaired."""
    codes = []
    wants, rules = (options or Options()).wants(), _rules(text)
    for code, repair in REPAIRS.items():
        new = _applied(text, _heard(text, code, list(repair(text)))) if rules is not None and wants(code) else text
        if new != text and _is_same(rules or [], _rules(new)):
            text = new
            codes.append(code)
    return text, codes


def _heard(text: str, code: str, edits: Sequence[Edit]) -> list[Edit]:
    """The edits of findings that no comment silences."""
    comments = comments_of(text, "")
    if comments is None:
        return list(edits)

    def is_heard(edit: Edit) -> bool:
        line = text.count("\n", 0, edit.start if edit.at is None else edit.at) + 1
        return bool(comments.left([Diagnostic(code, "note", Place("", line), "")], lambda code: False, ()))

    return [edit for edit in edits if is_heard(edit)]


def _rules(text: str) -> list[Rule] | None:
    """The rules of a text; None where some can't be loaded: such a text is left alone.

    A correlation beside them is no fault, and no repair touches what it says.
    """
    loaded = load_text(text, filters=())
    errors = {finding.code for finding in loaded.findings if finding.level == "error"}
    return None if errors - {"rule-unsupported"} else loaded.rules


def _is_same(before: Sequence[Rule], after: Sequence[Rule] | None) -> bool:
    """Whether the rules mean the same, and are for the same log source."""
    if after is None or len(before) != len(after):
        return False
    pairs = list(zip(before, after, strict=True))
    return all(one.tree == two.tree and one.data["logsource"] == two.data["logsource"] for one, two in pairs)


def _applied(text: str, edits: Sequence[Edit]) -> str:
    for edit in sorted(edits, key=lambda one: one.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _bom(text: str) -> Iterator[Edit]:
    if text.startswith("\ufeff"):
        yield Edit(0, 1, "")


def _line_ends(text: str) -> Iterator[Edit]:
    for match in re.finditer(r"\r\n?", text):
        yield Edit(match.start(), match.end(), "\n", text.index("\r"))


def _roots(text: str) -> Iterator[dict[str, tuple[yaml.ScalarNode, yaml.Node]]]:
    """The keys of each document with their nodes; of a text that `documents` takes, so that nothing is without end."""
    try:
        list(documents(text, ""))
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        nodes = list(yaml.compose_all(text, Loader=loader))
    except (InputError, yaml.YAMLError):
        return
    for node in nodes:
        if isinstance(node, yaml.MappingNode):
            yield {key.value: (key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def _dates(text: str) -> Iterator[Edit]:
    for root in _roots(text):
        for name in ("date", "modified"):
            key, node = root.get(name, (None, None))
            if key is not None and isinstance(node, yaml.ScalarNode) and (match := _SLASHED.fullmatch(node.value)):
                yield from _replaced(text, node, "-".join(match.groups()), key)


def _tags(text: str) -> Iterator[Edit]:
    for root in _roots(text):
        node = root.get("tags", (None, None))[1]
        for one in node.value if isinstance(node, yaml.SequenceNode) else ():
            if isinstance(one, yaml.ScalarNode) and (right := repaired(one.value)) is not None:
                yield from _replaced(text, one, right)


def _titles(text: str) -> Iterator[Edit]:
    for root in _roots(text):
        key, node = root.get("title", (None, None))
        if key is not None and isinstance(node, yaml.ScalarNode):
            right = without_stop(node.value.strip())
            if right and right != node.value:
                yield from _replaced(text, node, right, key)


def _ids(text: str) -> Iterator[Edit]:
    """A new id below the title, where that is a key at the beginning of a line."""
    for root in _roots(text):
        if "id" not in root and "title" in root:
            key, value = root["title"]
            begin = text.rfind("\n", 0, key.start_mark.index) + 1
            end = text.find("\n", value.end_mark.index - 1)
            if text[begin : key.start_mark.index].strip() == "" and end >= 0:
                yield Edit(end + 1, end + 1, f"{text[begin : key.start_mark.index]}id: {uuid.uuid4()}\n", begin)


def _wildcards(text: str) -> Iterator[Edit]:
    for root in _roots(text):
        detection = root.get("detection", (None, None))[1]
        if isinstance(detection, yaml.MappingNode):
            for _, selection in detection.value:
                yield from _in_selection(text, selection)


def _in_selection(text: str, node: yaml.Node) -> Iterator[Edit]:
    if isinstance(node, yaml.SequenceNode):
        for one in node.value:
            yield from _in_selection(text, one)
    elif isinstance(node, yaml.MappingNode):
        names = {key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)}
        for key, value in node.value:
            yield from _with_modifier(text, key, value, names)


def _with_modifier(text: str, key: Any, value: yaml.Node, names: set[str]) -> Iterator[Edit]:
    """The edits of a field and its values, all of them or none."""
    given = value.value if isinstance(value, yaml.SequenceNode) else [value]
    nodes = [one for one in given if isinstance(one, yaml.ScalarNode)]
    if not isinstance(key, yaml.ScalarNode) or len(nodes) < len(given):
        return
    modifier = modifier_of(key.value, [one.value for one in nodes])
    if modifier is None or f"{key.value}|{modifier}" in names:
        return
    edits = [
        list(_replaced(text, key, f"{key.value}|{modifier}")),
        *(list(_replaced(text, one, one.value.strip("*"), key)) for one in nodes),
    ]
    if all(edits):
        yield from (edit for one in edits for edit in one)


def _replaced(text: str, node: yaml.ScalarNode, value: str, at: yaml.ScalarNode | None = None) -> Iterator[Edit]:
    """The edit that gives a scalar another value in the quotes that it has; none where it isn't written plainly.

    at: the key at which the finding stands, if it isn't there itself.
    """
    start, end = node.start_mark.index, node.end_mark.index
    quote = node.style if node.style in ("'", '"') else ""
    if node.style in (None, "", "'", '"') and text[start:end] == f"{quote}{node.value}{quote}":
        yield Edit(start, end, f"{quote}{value}{quote}", (at or node).start_mark.index)


REPAIRS: dict[str, Repair] = {
    "yaml-bom": _bom,
    "yaml-line-end": _line_ends,
    "rule-schema": _dates,
    "tag-unknown": _tags,
    "title-form": _titles,
    "id-missing": _ids,
    "value-wildcards": _wildcards,
}
