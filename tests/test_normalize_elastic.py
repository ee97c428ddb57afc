"""The normalizer against the expected documents of Elastic's own tests, and on real records.

Both need ../shared, which is no part of the repository. What ours and theirs may differ in is data, in
fixtures/cases/normalize.yml, and compared strictly: a difference that is new, or gone, fails.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sigmaproof.fields import table
from sigmaproof.normalize import normalize

ROOT = Path(__file__).parents[1]
SHARED = Path(__file__).parents[2] / "shared" / "data"
ELASTIC = SHARED / "elastic-cloudtrail"
RULES: dict[str, Any] = yaml.safe_load((ROOT / "fixtures/cases/normalize.yml").read_text(encoding="utf-8"))["elastic"]
CURRENT = "8.9.0 branch"
UNCLAIMED = {
    "1.x (ECS 8.0.0)",
    "1.x (ECS 1.10)",
    "pre-7.4 (no cloud.provider)",
    "old: user.name split at @ (since reverted)",
}
FLATTENED = frozenset(
    home.name
    for home in [home for field in table().fields for home in field.homes] + list(table().derived)
    if home.type == "flattened" and home.within is None
)


def manifest() -> dict[str, str]:
    if not (ELASTIC / "MANIFEST.tsv").exists():
        return {}
    with (ELASTIC / "MANIFEST.tsv").open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t")
        return {row["file"].removesuffix("-expected.json"): row["era"] for row in rows}


ERAS = manifest()


def flat(doc: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(doc, dict) and doc and path not in FLATTENED:
        for key, value in doc.items():
            yield from flat(value, f"{path}.{key}" if path else key)
    else:
        yield path, doc


def compared(doc: dict[str, Any]) -> dict[str, Any]:
    left_out = [row["prefix"] for row in RULES["not_made"]] + RULES["constants"]
    return {
        name: value
        for name, value in flat(doc)
        if not any(name == prefix or name.startswith(f"{prefix}.") for prefix in left_out)
    }


def pairs(name: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Records and expected documents. An empty line of a file has a document too, of no record."""
    lines = (ELASTIC / name).read_text(encoding="utf-8").splitlines()
    expected = json.loads((ELASTIC / f"{name}-expected.json").read_text(encoding="utf-8"))["expected"]
    records = [json.loads(line) for line in lines if line.strip()]
    documents = [document for document in expected if document and "aws" in document]
    return list(zip(records, documents, strict=True))


def differences(name: str) -> dict[str, str]:
    found = {}
    for record, expected in pairs(name):
        ours, theirs = compared(normalize(record, **RULES["eras"][ERAS[name]])), compared(expected)
        for field in ours.keys() | theirs.keys():
            if field not in theirs:
                found[field] = "added"
            elif field not in ours:
                found[field] = "missing"
            elif ours[field] != theirs[field]:
                found[field] = "changed"
    return found


needs_elastic = pytest.mark.skipif(
    not ERAS, reason="not run: the comparison with Elastic's documents (../shared/data/elastic-cloudtrail)"
)


@needs_elastic
def test_there_are_documents_of_the_emulated_version() -> None:
    assert sum(len(pairs(name)) for name, era in ERAS.items() if era == CURRENT) == 9


@needs_elastic
@pytest.mark.parametrize("name", ERAS)
def test_documents_of_elastic(name: str) -> None:
    allowed = {field: row["kind"] for field, row in RULES["differences"].get(name, {}).items()}
    assert not allowed or ERAS[name] in UNCLAIMED, "a profile that claims the era allows no differences"
    assert differences(name) == allowed


@needs_elastic
def test_differences_are_of_known_files_and_have_reasons() -> None:
    assert set(RULES["differences"]) <= set(ERAS)
    assert set(RULES["eras"]) == set(ERAS.values())
    assert all(row["reason"] for rows in RULES["differences"].values() for row in rows.values())
    assert all(row["reason"] for row in RULES["not_made"])


def real_records() -> Iterator[dict[str, Any]]:
    for path in sorted((SHARED / "cloudtrail").rglob("*.json*")):
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        loaded = json.loads(data)
        if isinstance(loaded, dict):
            loaded = loaded.get("Records", [loaded])
        yield from loaded


@pytest.mark.skipif(
    not (SHARED / "cloudtrail").exists(),
    reason="not run: 2,982 real records through the normalizer (../shared/data/cloudtrail)",
)
def test_real_records() -> None:
    homes = [home for field in table().fields for home in field.homes] + list(table().derived)
    known = {home.name for home in homes} | set(table().constants)
    count = 0
    for record in real_records():
        count += 1
        doc = normalize(record)
        assert doc["event"]["kind"] == "event"
        assert doc["@timestamp"] == record["eventTime"].replace("Z", ".000Z")
        resources = doc["aws"]["cloudtrail"].pop("resources", [])
        names = {name for name, _ in flat(doc)} | {
            f"aws.cloudtrail.resources.{key}" for item in resources for key in item
        }
        assert names <= known
    assert count == 2_982
