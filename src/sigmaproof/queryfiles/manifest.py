"""The manifest of a directory of queries: what each was made of, what it claims, and what was refused.

Its form is schema/manifest-1.json. Nothing in it depends on the time, the machine or the working directory: sources are
relative to the directory of the manifest. What is done with it is in `plan`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sigmaproof.diagnostics import Diagnostic, InputError, Place
from sigmaproof.fidelity import Conversion
from sigmaproof.queryfiles.kept import Kept, kept_entries
from sigmaproof.queryfiles.names import SUFFIXES, Named, file_names, is_ours
from sigmaproof.rules import Rule

__all__ = ["MANIFEST", "SCHEMA", "Made", "build", "listed_files", "query_text"]

MANIFEST = "manifest.json"
SCHEMA = "sigmaproof-manifest/1"
STDIN = "<stdin>"
_ANOTHER = "name another directory, or remove the file"


@dataclass(frozen=True, slots=True)
class Made:
    """Everything that a directory must hold, by path within it; the manifest is one of the files.

    kept: the files that stay as they are, as their rules can't be read.
    """

    files: Mapping[str, bytes]
    kept: Sequence[str] = ()


def build(
    pairs: Sequence[tuple[Rule, Conversion]],
    unreadable: Iterable[Diagnostic],
    settings: Mapping[str, Any],
    directory: Path,
) -> Made:
    """The files of these conversions with their manifest. directory: where they will be, which sources are relative to.

    unreadable: the errors of what could not be loaded; what the directory has of these sources stays there.
    settings: what was asked for; `Path` values become relative. Raises InputError for a manifest there that is none.
    """
    from sigmaproof import __version__

    conversions: dict[int, list[Conversion]] = {}
    rules = {id(rule): rule for rule, _ in pairs}
    for rule, conversion in pairs:
        conversions.setdefault(id(rule), []).append(conversion)
    faults = sorted(
        (_unreadable(finding, directory) for finding in unreadable),
        key=lambda one: (one["source"], one["line"] or 0, one["code"], one["message"]),
    )
    ordered = _ordered(rules.values(), directory)
    kept = _kept(ordered, {one["source"] for one in faults} - {STDIN}, settings["targets"], directory)
    names = file_names([named for _, named in (*ordered, *kept)])
    files: dict[str, bytes] = {}
    entries = [
        _entry(rule, name, conversions[id(rule)], files, directory)
        for (rule, _), name in zip(ordered, names, strict=False)
    ]
    before = set(files)
    for (one, _), name in zip(kept, names[len(ordered) :], strict=True):
        entry, queries = one.renamed(name, SUFFIXES)
        entries.append(entry)
        files |= queries
    manifest = {
        "schema": SCHEMA,
        "sigmaproof": __version__,
        "settings": {key: _setting(value, directory) for key, value in settings.items()},
        "rules": sorted(entries, key=lambda entry: str(entry["source"])),
        "unreadable": faults,
    }
    stays = sorted(set(files) - before)
    files[MANIFEST] = (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "backslashreplace")
    return Made(files, stays)


def query_text(conversion: Conversion) -> str:
    """The query as text; the native tree as JSON."""
    if isinstance(conversion.query, str):
        return conversion.query
    return json.dumps(conversion.query, ensure_ascii=False, indent=2)


def listed_files(directory: Path) -> list[str]:
    """The files that the manifest of a directory lists; none without a manifest.

    Raises InputError for a file of this name that is no manifest, or that lists what is never written here.
    """
    file = directory / MANIFEST
    if not file.is_file():
        return []
    place = Place(str(file))
    help = _ANOTHER
    try:
        data = json.loads(file.read_bytes())
        found = [output["file"] for rule in data["rules"] for output in rule["outputs"] if output["file"] is not None]
        if data["schema"] != SCHEMA:
            raise InputError("manifest-version", place, f"a manifest of another version: {data['schema']}", help)
    except (ValueError, LookupError, TypeError, RecursionError):
        raise InputError("manifest-form", place, "is no manifest of sigmaproof", help) from None
    for name in found:
        if not (isinstance(name, str) and is_ours(name)):
            raise InputError("manifest-file", place, f"lists {str(name)!r}, which is never written here", help)
    return found


def _ordered(rules: Iterable[Rule], directory: Path) -> list[tuple[Rule, Named]]:
    """The rules by source and by place in it, each with what its name is made of; one that was given twice is one."""
    seen: dict[tuple[str, int], tuple[Rule, Named]] = {}
    numbers: Counter[str] = Counter()
    for rule in sorted(rules, key=lambda rule: (_source(rule.file, directory), rule.document.line)):
        source = _source(rule.file, directory)
        if (source, rule.document.line) in seen:
            continue
        numbers[source] += 1
        stem = rule.title if rule.file == STDIN else Path(rule.file).stem
        named = Named(stem, str(rule.data.get("id") or ""), f"{source}#{numbers[source]}")
        seen[source, rule.document.line] = (rule, named)
    return list(seen.values())


def _kept(
    ordered: Sequence[tuple[Rule, Named]], sources: Collection[str], targets: Collection[str], directory: Path
) -> list[tuple[Kept, Named]]:
    """What stays of the sources that can't be read, each with what its name is made of."""
    if not sources:
        return []
    listed_files(directory)
    read = [(_source(rule.file, directory), rule.data.get("id"), rule.title) for rule, _ in ordered]
    numbers = Counter(source for source, _, _ in read)
    found = []
    try:
        entries = kept_entries(directory / MANIFEST, sources, read, targets)
    except (LookupError, TypeError, AttributeError):
        place = Place(str(directory / MANIFEST))
        raise InputError("manifest-form", place, "is no manifest of sigmaproof", _ANOTHER) from None
    for one in entries:
        numbers[one.source] += 1
        named = Named(one.stem, str(one.entry["id"] or ""), f"{one.source}#{numbers[one.source]}")
        found.append((one, named))
    return found


def _entry(
    rule: Rule, name: str, conversions: Sequence[Conversion], files: dict[str, bytes], directory: Path
) -> dict[str, Any]:
    """The rule's entry; its queries are added to files."""
    outputs = {one.target: _output(one, name, files) for one in conversions}
    return {
        "id": rule.data.get("id"),
        "title": rule.title,
        "source": _source(rule.file, directory),
        "sha256": None if rule.file == STDIN else _hash(rule.file),
        "outputs": [outputs[target] for target in sorted(outputs)],
    }


def _output(conversion: Conversion, name: str, files: dict[str, bytes]) -> dict[str, Any]:
    file = content = None
    if conversion.query is not None:
        file = f"{conversion.target}/{name}{SUFFIXES[conversion.target]}"
        content = (query_text(conversion) + "\n").encode()
        files[file] = content
    return {
        "target": conversion.target,
        "file": file,
        "sha256": None if content is None else hashlib.sha256(content).hexdigest(),
        "fidelity": conversion.fidelity,
        "reasons": [asdict(reason) for reason in conversion.reasons],
        "refusal": conversion.refusal,
        "expensive": conversion.expensive,
    }


def _unreadable(finding: Diagnostic, directory: Path) -> dict[str, Any]:
    place = finding.place
    return {
        "source": _source(place.file, directory),
        "line": place.line or None,
        "code": finding.code,
        "message": finding.message,
    }


def _setting(value: Any, directory: Path) -> Any:
    if isinstance(value, Path):
        return _source(str(value), directory)
    return [_setting(one, directory) for one in value] if isinstance(value, list) else value


def _source(file: str, directory: Path) -> str:
    """A file as seen from the directory, with `/`."""
    return file if file == STDIN else Path(os.path.relpath(file, directory)).as_posix()


def _hash(file: str) -> str:
    """Of the text with `\\n` at the ends of lines: git can have written others into the working directory."""
    return hashlib.sha256(Path(file).read_bytes().replace(b"\r\n", b"\n")).hexdigest()
