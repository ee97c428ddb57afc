"""The field table: what CloudTrail writes, and where Elastic's integration puts it.

`cloudtrail.yml` beside this file is the single source for the pipeline, the normalizer, the index mapping
of the test engine, the checks and the documentation. This module only loads it and looks things up in it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

import yaml

from sigmaproof.fields.profiles import FILEBEAT, UnknownIntegrationError, profile_data

__all__ = [
    "DEFAULT",
    "FILEBEAT",
    "Field",
    "FieldTable",
    "Home",
    "Located",
    "UnknownFieldError",
    "UnknownIntegrationError",
    "Writes",
    "table",
]

DEFAULT = "8.9.0"


class UnknownFieldError(LookupError):
    """A field that the table does not know; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Home:
    """One ECS field in which a raw field can be found.

    form: `value` (as it is), `changed` (its text is rewritten, as of dates), `rendered` (an object as the
    text of `java.util.Map.toString`) or `flattened` (an object whose leaves are keywords). partial: filled
    only for values that convert to its type (`source.ip`). dropped_from: the copy is left out when the
    rendered text has this many characters. within: this home is no field of the mapping but a leaf of that
    flattened field.
    """

    name: str
    type: str
    ignore_above: int | None = None
    form: str = "value"
    partial: bool = False
    dropped_from: int | None = None
    within: str | None = None


@dataclass(frozen=True, slots=True)
class Writes:
    """What AWS can write into a field.

    types: of string, number, boolean, object. many: it can be a list. empty: it can hold what the
    integration prunes (`""`, `"-"`, `"none"`, null, `{}`, `[]`). longest: characters of the longest value,
    None when nobody says. spelling: `free`, `lower` (ASCII, no capitals), `values` (exactly the listed
    ones) or `event_names` (names of API actions, as AWS's service models spell them).
    """

    types: tuple[str, ...] = ("string",)
    many: bool = False
    empty: bool = False
    longest: int | None = None
    spelling: str = "free"
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """One raw field of CloudTrail.

    open: any sub-field is legal below it. shared: its canonical home is also written from other raw fields
    (`extra`), or not always from this one too (`both`); others: raw fields of other homes that fill it.
    digest: a key of digest files, which are no events. events: a leaf of an open object for these API calls
    only (`source/name`). longest_object: characters of the longest rendered text of the whole object in which
    a value can stand, by value, `*` for any other.
    """

    raw: str
    homes: tuple[Home, ...]
    writes: Writes = Writes()
    open: bool = False
    shared: str = ""
    others: tuple[str, ...] = ()
    digest: bool = False
    events: tuple[str, ...] = ()
    longest_object: tuple[tuple[str, int], ...] = ()
    since: str | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Located:
    """A name found in the table: its field, and the path below it when the field is an open object."""

    field: Field
    sub: str = ""

    @property
    def raw(self) -> str:
        """The raw path, dots between the keys."""
        return f"{self.field.raw}.{self.sub}" if self.sub else self.field.raw

    @property
    def canonical(self) -> str:
        """The canonical ECS name: the first home, for a part of an open object its flattened copy."""
        if not self.sub:
            return self.field.homes[0].name
        return f"{self.home('flattened').name}.{self.sub}"

    def home(self, form: str) -> Home:
        """The first home of that form. Raises LookupError when there is none."""
        for home in self.field.homes:
            if home.form == form:
                return home
        raise LookupError(f"{self.field.raw} has no {form} home")


class FieldTable:
    """The table of one integration, loaded. Look-ups by raw path and by ECS name.

    integration: the profile that it is for. pipeline: how its documents are made. pruned: texts that are removed
    before anything else, as are null, {} and []; None when nothing is removed. dropped: raw fields that it does not
    keep, and why.
    """

    def __init__(self, data: Mapping[str, Any], integration: str = DEFAULT) -> None:
        self.integration = integration
        self.dataset: str = data["dataset"]
        self.pipeline: str = data["pipeline"]
        self.dynamic: str = data["dynamic"]
        self.service_actors: bool = data["service_actors"]
        self.retain: bool = data["retain"]
        self.pruned: frozenset[str] | None = None if data["pruned"] is None else frozenset(data["pruned"])
        self.constants: dict[str, Any] = dict(data["constants"])
        self.fields = tuple(_field(entry) for entry in data["fields"])
        self.leaves = tuple(_field(entry) for entry in data.get("leaves", ()))
        self.derived = tuple(_home(entry) for entry in data["derived"])
        self.moved: dict[str, str] = dict(data.get("moved", {}))
        self.dropped: dict[str, str] = dict(data.get("dropped", {}))
        self._by_raw = {field.raw: field for field in self.fields}
        self._by_home = dict(_homes(self.fields))

    def knows(self, path: str) -> bool:
        """Whether `raw` would find it."""
        return self._found(path) is not None

    def raw(self, path: str) -> Located:
        """The field of a raw path, such as `requestParameters.source.sourceType`.

        Raises UnknownFieldError, with a suggestion, for a path that the table does not know.
        """
        located = self._found(path)
        if located is None:
            raise UnknownFieldError(self._unknown(path))
        return located

    def _found(self, path: str) -> Located | None:
        if path in self._by_raw:
            return Located(self._by_raw[path])
        for cut in reversed(_dots(path)) if all(path.split(".")) else ():
            field = self._by_raw.get(path[:cut])
            if field is not None and field.open:
                return Located(field, path[cut + 1 :])
        return None

    def ecs(self, name: str) -> tuple[Located, Home]:
        """The field that an ECS name belongs to, and which of its homes the name is.

        Raises UnknownFieldError for a name that is no home of a field.
        """
        if name in self._by_home:
            field, home = self._by_home[name]
            return Located(field), home
        for cut in reversed(_dots(name)):
            known = self._by_home.get(name[:cut])
            if known is not None and known[1].form == "flattened":
                return Located(known[0], name[cut + 1 :]), known[1]
        raise UnknownFieldError(f"{name} is not a field that the integration writes from CloudTrail")

    def leaf(self, raw: str, events: Iterable[str]) -> Field | None:
        """What is known of a part of an open object for these calls (`source/name`), all of them; or None."""
        wanted = set(events)
        for field in self.leaves:
            if field.raw == raw and wanted and wanted <= set(field.events):
                return field
        return None

    def _open(self) -> list[str]:
        return [name.lower() for name, field in self._by_raw.items() if field.open]

    def _unknown(self, path: str) -> str:
        for known in (path, *(path[:cut] for cut in reversed(_dots(path)))):
            if known in self.dropped:
                return f"{path}: {self.dropped[known]}"
        with suppress(UnknownFieldError):
            return f'"{path}" is the ECS name; a rule names the raw field: write "{self.ecs(path)[0].raw}"'
        lower = {name.lower(): name for name in self._by_raw}
        for cut in _dots(path):  # what stands below an open object is right as it is
            close = difflib.get_close_matches(path[:cut].lower(), self._open(), n=1, cutoff=0.85)
            if close:
                return f'unknown CloudTrail field "{path}"; did you mean "{lower[close[0]]}{path[cut:]}"?'
        close = difflib.get_close_matches(path.lower(), lower, n=1, cutoff=0.6)
        hint = f'did you mean "{lower[close[0]]}"?' if close else "see `sigmaproof fields` for the known ones"
        return f'unknown CloudTrail field "{path}"; {hint}'


def _dots(path: str) -> list[int]:
    return [index for index, char in enumerate(path) if char == "."]


def _homes(fields: Iterable[Field]) -> Iterator[tuple[str, tuple[Field, Home]]]:
    """Homes by name; of a shared home, the field for which it is canonical and which comes first wins."""
    seen: set[str] = set()
    for canonical_only in (True, False):
        for field in fields:
            for home in field.homes[:1] if canonical_only else field.homes:
                if home.name not in seen:
                    seen.add(home.name)
                    yield home.name, (field, home)


def _home(entry: Mapping[str, Any]) -> Home:
    return Home(**entry)


def _field(entry: Mapping[str, Any]) -> Field:
    values = dict(entry)
    writes: dict[str, Any] = {
        key: tuple(v) if isinstance(v, list) else v for key, v in values.pop("writes", {}).items()
    }
    homes = tuple(_home(home) for home in values.pop("homes", ()))
    events, others = tuple(values.pop("events", ())), tuple(values.pop("others", ()))
    longest = tuple(sorted(values.pop("longest_object", {}).items()))
    return replace(
        Field(homes=homes, **values), writes=Writes(**writes), events=events, others=others, longest_object=longest
    )


@cache
def table(integration: str = DEFAULT) -> FieldTable:
    """The table as one integration has it, loaded once.

    integration: a version of Elastic's AWS integration, or `filebeat` for the module's layout. Raises
    UnknownIntegrationError, with what is known.
    """
    return FieldTable(profile_data(_data(), integration), integration)


@cache
def _data() -> Mapping[str, Any]:
    text = resources.files(__package__).joinpath("cloudtrail.yml").read_text(encoding="utf-8")
    # The same values as safe_load; with LibYAML a tenth of the time.
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    data: Mapping[str, Any] = yaml.load(text, Loader=loader)  # noqa: S506 (a safe loader)
    return data
