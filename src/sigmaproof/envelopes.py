"""What services and tools wrap CloudTrail's records in: which objects are such envelopes, and what they hold.

Known by their keys, one function each (`_OPENERS`); a record of CloudTrail has none of these at its top:

* CloudTrail's own file `{"Records": […]}`, and what `aws cloudtrail lookup-events` prints: `{"Events":
  [{"CloudTrailEvent": "<JSON>"}]}` (AWS CLI reference).
* CloudWatch Logs: subscriptions `{"messageType": "DATA_MESSAGE", "logEvents": [{"message": "<JSON>"}]}`, of which a
  CONTROL_MESSAGE only asks whether somebody listens (CloudWatch Logs user guide, "Subscription filters"); `aws logs
  filter-log-events` and `get-log-events`: `{"events": [{"message": "<JSON>", "timestamp": …}]}`; Logs Insights:
  `{"@message": …}`.
* EventBridge: `{"detail-type": "AWS API Call via CloudTrail", "detail": {…}}` (EventBridge user guide, "AWS service
  events delivered via CloudTrail"; sign-ins, service events and insights likewise).
* SNS notifications `{"Type": "Notification", "Message": "<JSON>"}`, SQS messages `{"messageId", "body": "<JSON>"}` as
  Lambda gets them, `{"MessageId", "Body"}` in `{"Messages": […]}` as the CLI does.
* Elasticsearch: responses `{"hits": {"hits": […]}}`, and hits whose `_source` is a raw record. A hit that holds an ECS
  document stays as it is: `evaluate` knows it.

Digest files of CloudTrail hold hashes of files and no records.

Soundness
    A search over the bytes of a log (`evaluate.scan`) does not find a literal in a record that stands in a JSON *text*:
    its quotes are escaped there. Each record of CloudTrail has the key `eventName` (one of Insights has it further
    down), so the text of such an envelope contains `IN_TEXT`, which makes it one to be parsed; an escape of a letter of
    the key is one of `literals.ESCAPES`. Where one of the first two texts of a batch is such an envelope, the whole
    batch is opened before it is searched (`opened_batch`), whatever its records are: so only what is no record of
    CloudTrail, in an envelope between other texts, can be passed over. Envelopes that hold records as they are need
    nothing; those of several are `OF_SEVERAL`, so that each is counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sigmaproof.batch import Batch, batch_of, is_well
from sigmaproof.jsonvalues import parsed

__all__ = ["DEEPEST", "IN_TEXT", "OF_SEVERAL", "Skipped", "leaves", "opened_batch"]

IN_TEXT = "eventName\\"
"""What the text of an envelope contains that holds a record of CloudTrail as a JSON text, in any number of these: the
key that each record has, and the escape of the quote behind it."""
OF_SEVERAL = ('"Records"', '"hits"')
"""Of these keys a line has one that holds several records as they are."""
_LOOKED_AT = 2
DEEPEST = 6
"""Envelopes within envelopes; SNS in SQS in CloudWatch are three."""
_HOLDERS = re.compile(rb'"(?:logEvents|CloudTrailEvent|@?message|Message|[Bb]ody)"\s*:')


@dataclass(frozen=True, slots=True)
class Skipped:
    """What holds no record, and is no fault. what: for people."""

    what: str


@dataclass(frozen=True, slots=True)
class One:
    """What an envelope of a single record holds."""

    value: Any


Contents = list[Any] | One | Skipped | None


def contents(value: Mapping[str, Any]) -> Contents:
    """What an envelope holds: values, and texts that are JSON. None for what is no envelope, as a record."""
    if "eventName" in value and "Records" not in value:
        return None
    for key, opener in _OPENERS.items():
        if key in value:
            found = opener(value)
            if found is not None:
                return found
    return None


def _records(value: Mapping[str, Any]) -> Contents:
    records = value["Records"]
    return records if isinstance(records, list) else None


def _digest(value: Mapping[str, Any]) -> Contents:
    return Skipped("digest") if isinstance(value.get("logFiles"), list) and "digestS3Bucket" in value else None


def _hits(value: Mapping[str, Any]) -> Contents:
    hits = value["hits"]
    inner = hits.get("hits") if isinstance(hits, dict) else None
    return inner if isinstance(inner, list) else None


def _source(value: Mapping[str, Any]) -> Contents:
    source = value["_source"]
    return One(source) if isinstance(source, dict) and ("eventName" in source or contents(source) is not None) else None


def _looked_up(value: Mapping[str, Any]) -> Contents:
    events = value["Events"]
    is_list = isinstance(events, list) and all(isinstance(one, dict) and "CloudTrailEvent" in one for one in events)
    return events if is_list else None


def _subscription(value: Mapping[str, Any]) -> Contents:
    events, kind = value["logEvents"], value.get("messageType")
    if kind == "CONTROL_MESSAGE":
        return Skipped("control message")
    return [_text(one, "message") for one in events] if kind == "DATA_MESSAGE" and isinstance(events, list) else None


def _log_events(value: Mapping[str, Any]) -> Contents:
    events = value["events"]
    is_list = isinstance(events, list) and all(isinstance(one, dict) and "message" in one for one in events)
    return [_text(one, "message") for one in events] if is_list else None


def _text(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else value


def _event_bridge(value: Mapping[str, Any]) -> Contents:
    kind, detail = value.get("detail-type"), value["detail"]
    via = isinstance(kind, str) and kind.endswith("via CloudTrail")
    return One(detail) if via and isinstance(detail, dict) else None


def _json(key: str, *beside: str) -> Callable[[Mapping[str, Any]], Contents]:
    """An envelope with JSON as the text of this key, and one of the keys beside it."""

    def opened(value: Mapping[str, Any]) -> Contents:
        inner = value[key]
        is_json = isinstance(inner, dict) or (isinstance(inner, str) and inner.lstrip()[:1] == "{")
        return One(inner) if is_json and (not beside or any(name in value for name in beside)) else None

    return opened


def _messages(value: Mapping[str, Any]) -> Contents:
    messages = value["Messages"]
    is_list = isinstance(messages, list) and all(isinstance(one, dict) and "Body" in one for one in messages)
    return messages if is_list else None


_OPENERS: dict[str, Callable[[Mapping[str, Any]], Contents]] = {
    "Records": _records,
    "hits": _hits,
    "_source": _source,
    "Events": _looked_up,
    "CloudTrailEvent": _json("CloudTrailEvent"),
    "logEvents": _subscription,
    "events": _log_events,
    "@message": _json("@message"),
    "message": _json("message", "timestamp", "ingestionTime"),
    "detail": _event_bridge,
    "Message": _json("Message", "TopicArn", "MessageId"),
    "Messages": _messages,
    "body": _json("body", "messageId"),
    "Body": _json("Body", "MessageId"),
    "digestS3Object": _digest,
}


def leaves(value: Any, place: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """What stands in the innermost envelopes, each with its place: `#2` for the second of one that holds several."""
    inner = contents(value) if isinstance(value, dict) and depth < DEEPEST else None
    if isinstance(inner, One):
        yield from leaves(inner.value, place, depth + 1)
    elif isinstance(inner, list):
        for number, one in enumerate(inner, 1):
            yield from leaves(one, f"{place}#{number}", depth + 1)
    else:
        yield place, inner or value


# batches


def opened_batch(batch: Batch, depth: int = 0) -> Batch:
    """A batch whose first text is an envelope of JSON texts, as the batch of these; any other as it is."""
    # the first is looked at, and the next where that is a message without records; an object in a JSON text has quotes,
    # which are escaped: where no backslash is, none is searched for
    firsts = (bytes(text) for text in batch.texts[:_LOOKED_AT])
    if depth == DEEPEST or not any(b"\\" in one and _HOLDERS.search(one) and _texts(one) for one in firsts):
        return batch
    texts: list[bytes] = []
    places: list[tuple[int, str]] = []
    unsure: list[int] = []
    for index, text in enumerate(batch.texts):
        whole, outer = bytes(text), batch.inner[index] if batch.inner else ""
        for place, inner in _texts(whole) or [("", whole)]:
            if inner is whole or not is_well(inner):
                unsure.append(len(texts))
            texts.append(inner)
            places.append((batch.numbers[index], outer + place))
    buffer = b"\n".join(texts)
    numbers, inside = [number for number, _ in places], [place for _, place in places]
    new = batch_of(batch.file, buffer, texts, numbers, len(buffer), in_lines=batch.in_lines, unsure=unsure)
    return opened_batch(replace(new, inner=inside), depth + 1)


def _texts(text: bytes) -> list[tuple[str, bytes]] | None:
    """The JSON texts in an envelope, each with its place there; None if it holds anything else, or is none."""
    value, problem = parsed(text)
    if problem or not isinstance(value, dict):
        return None
    found = list(leaves(value))
    if not found or not all(isinstance(leaf, str) for _, leaf in found):
        return None
    return [(place, leaf.encode("utf-8", "surrogatepass")) for place, leaf in found]
