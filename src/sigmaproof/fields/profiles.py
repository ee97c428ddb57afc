"""Which profiles the field table has, and the table's data as one of them has it.

A profile is a version of Elastic's AWS integration, or `filebeat`. All facts are in `cloudtrail.yml`: how the newest
version is, and what the others have otherwise. Here is only how those are applied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

__all__ = ["FILEBEAT", "UnknownIntegrationError", "known_profiles", "profile_data"]

FILEBEAT = "filebeat"
_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})", re.ASCII)
_LISTED = ("fields", "homes", "gone", "derived", "before", "like", "source", "keyword_limit")

Data: TypeAlias = Mapping[str, Any]
Version: TypeAlias = tuple[int, ...]


class UnknownIntegrationError(ValueError):
    """A profile that the table has no facts about; the message says which it has."""


def profile_data(data: Data, integration: str) -> dict[str, Any]:
    """The data of the table as this profile has it. Raises UnknownIntegrationError."""
    like = data[FILEBEAT]["like"] if integration == FILEBEAT else integration
    version = _effective(data, like)
    changes = [change for change in data["changes"] if version < _version(change["before"])]
    if integration == FILEBEAT:
        changes.append(data[FILEBEAT])
    made: dict[str, Any] = {**data, "dropped": {**data["dropped"], **dict(_later(data, version, integration))}}
    made["fields"] = [entry for entry in data["fields"] if entry["raw"] not in made["dropped"]]
    for change in changes:
        made = _changed(made, change)
    return made


def known_profiles(data: Data) -> str:
    """The profiles in words."""
    ranges = [f"{one['from']} to before {one['until']}" for one in data["versions"]]
    backported = [one["from"] for found in data["backports"].values() for one in found]
    return f"versions {', '.join(ranges)}, {', '.join(backported)} with what follows in their lines, and {FILEBEAT}"


def _effective(data: Data, integration: str) -> Version:
    """The version by which a profile is looked up: a backport has a later one's pipeline."""
    if not _VERSION.fullmatch(integration):
        raise UnknownIntegrationError(f'unknown integration "{integration}"; known are the {known_profiles(data)}')
    version = _version(integration)
    if any(_lies_in(version, one) for one in data["versions"]):
        return version
    for later, ranges in data["backports"].items():
        if any(_lies_in(version, one) for one in ranges):
            return _version(later)
    bounds = [_version(one[key]) for one in data["versions"] for key in ("from", "until")]
    why = f": {data['gaps']}" if min(bounds) < version < max(bounds) else ""
    raise UnknownIntegrationError(
        f"nothing is known of version {integration} of the integration{why}; known are the {known_profiles(data)}"
    )


def _later(data: Data, version: Version, integration: str) -> Iterator[tuple[str, str]]:
    """The fields that came later, and what is said of them."""
    for entry in data["fields"]:
        if "since" in entry and version < _version(entry["since"]):
            since = f"the integration keeps it since {entry['since']}, and this is {integration}"
            told = "Filebeat's module does not keep it" if integration == FILEBEAT else since
            yield entry["raw"], f"{told}, so no query can find it"


def _changed(data: dict[str, Any], change: Data) -> dict[str, Any]:
    """The data with one change applied."""
    made = {**data, **{key: value for key, value in change.items() if key not in _LISTED}}
    made["dropped"] = {**data["dropped"], **change.get("gone", {})}
    entries = (entry for entry in data["fields"] if entry["raw"] not in made["dropped"])
    made["fields"] = [_field(entry, change) for entry in entries]
    made["derived"] = [_home(home, change) for home in [*data["derived"], *change.get("derived", ())]]
    return made


def _field(entry: Data, change: Data) -> dict[str, Any]:
    made = {**entry, **change.get("fields", {}).get(entry["raw"], {})}
    made["homes"] = [_home(home, change) for home in made["homes"]]
    return made


def _home(home: Data, change: Data) -> dict[str, Any]:
    made = {**home, **change.get("homes", {}).get(home["name"], {})}
    if made["type"] == "keyword" and "keyword_limit" in change:
        made["ignore_above"] = change["keyword_limit"]
    return made


def _lies_in(version: Version, one: Data) -> bool:
    return _version(one["from"]) <= version < _version(one["until"])


def _version(text: str) -> Version:
    return tuple(map(int, text.split(".")))
