"""Loads Sigma rules: safe YAML, the form checked with the line of each fault, then pySigma.

What is refused is refused here, in the same words under every version of pySigma. What a rule means is in
`lower` and `matching`; advice about a rule is in `check`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigmaproof.diagnostics import STDIN, Diagnostic, InputError, Place, shown_path
from sigmaproof.filters import Filter, filter_warnings, filtered
from sigmaproof.items import field_paths
from sigmaproof.predicate import And, Predicate, fields_of, tests
from sigmaproof.rulevalues import detection_faults, selection_names
from sigmaproof.safeyaml import MOST_BYTES, Document, documents

if TYPE_CHECKING:
    from sigma.processing.pipeline import ProcessingPipeline
    from sigma.rule import SigmaRule

MANY, AT_ONCE = 400, 50
"""From so many files of rules on, several processes read so many at once."""
MOST_FAULTS = 100  # of the form of one document, which are told
MOST_UNKNOWN = 20  # fields of one rule that are named one by one
__all__ = [
    "Loaded",
    "Rule",
    "field_warnings",
    "load_file",
    "load_files",
    "load_text",
    "read_file",
    "schema",
]


@dataclass(frozen=True)
class Rule:
    """One loaded rule: its data, and the tree of it as written (raw field names).

    pipelines: the user's, as one chain. They change what the rule says (`expand` needs them), so they belong to it.
    """

    document: Document
    pipelines: tuple[ProcessingPipeline, ...] = ()

    @classmethod
    def of_tree(cls, document: Document, tree: Predicate) -> Rule:
        """A rule of which the tree is known."""
        rule = cls(document)
        vars(rule)["tree"] = tree
        return rule

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

    def with_pipelines(self, pipelines: Sequence[ProcessingPipeline]) -> Rule:
        """The same rule with these pipelines applied after those that it has."""
        return Rule(self.document, (*self.pipelines, *pipelines)) if pipelines else self

    @property
    def file(self) -> str:
        """The file it came from, as shown to the user."""
        return self.document.file

    def sigma(self) -> SigmaRule:
        """A fresh pySigma rule, as pipelines change the one that they are given; the user's are applied to it."""
        from sigma.exceptions import SigmaConfigurationError, SigmaError

        from sigmaproof.sigmarule import sigma_rule

        try:
            return sigma_rule(self.data, self.pipelines)
        except SigmaConfigurationError:
            raise  # a broken pipeline is no property of the rule
        except (SigmaError, TypeError, ValueError, LookupError, AttributeError) as error:
            from sigmaproof.refusals import refusal

            raise refusal(self, error) from None

    @cached_property
    def tree(self) -> Predicate:
        """The rule's predicate over raw records. Raises InputError if the detection has no meaning."""
        from sigmaproof.lower import LoweringError, lower_rule

        try:
            return lower_rule(self.sigma())
        except LoweringError as error:
            from sigmaproof.refusals import refusal

            raise refusal(self, error, is_lowering=True) from None


@dataclass
class Loaded:
    """What loading gave: the rules that can be used, their filters, and a diagnostic for everything that can't."""

    rules: list[Rule] = field(default_factory=list)
    findings: list[Diagnostic] = field(default_factory=list)
    filters: list[Filter] = field(default_factory=list)


def load_files(
    files: Iterable[Path], pipelines: Sequence[ProcessingPipeline] = (), filters: Iterable[Path] = ()
) -> Loaded:
    """Loads rules from files. A file that can't be used becomes a diagnostic; the others are still loaded.

    pipelines: the user's, which belong to every rule. filters: files of Sigma filters; those that stand among the
    rules are applied as well.
    """
    found = _read_all(list(files))
    return _loaded([*found, *(_only_filter(one) for file in filters for one in _read(file))], pipelines)


def _read_all(files: Sequence[Path]) -> list[Document | Diagnostic]:
    """The documents of all files, in order. Many are read by several processes: a rule costs some milliseconds."""
    from sigmaproof.processes import processors, shared_out

    return shared_out(_read_some, files, MANY, AT_ONCE, processors())


def _read_some(files: Sequence[Path]) -> list[Document | Diagnostic]:
    return [one for file in files for one in _read(file)]


def _only_filter(found: Document | Diagnostic) -> Document | Diagnostic:
    if isinstance(found, Diagnostic) or _is_filter(found):
        return found
    return Diagnostic("filter-form", "error", found.place(), "a rule, not a filter", "name rules without --filter")


def _is_filter(document: Document) -> bool:
    return "filter" in document.data and "detection" not in document.data


def load_file(file: Path, pipelines: Sequence[ProcessingPipeline] = ()) -> Loaded:
    """Loads the rules of one file (several documents are several rules); `-` is standard input."""
    return load_files([file], pipelines)


def load_text(
    text: str | bytes,
    file: str = "<rule>",
    pipelines: Sequence[ProcessingPipeline] = (),
    filters: Sequence[Filter] | None = None,
) -> Loaded:
    """Loads the rules of a YAML text. file: what to call it in messages.

    filters: those to apply instead of the ones among the rules, of which nothing is then said: the text is one of
    several, and its filters are for the rules of the others too.
    """
    return _loaded(list(_documents(text, file)), pipelines, filters)


def read_file(file: Path) -> tuple[str, bytes]:
    """What to call a file in messages, and its first bytes: as many as show that it is too large. `-` is stdin.

    Raises InputError for one that can't be read.
    """
    shown = "<stdin>" if file == STDIN else shown_path(file)
    try:
        if file == STDIN:
            return shown, sys.stdin.buffer.read(MOST_BYTES + 1)
        with file.open("rb") as stream:
            return shown, stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError("file-unreadable", Place(shown), f"can't be read: {error.strerror or error}") from None


def _read(file: Path) -> Iterator[Document | Diagnostic]:
    try:
        shown, content = read_file(file)
    except InputError as error:
        yield error.diagnostic
    else:
        yield from _documents(content, shown)


def _documents(text: str | bytes, file: str) -> Iterator[Document | Diagnostic]:
    """The documents of a text whose form is right, and what is wrong with the others."""
    empty = True
    try:
        for document in documents(text, file):
            empty = False
            yield from document.warnings
            faults = list(_faults(document))
            yield from faults
            if not any(fault.level == "error" for fault in faults):
                yield document
    except InputError as error:
        empty = False
        yield error.diagnostic
    if empty:
        yield Diagnostic("rule-empty", "error", Place(file), "holds no rule")


def _loaded(
    found: Iterable[Document | Diagnostic],
    pipelines: Sequence[ProcessingPipeline],
    filters: Sequence[Filter] | None = None,
) -> Loaded:
    """The rules of these documents, with the filters among them applied, or with these."""
    loaded = Loaded()
    rules: list[Document] = []
    for one in found:
        if isinstance(one, Diagnostic):
            loaded.findings.append(one)
        elif _is_filter(one):
            loaded.filters.append(Filter(one))
        else:
            rules.append(one)
    data = [document.data for document in rules]
    if filters is None:
        loaded.findings += [warning for one in loaded.filters for warning in filter_warnings(one, data)]
        filters = loaded.filters
    for document in rules:
        try:
            rule = Rule(filtered(document, filters), tuple(pipelines))
            _ = rule.tree
        except InputError as error:
            loaded.findings.append(error.diagnostic)
        else:
            loaded.rules.append(rule)
    return loaded


def _faults(document: Document) -> Iterator[Diagnostic]:
    faults = list(_form_faults(document))
    yield from faults
    if not faults:
        section = "filter" if _is_filter(document) else "detection"
        yield from detection_faults(document, section)
        yield from _condition_faults(document, section)


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
    if "correlation" in data and "detection" not in data:
        message = "a Sigma correlation is not supported yet; only detection rules and filters are"
        yield Diagnostic("rule-unsupported", "error", document.place("correlation"), message)
    elif _is_filter(document):
        yield from schema_faults(document, "filter", "filter-form")
    else:
        yield from schema_faults(document, "rule", "rule-form")


_EXAMPLE = "start with `title:`, `logsource:` and `detection:` at the left margin"


def schema_faults(document: Document, name: str, code: str) -> Iterator[Diagnostic]:
    """What one of our schemas finds wrong in a document, each with its place."""
    from sigmaproof.schemawords import worded

    errors = islice(_validator(name).iter_errors(document.data), MOST_FAULTS)
    for path, message, told in worded(errors):
        yield Diagnostic(code, "error", document.place(*path), message, told)


@cache
def _validator(name: str) -> Any:
    import jsonschema

    return jsonschema.Draft202012Validator(schema(name))


def _condition_faults(document: Document, section: str) -> Iterator[Diagnostic]:
    from sigmaproof.conditions import ConditionError, condition_tree

    condition, names = document.data[section]["condition"], selection_names(document, section)
    for index, text in enumerate(condition if isinstance(condition, list) else [condition]):
        try:
            condition_tree(text, names, lambda name: And(()))
        except ConditionError as error:
            yield Diagnostic("rule-condition", "error", document.place(section, "condition", index), str(error))


def field_warnings(rule: Rule) -> Iterator[Diagnostic]:
    """Fields of a CloudTrail rule that no CloudTrail record has: a test on them is never true."""
    from sigmaproof.fields import UnknownFieldError, table

    if not rule.is_cloudtrail:
        message = "not a rule for product: aws, service: cloudtrail; it is evaluated on every record all the same"
        yield Diagnostic("rule-logsource", "warning", rule.document.place("logsource"), message)
        return
    names = {name for test, _ in tests(rule.tree) for name in fields_of(test)}
    unknown = [name for name in sorted(names) if name not in table().dropped and not table().knows(name)]
    places = field_paths(rule.document) if unknown else {}
    for name in unknown[:MOST_UNKNOWN]:
        try:
            table().raw(name)
        except UnknownFieldError as error:
            place = rule.document.place(*places.get(name, ("detection",)))
            yield Diagnostic("field-unknown", "warning", place, str(error))
    if len(unknown) > MOST_UNKNOWN:
        message = f"and {len(unknown) - MOST_UNKNOWN:,} fields more that no CloudTrail record has"
        yield Diagnostic("field-unknown", "warning", rule.document.place("detection"), message)
