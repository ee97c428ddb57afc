"""Where CloudTrail puts its files: what the path of one proves about the records in it, and which files hold none.

`[prefix/]AWSLogs/[o-id/]ACCOUNT/CloudTrail[-Insight]/REGION/YYYY/MM/DD/FILE`, where FILE is
`ACCOUNT_CloudTrail[-Insight]_REGION_TIME_ID.json.gz`
(AWS, CloudTrail user guide, "Finding your CloudTrail log files" and "CloudTrail log file examples"). Digests stand
beside, in `CloudTrail-Digest/`; saved queries of CloudTrail Lake have a `result_sign.json` with the hashes of the
files.

What is proved
    * The time in the name is that of delivery, and a file "can contain records written at any point before that time"
      (ibid.): so none is younger than it, which prunes by the start of a time range. `CLOCKS` is left for clocks that
      differ; in 2,900 real records the youngest was 3 s older than the name, the oldest 10 minutes.
    * How much older they can be AWS doesn't say, but CloudTrail tries to deliver for 30 days where the bucket can't be
      written (user guide, "Getting and viewing your CloudTrail log files"). So only what was delivered later than that
      (`LATE`) after the end of a time range is pruned by it.
    * ACCOUNT is the account whose trail it is, or the organization's member whose events they are: recipientAccountId.
    * REGION is awsRegion, but for global services: until 22 November 2021 a trail of another region had their events
      too, which say us-east-1 (user guide, "update-trail"). So such a region (`GLOBAL`) prunes only younger files.

A name alone proves nothing, as files are copied and renamed: the directories from `CloudTrail/` down, and for the
account those from `AWSLogs/` or the name in such a directory, must have this form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

__all__ = ["CLOCKS", "GLOBAL", "GLOBAL_UNTIL", "LATE", "Delivery", "delivery_of", "no_log"]

CLOCKS = timedelta(hours=1)
LATE = timedelta(days=30)
GLOBAL = frozenset({"us-east-1", "us-west-2", "us-gov-west-1", "cn-north-1"})
"""Regions that events of global services say; us-west-2 is that of Global Accelerator."""
GLOBAL_UNTIL = datetime(2021, 12, 1, tzinfo=UTC)

_ACCOUNT = re.compile(r"(?:^|/)AWSLogs/(?:o-[a-z0-9]+/)?(?P<account>\d{12})(?:/|$)")
_PLACE = re.compile(
    r"(?:^|/)CloudTrail(?:-Insight)?/(?P<region>[a-z]{2,4}(?:-[a-z]+)+-\d+)"
    r"(?:/(?P<year>\d{4})(?:/(?P<month>\d\d)(?:/(?P<day>\d\d))?)?)?(?:/(?P<file>[^/]*))?$"
)
_FILE = re.compile(
    r"(?P<account>\d{12})_CloudTrail(?:-Insight)?_(?P<region>[a-z0-9-]+)_(?P<time>\d{8}T\d{4}Z)_[^_/]+\.json(?:\.\w+)?"
)
_DIGEST = re.compile(r"(?:^|/)CloudTrail-Digest(?:/|$)|\d{12}_CloudTrail-Digest_[^/]*$")
_SIGNATURE = re.compile(r"(?:^|/)result_sign\.json$")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a path proves; None where it proves nothing. first, last: between which its records were delivered."""

    account: str | None = None
    region: str | None = None
    first: datetime | None = None
    last: datetime | None = None


def no_log(path: str) -> str:
    """What a file beside logs is that holds no records, for people; nothing for a log. path: with `/` between names."""
    if _DIGEST.search(path):
        return "digest"
    return "query signature" if _SIGNATURE.search(path) else ""


def delivery_of(path: str) -> Delivery:
    """What the path of a file or directory proves. path: from the root, with `/` between names."""
    account = _ACCOUNT.search(path)
    place = _PLACE.search(path)
    named = account["account"] if account else None
    if place is None:
        return Delivery(named)
    file = _FILE.fullmatch(place["file"] or "") if place["day"] else None
    if place["file"] and (file is None or file["region"] != place["region"]):
        return Delivery(named)  # a file of another name there: nobody knows who put it there
    first, last = _days(place)
    if file:
        first, last = _minute(file["time"], first, last)
        named = named or file["account"]
        if named != file["account"]:
            return Delivery()
    return Delivery(named, place["region"], first, last)


def _days(place: re.Match[str]) -> tuple[datetime | None, datetime | None]:
    """The first moment of a year, month or day, and that of the next."""
    if not place["year"]:
        return None, None
    year, month, day = int(place["year"]), int(place["month"] or 1), int(place["day"] or 1)
    try:
        first = datetime(year, month, day, tzinfo=UTC)
        if place["day"]:
            return first, first + timedelta(days=1)
        if place["month"]:
            return first, datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        return first, datetime(year + 1, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None, None


def _minute(text: str, first: datetime | None, last: datetime | None) -> tuple[datetime | None, datetime | None]:
    """The minute that a file's name says, where it is within the day that its directory says."""
    try:
        minute = datetime.strptime(text, "%Y%m%dT%H%MZ").replace(tzinfo=UTC)
    except ValueError:
        return None, None
    if first is None or last is None or not first <= minute < last:
        return None, None
    return minute, minute + timedelta(minutes=1)
