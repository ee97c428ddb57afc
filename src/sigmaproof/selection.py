"""Which records are asked for: `--since`, `--until`, `--account`, `--region`. By path where it proves it, then by
record.

What a path proves is in `layout`. A record of which can't be told whether it is asked for (its time, account or region
is missing or unreadable) is kept, so that no match is lost by it, and counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from sigmaproof.layout import CLOCKS, GLOBAL, GLOBAL_UNTIL, LATE, delivery_of
from sigmaproof.paths import Getter, getter

if TYPE_CHECKING:
    from sigmaproof.batch import Batch
    from sigmaproof.events import Event

__all__ = ["Selection", "Tally", "duration", "moment", "named"]

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_AGO = re.compile(r"(\d{1,6})([mhdw])", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def duration(text: str) -> timedelta:
    """`30m`, `12h`, `7d` or `2w`. Raises ValueError."""
    found = _AGO.fullmatch(text)
    if not found:
        raise ValueError("write a number and m, h, d or w, as 12h or 7d")
    try:
        return int(found[1]) * _UNITS[found[2]]
    except OverflowError:
        raise ValueError("longer than time is") from None


def moment(text: str, now: datetime, end: bool = False) -> datetime:
    """An ISO 8601 date or date-time, in UTC where it names no zone; or a duration, before now.

    end: a date is the end of that day, not its start. Raises ValueError with what to write instead.
    """
    try:
        if _AGO.fullmatch(text):
            return now - duration(text)
        if _DAY.fullmatch(text):
            day = datetime.combine(datetime.fromisoformat(text), time(), UTC)
            return day + timedelta(days=1) if end else day
        return _utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise ValueError("write 2026-11-24, 2026-11-24T08:00:00Z, or 7d for seven days ago") from None


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@dataclass
class Tally:
    """Counts of a run: records that were not asked for, and those kept because that can't be told."""

    pruned: int = 0
    unclear: int = 0

    def add(self, other: Tally) -> None:
        """Adds the counts of another part of the run."""
        self.pruned += other.pruned
        self.unclear += other.unclear


class _Head(msgspec.Struct):
    eventName: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    eventTime: str | msgspec.UnsetType = msgspec.UNSET
    recipientAccountId: str | msgspec.UnsetType = msgspec.UNSET
    awsRegion: str | msgspec.UnsetType = msgspec.UNSET


_HEAD = msgspec.json.Decoder(_Head)


@dataclass(frozen=True)
class Selection:
    """What is asked for: records from `since`, before `until`, of these accounts and regions (of all, if none is
    named).

    late: how long after `until` their files may have been delivered. integration: the profile of ECS documents.
    """

    since: datetime | None = None
    until: datetime | None = None
    accounts: frozenset[str] = field(default=frozenset())
    regions: frozenset[str] = field(default=frozenset())
    late: timedelta = LATE
    integration: str | None = None

    def __bool__(self) -> bool:
        return bool(self.since or self.until or self.accounts or self.regions)

    # by path

    def may_hold(self, path: str) -> bool:
        """Whether the file, or a file in the directory, of this path can hold a record that is asked for."""
        if not self:
            return True
        proved = delivery_of(path)
        if self.accounts and proved.account and proved.account not in self.accounts:
            return False
        if self.since and proved.last and proved.last + CLOCKS <= self.since:
            return False
        if self.until and proved.first and _is_after(proved.first, self.until, self.late):
            return False
        return not (self.regions and proved.region and not self._region_may_hold(proved.region, proved.first))

    def _region_may_hold(self, region: str, delivered: datetime | None) -> bool:
        young = delivered is not None and delivered >= GLOBAL_UNTIL
        return region in self.regions or (not young and bool(self.regions & GLOBAL))

    # by record

    def batch(self, batch: Batch, tally: Tally) -> Batch | None:
        """The texts of a batch that may be asked for; None if none is. What a text doesn't say by itself makes it
        `unsure`: so it is parsed, and `keeps` decides."""
        verdicts = [self._of_text(text) for text in batch.texts]
        kept = [index for index, verdict in enumerate(verdicts) if verdict is not False]
        tally.pruned += len(verdicts) - len(kept)
        if not kept:
            return None
        unsure = {*batch.unsure, *(index for index, verdict in enumerate(verdicts) if verdict is None)}
        return replace(
            batch,
            texts=[batch.texts[index] for index in kept],
            starts=[batch.starts[index] for index in kept],
            numbers=[batch.numbers[index] for index in kept],
            inner=[batch.inner[index] for index in kept] if batch.inner else (),
            unsure=[place for place, index in enumerate(kept) if index in unsure],
        )

    def _of_text(self, text: Any) -> bool | None:
        """Whether the record of a text is asked for; None where the text has to be parsed for that."""
        try:
            head = _HEAD.decode(text)
        except (msgspec.DecodeError, RecursionError):
            return None
        if head.eventName is msgspec.UNSET:  # an envelope can have a region of its own, as a message of SQS has
            return None
        said = [
            _within(when, self.since, self.until)
            if self._timed and (when := _when(head.eventTime)) is not None
            else (None if self._timed else True),
            _among(head.recipientAccountId, self.accounts),
            _among(head.awsRegion, self.regions),
        ]
        return False if False in said else None if None in said else True

    @property
    def _timed(self) -> bool:
        return self.since is not None or self.until is not None

    def keeps(self, record: Mapping[str, Any], tally: Tally) -> bool:
        """Whether a record, raw or an ECS document, is asked for."""
        said = list(self._said(record))
        if False in said:
            tally.pruned += 1
            return False
        tally.unclear += None in said
        return True

    def _said(self, record: Mapping[str, Any]) -> Iterator[bool | None]:
        document = record.get("_source")
        document = document if isinstance(document, dict) else record
        if self._timed:
            times = [when for value in self._values("eventTime", document) if (when := _when(value))]
            yield _within(times[0], self.since, self.until) if times else None
        for raw, wanted in (("recipientAccountId", self.accounts), ("awsRegion", self.regions)):
            if wanted:
                values = [str(value) for value in self._values(raw, document) if value is not None]
                yield not wanted.isdisjoint(values) if values else None

    def _values(self, raw: str, document: Mapping[str, Any]) -> list[Any]:
        return next((values for get in self._getters[raw] if (values := get(document))), [])

    def __getstate__(self) -> dict[str, Any]:
        """What can be pickled: without the getters."""
        return {key: value for key, value in vars(self).items() if key != "_getters"}

    @cached_property
    def _getters(self) -> dict[str, list[Getter]]:
        """For each raw field where its value is: there, or in the homes that an ECS document has for it."""
        from sigmaproof.fields import DEFAULT, table

        fields = {one.raw: one for one in table(self.integration or DEFAULT).fields}
        return {
            raw: [getter(raw), *(getter(home.name) for home in (fields[raw].homes if raw in fields else ()))]
            for raw in ("eventTime", "recipientAccountId", "awsRegion")
        }

    def events(self, events: Iterable[Event], tally: Tally) -> Iterator[Event]:
        """The events that are asked for."""
        return (event for event in events if not self or self.keeps(event.record, tally))


def _is_after(first: datetime, until: datetime, late: timedelta) -> bool:
    try:
        return first >= until + late
    except OverflowError:
        return False


def _within(when: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or since <= when) and (until is None or when < until)


def _among(value: Any, wanted: frozenset[str]) -> bool | None:
    if not wanted:
        return True
    return value in wanted if isinstance(value, str) else None


def _when(value: Any) -> datetime | None:
    """The time that a text in ISO 8601 says, or a number of milliseconds since 1970, as Elasticsearch reads dates."""
    try:
        if isinstance(value, str):
            return _utc(datetime.fromisoformat(value))
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def named(lists: Sequence[str], form: str, wanted: str) -> frozenset[str]:
    """The names in comma lists. form: an expression that each of them matches. Raises ValueError for another."""
    names = [name.strip() for one in lists for name in one.split(",") if name.strip()]
    for name in names:
        if not re.fullmatch(form, name, re.ASCII):
            raise ValueError(f"{name}: write {wanted}")
    return frozenset(names)
