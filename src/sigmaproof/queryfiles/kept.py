"""What stays in a directory of queries while a source can't be read: its entries and queries as they are.

A slip in a rule must not take its query away: that would be deployed, and the detection gone. The source stands under
`unreadable` in the manifest meanwhile, and the command ends with 2.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

__all__ = ["Kept", "kept_entries"]


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry of the manifest that is there, and the queries of it that are there, by target."""

    entry: Mapping[str, Any]
    queries: Mapping[str, bytes]

    @property
    def source(self) -> str:
        """Where its rule stands, as the manifest names it."""
        return str(self.entry["source"])

    @property
    def stem(self) -> str:
        """Of the file of its rule."""
        return PurePosixPath(self.source).stem

    def renamed(self, name: str, suffixes: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, bytes]]:
        """The entry with its queries under this name, and these by their files."""
        files = {target: f"{target}/{name}{suffixes[target]}" for target in self.queries}
        outputs = [{**one, "file": files.get(one["target"])} for one in self.entry["outputs"]]
        return {**self.entry, "outputs": outputs}, {files[one]: text for one, text in self.queries.items()}


def kept_entries(
    manifest: Path, unreadable: Collection[str], read: Iterable[tuple[str, Any, str]], targets: Collection[str]
) -> list[Kept]:
    """The entries of these sources without those of rules that were read. read: source, id and title of each.

    manifest: a file whose form is known to be right. targets: those of this run.
    """
    known = {(source, id or title) for source, id, title in read}
    entries = json.loads(manifest.read_bytes())["rules"] if unreadable and manifest.is_file() else ()
    found = [
        _kept(entry, manifest.parent, targets)
        for entry in entries
        if entry["source"] in unreadable and (entry["source"], entry["id"] or entry["title"]) not in known
    ]
    return [one for one in found if one.entry["outputs"]]


def _kept(entry: Mapping[str, Any], directory: Path, targets: Collection[str]) -> Kept:
    outputs, queries = [], {}
    for one in entry["outputs"]:
        content = _content(directory, one["file"])
        if one["target"] in targets and (content is not None or one["file"] is None):
            outputs.append(one)
            if content is not None:
                queries[one["target"]] = content
    return Kept({**entry, "outputs": outputs}, queries)


def _content(directory: Path, file: str | None) -> bytes | None:
    try:
        return None if file is None else (directory / file).read_bytes()
    except OSError:
        return None  # what is wrong with the file is said when the directory is compared
