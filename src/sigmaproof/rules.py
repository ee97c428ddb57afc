"""Loads Sigma rules: safe YAML, the form checked with the line of each fault, then pySigma.

What is refused is refused here, in the same words under every version of pySigma. What a rule means is in
`lower` and `matching`; advice about a rule is in `check`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigmaproof.diagnostics import STDIN, Diagnostic, InputError, Place, shown_path
from sigmaproof.predicate import And, Keyword, Predicate, tests
from sigmaproof.rulevalues import detection_faults, selection_names
from sigmaproof.safeyaml import Document, documents

if TYPE_CHECKING:
    from sigma.rule import SigmaRule

__all__ = ["Loaded", "Rule", "field_place", "field_warnings", "load_file", "load_files", "load_text", "schema"]


@dataclass(frozen=True)
class Rule:
    """One loaded rule: its data, and the tree of it as written (raw field names)."""

    document: Document

    @property
    def data(self) -> dict[str, Any]:
        """The rule as plain data."""
        data: dict[str, Any] = self.document.data
        return data

    @property
    def id(self) -> str:
        """The rule's id, or its file and line when it has none."""
        return str(self.data.get("id") or self.document.place())

    @property
    def title(self) -> str:
        """The rule's title."""
        return str(self.data.get("title", ""))

    @property
    def level(self) -> str:
        """The rule's level, `medium` when it has none."""
        return str(self.data.get("level", "medium"))

    @property
    def is_cloudtrail(self) -> bool:
        """Whether the logsource is that of CloudTrail, the only one with a field table."""
        logsource = self.data["logsource"]
        return (logsource.get("product"), logsource.get("service")) == ("aws", "cloudtrail")

    @property
    def file(self) -> str:
        """The file it came from, as shown to the user."""
        return self.document.file

    def sigma(self) -> SigmaRule:
        """A fresh pySigma rule, as pipelines change the one that they are given."""
        from sigma.exceptions import SigmaError
        from sigma.rule import SigmaRule

        try:
            return SigmaRule.from_dict(_copy(self.data))
        except (SigmaError, TypeError, ValueError, LookupError, AttributeError) as error:
            raise InputError("rule-invalid", self._place_of(str(error)), str(error)) from None

    def _place_of(self, message: str) -> Place:
        """The place of the key that pySigma's message names, otherwise of the detection."""
        words = {word.strip("'.,").rstrip("s") for word in message.split()}
        return self.document.place(next((key for key in self.data if key.rstrip("s") in words), "detection"))

    @cached_property
    def tree(self) -> Predicate:
        """The rule's predicate over raw records. Raises InputError if the detection has no meaning."""
        from sigmaproof.lower import LoweringError, lower_rule

        try:
            return lower_rule(self.sigma())
        except LoweringError as error:
            place = self.document.place("detection", "condition")
            raise InputError("rule-invalid", place, str(error)) from None


@dataclass
class Loaded:
    """What loading gave: the rules that can be used, and a diagnostic for everything that can't."""

    rules: list[Rule] = field(default_factory=list)
    findings: list[Diagnostic] = field(default_factory=list)


def load_files(files: Iterable[Path]) -> Loaded:
    """Loads rules from files. A file that can't be used becomes a diagnostic; the others are still loaded."""
    loaded = Loaded()
    for file in files:
        one = load_file(file)
        loaded.rules += one.rules
        loaded.findings += one.findings
    return loaded


def load_file(file: Path) -> Loaded:
    """Loads the rules of one file (several documents are several rules); `-` is standard input."""
    shown = "<stdin>" if file == STDIN else shown_path(file)
    try:
        content = sys.stdin.buffer.read() if file == STDIN else file.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        return Loaded(findings=[Diagnostic("file-unreadable", "error", Place(shown), f"can't be read: {reason}")])
    return load_text(content, shown)


def load_text(text: str | bytes, file: str = "<rule>") -> Loaded:
    """Loads the rules of a YAML text. file: what to call it in messages."""
    loaded = Loaded()
    try:
        for document in documents(text, file):
            loaded.findings += document.warnings
            _load_document(document, loaded)
    except InputError as error:
        loaded.findings.append(error.diagnostic)
    if not loaded.rules and not loaded.findings:
        loaded.findings.append(Diagnostic("rule-empty", "error", Place(file), "holds no rule"))
    return loaded


def _load_document(document: Document, loaded: Loaded) -> None:
    faults = [*_form_faults(document)] or [*detection_faults(document), *_condition_faults(document)]
    loaded.findings += faults
    if any(fault.level == "error" for fault in faults):
        return
    rule = Rule(document)
    try:
        _ = rule.tree
    except InputError as error:
        loaded.findings.append(error.diagnostic)
    else:
        loaded.rules.append(rule)


@cache
def schema(name: str) -> dict[str, Any]:
    """One of our JSON Schemas, by its file name without `.schema.json`."""
    import json
    from importlib import resources

    text = resources.files("sigmaproof").joinpath(f"schemas/{name}.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def _form_faults(document: Document) -> Iterator[Diagnostic]:
    data = document.data
    if not isinstance(data, dict):
        place = document.place()
        yield Diagnostic("rule-form", "error", place, "a rule is a map of keys, not a list or a value", _EXAMPLE)
        return
    for key in ("correlation", "filter"):
        if key in data and "detection" not in data:
            message = f"a Sigma {key} is not supported yet; only detection rules are"
            yield Diagnostic("rule-unsupported", "error", document.place(key), message)
            return
    yield from schema_faults(document, "rule", "rule-form")


_EXAMPLE = "start with `title:`, `logsource:` and `detection:` at the left margin"


def schema_faults(document: Document, name: str, code: str) -> Iterator[Diagnostic]:
    """What one of our schemas finds wrong in a document, each with its place."""
    for error in sorted(_validator(name).iter_errors(document.data), key=lambda e: list(map(str, e.absolute_path))):
        where = ".".join(map(str, error.absolute_path))
        told = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
        message = f"{where or 'the document'}: {_brief(error.message)}"
        yield Diagnostic(code, "error", document.place(*error.absolute_path), message, told)


@cache
def _validator(name: str) -> Any:
    import jsonschema

    return jsonschema.Draft202012Validator(schema(name))


def _brief(message: str) -> str:
    return message if len(message) <= 200 else f"{message[:90]} … {message[-90:]}"


def _condition_faults(document: Document) -> Iterator[Diagnostic]:
    from sigmaproof.conditions import ConditionError, condition_tree

    condition, names = document.data["detection"]["condition"], selection_names(document)
    for index, text in enumerate(condition if isinstance(condition, list) else [condition]):
        try:
            condition_tree(text, names, lambda name: And(()))
        except ConditionError as error:
            yield Diagnostic("rule-condition", "error", document.place("detection", "condition", index), str(error))


def _copy(value: Any) -> Any:
    """A deep copy of plain data."""
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value


def field_warnings(rule: Rule) -> Iterator[Diagnostic]:
    """Fields of a CloudTrail rule that no CloudTrail record has: a test on them is never true."""
    from sigmaproof.fields import UnknownFieldError, table

    if not rule.is_cloudtrail:
        message = "not a rule for product: aws, service: cloudtrail; it is evaluated on every record all the same"
        yield Diagnostic("rule-logsource", "warning", rule.document.place("logsource"), message)
        return
    names = {test.field for test, _ in tests(rule.tree) if not isinstance(test, Keyword)}
    for name in sorted(names):
        try:
            table().raw(name)
        except UnknownFieldError as error:
            if name not in table().dropped:
                yield Diagnostic("field-unknown", "warning", field_place(rule.document, name), str(error))


def field_place(document: Document, field: str) -> Place:
    """The line of the first test of a field."""
    for path in document.lines:
        if path[0] == "detection" and isinstance(path[-1], str) and path[-1].split("|")[0] == field:
            return document.place(*path)
    return document.place("detection")
