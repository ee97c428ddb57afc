"""Records as services and tools write them: each container makes bytes of records, and says where each then is."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Records = Sequence[Mapping[str, Any]]


def text(record: Any) -> str:
    return json.dumps(record, ensure_ascii=False)


def subscription(records: Records, kind: str = "DATA_MESSAGE") -> str:
    """A CloudWatch Logs subscription message."""
    events = [{"id": f"{n}", "timestamp": 1432826855000 + n, "message": text(one)} for n, one in enumerate(records)]
    head = {"messageType": kind, "owner": "111122223333", "logGroup": "CloudTrail", "logStream": "s"}
    return json.dumps({**head, "subscriptionFilters": ["Destination"], "logEvents": events})


def bridge(record: Any) -> dict[str, Any]:
    """An EventBridge event."""
    head = {"version": "0", "id": "36eb8523", "detail-type": "AWS API Call via CloudTrail", "source": "aws.iam"}
    return {**head, "account": "111122223333", "time": "2026-11-24T08:00:00Z", "resources": [], "detail": record}


def sns(inner: str) -> dict[str, Any]:
    return {"Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": inner}


def looked_up(record: Mapping[str, Any]) -> dict[str, Any]:
    return {"EventId": "1", "EventName": record.get("eventName"), "CloudTrailEvent": json.dumps(record)}


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([columns, *rows])
    return out.getvalue()


def halves(records: Records) -> tuple[Records, Records]:
    return records[: len(records) // 2], records[len(records) // 2 :]


def lines(ones: Sequence[Any]) -> str:
    return "".join(f"{json.dumps(one)}\n" for one in ones)


def places_in_halves(first: str, second: str) -> Callable[[int], list[str]]:
    return lambda n: [f"{first}#{at + 1}" for at in range(n // 2)] + [f"{second}#{at + 1}" for at in range(n - n // 2)]


def elements(n: int) -> list[str]:
    return [f"#{at + 1}" for at in range(n)]


def of_lines(n: int) -> list[str]:
    return [f":{at + 1}" for at in range(n)]


def within(place: str) -> Callable[[int], list[str]]:
    return lambda n: [f"{place}#{at + 1}" for at in range(n)]


@dataclass(frozen=True)
class Container:
    """How records are written, and the places at which they are found again. None: not said."""

    written: Callable[[Records], str | bytes]
    places: Callable[[int], list[str]] | None

    def content(self, records: Records) -> bytes:
        made = self.written(records)
        return made.encode("utf-8") if isinstance(made, str) else made


CONTAINERS: dict[str, Container] = {
    "cloudtrail.json": Container(lambda r: text({"Records": r}), elements),
    "cloudtrail_lines.json": Container(lambda r: lines([{"Records": h} for h in halves(r)]), None),
    "cloudtrail_joined.json": Container(lambda r: "".join(text({"Records": h}) for h in halves(r)), elements),
    "subscription.json": Container(subscription, within(":1")),
    "subscription_pretty.json": Container(lambda r: json.dumps(json.loads(subscription(r)), indent=2), within("#1")),
    "subscriptions.ndjson": Container(lambda r: "\n".join(map(subscription, halves(r))), places_in_halves(":1", ":2")),
    "firehose.json": Container(
        lambda r: subscription([], "CONTROL_MESSAGE") + "".join(map(subscription, halves(r))),
        places_in_halves("#2", "#3"),
    ),
    "firehose.gz.log": Container(
        lambda r: gzip.compress("".join(map(subscription, halves(r))).encode()), places_in_halves("#1", "#2")
    ),
    "filtered.json": Container(
        lambda r: json.dumps(
            {"events": [{"timestamp": 1, "message": text(one)} for one in r], "searchedLogStreams": []}
        ),
        within(":1"),
    ),
    "log_events.ndjson": Container(lambda r: lines([{"timestamp": 1, "message": text(one)} for one in r]), of_lines),
    "exported.log": Container(lambda r: "".join(f"2026-11-24T08:00:00.000Z {json.dumps(o)}\n" for o in r), of_lines),
    "tailed.log": Container(
        lambda r: "".join(f"2026-11-24T08:00:00+00:00 str/eam {json.dumps(o)}\n" for o in r), of_lines
    ),
    "insights.json": Container(
        lambda r: json.dumps([{"@timestamp": "t", "@message": text(one)} for one in r]), elements
    ),
    "insights_objects.json": Container(lambda r: json.dumps([{"@message": one} for one in r], indent=1), elements),
    "insights.csv": Container(
        lambda r: table(["@timestamp", "@message"], [["2026-11-24 08:00:00.000", text(one)] for one in r]), None
    ),
    "bridge.ndjson": Container(lambda r: lines([bridge(one) for one in r]), of_lines),
    "bridge.json": Container(lambda r: json.dumps([bridge(one) for one in r], indent=2), elements),
    "sns.ndjson": Container(lambda r: lines([sns(json.dumps(bridge(one))) for one in r]), of_lines),
    "sqs.json": Container(
        lambda r: json.dumps({"Records": [{"messageId": "1", "body": json.dumps(sns(text(one)))} for one in r]}),
        elements,
    ),
    "received.json": Container(
        lambda r: json.dumps(
            {"Messages": [{"MessageId": "1", "Body": json.dumps(bridge(one))} for one in r]}, indent=4
        ),
        within("#1"),
    ),
    "looked_up.json": Container(
        lambda r: json.dumps({"Events": [looked_up(one) for one in r]}, indent=4), within("#1")
    ),
    "looked_up.ndjson": Container(lambda r: lines([looked_up(one) for one in r]), of_lines),
    "hits.json": Container(
        lambda r: json.dumps(
            {"took": 1, "hits": {"total": {"value": 2}, "hits": [{"_id": "1", "_source": o} for o in r]}}
        ),
        within(":1"),
    ),
    "hits_pretty.json": Container(
        lambda r: json.dumps({"hits": {"hits": [{"_id": "1", "_source": one} for one in r]}}, indent=2), within("#1")
    ),
    "elasticdump.json": Container(
        lambda r: lines([{"_index": "i", "_id": "1", "_score": 1, "_source": one} for one in r]), of_lines
    ),
    "jq.json": Container(lambda r: "".join(json.dumps(one, indent=2) + "\n" for one in r), elements),
    "joined.json": Container(lambda r: "".join(map(text, r)), elements),
    "result_1.csv": Container(
        lambda r: table(["eventID", "eventJson"], [[str(one.get("eventID")), text(one)] for one in r]), None
    ),
    "mixed.ndjson": Container(lambda r: lines(halves(r)[0]) + subscription(halves(r)[1]) + "\n", None),
    "mixed_envelopes.ndjson": Container(
        lambda r: subscription(halves(r)[0]) + "\n" + lines([bridge(one) for one in halves(r)[1]]), None
    ),
}
