"""--since, --until, --account, --region: nothing asked for is left out, by path or by record, and the rest is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from cases import rule_of
from commandline import EXACT, ndjson, record, sigmaproof
from hypothesis import given, settings
from hypothesis import strategies as st

from sigmaproof.batches import batches_of
from sigmaproof.evaluate.batchjudge import BatchJudge
from sigmaproof.inputs import sort_paths
from sigmaproof.layout import delivery_of, no_log
from sigmaproof.normalize import normalize
from sigmaproof.selection import Selection, Tally, duration, moment

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def path(
    time: str = "20261124T0805Z",
    account: str = "111122223333",
    region: str = "eu-west-1",
    kind: str = "CloudTrail",
    before: str = "/logs/AWSLogs/o-abc123/",
) -> str:
    day = f"{time[:4]}/{time[4:6]}/{time[6:8]}"
    return f"{before}{account}/{kind}/{region}/{day}/{account}_{kind}_{region}_{time}_Mu0KsOhtH1ar15ZZ.json.gz"


class TestMoments:
    @pytest.mark.parametrize(
        ("text", "start", "end"),
        [
            ("2026-11-24", "2026-11-24T00:00:00", "2026-11-25T00:00:00"),
            ("2026-11-24T08:00:00Z", "2026-11-24T08:00:00", "2026-11-24T08:00:00"),
            ("2026-11-24T08:00:00", "2026-11-24T08:00:00", "2026-11-24T08:00:00"),
            ("2026-11-24 08:00+02:00", "2026-11-24T06:00:00", "2026-11-24T06:00:00"),
            ("7d", "2026-11-18T12:00:00", "2026-11-18T12:00:00"),
            ("90m", "2026-11-25T10:30:00", "2026-11-25T10:30:00"),
        ],
    )
    def test_read(self, text: str, start: str, end: str) -> None:
        assert moment(text, NOW) == at(start)
        assert moment(text, NOW, end=True) == at(end)

    @pytest.mark.parametrize("text", ["", "yesterday", "7", "7y", "2026-13-01", "999999w", "9999-12-31T25:00"])
    def test_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="write 2026-11-24"):
            moment(text, NOW)
        with pytest.raises(ValueError, match=r"write a number|longer"):
            duration(text + "x")


class TestPaths:
    @pytest.mark.parametrize(
        ("given", "account", "region", "first"),
        [
            (path(), "111122223333", "eu-west-1", "2026-11-24T08:05:00"),
            (path(before="/copy/"), "111122223333", "eu-west-1", "2026-11-24T08:05:00"),
            (path(kind="CloudTrail-Insight"), "111122223333", "eu-west-1", "2026-11-24T08:05:00"),
            (
                "s3://b/AWSLogs/111122223333/CloudTrail/us-gov-west-1/2026/02",
                "111122223333",
                "us-gov-west-1",
                "2026-02-01",
            ),
            ("b/AWSLogs/111122223333/CloudTrail/eu-west-1", "111122223333", "eu-west-1", None),
            ("b/AWSLogs/111122223333", "111122223333", None, None),
            ("/x/111122223333_CloudTrail_eu-west-1_20261124T0805Z_a.json.gz", None, None, None),  # only a name
            ("b/AWSLogs/1/CloudTrail/eu-west-1/2026/11/24/notes.json", None, None, None),
            (path().replace("_eu-west-1_", "_us-east-1_"), "111122223333", None, None),  # contradicts itself
            (path().replace("/111122223333/", "/999999999999/"), None, None, None),
            (path(time="20261131T0805Z"), "111122223333", "eu-west-1", None),
            ("b/CloudTrail/eu-west-1/2026/13", None, "eu-west-1", None),
        ],
    )
    def test_what_one_proves(self, given: str, account: str | None, region: str | None, first: str | None) -> None:
        proved = delivery_of(given)
        assert (proved.account, proved.region) == (account, region)
        assert proved.first == (at(first) if first else None)

    @pytest.mark.parametrize(
        ("selection", "is_kept"),
        [
            (Selection(), True),
            (Selection(since=at("2026-11-24T09:00:00")), True),  # a clock may be an hour off
            (Selection(since=at("2026-11-24T09:06:00")), False),
            (Selection(until=at("2026-11-24T00:00:00")), True),  # delivered late
            (Selection(until=at("2026-10-26T00:00:00")), True),
            (Selection(until=at("2026-10-25T00:00:00")), False),  # AWS gives up after 30 days
            (Selection(until=at("2026-11-24T00:00:00"), late=timedelta(hours=1)), False),
            (Selection(accounts=frozenset({"111122223333"})), True),
            (Selection(accounts=frozenset({"999999999999"})), False),
            (Selection(regions=frozenset({"eu-west-1"})), True),
            (Selection(regions=frozenset({"us-east-1"})), False),
        ],
    )
    def test_pruned(self, selection: Selection, is_kept: bool) -> None:
        assert selection.may_hold(path()) is is_kept

    def test_global_services_were_written_by_trails_of_any_region_until_2021(self) -> None:
        for region, is_kept in (("us-east-1", True), ("eu-west-2", False)):
            assert Selection(regions=frozenset({region})).may_hold(path("20211101T0000Z")) is is_kept

    @settings(max_examples=200, deadline=None)
    @given(
        st.datetimes(datetime(2019, 1, 1), datetime(2026, 12, 31)),
        st.timedeltas(timedelta(0), timedelta(days=29)),
        st.datetimes(datetime(2019, 1, 1), datetime(2026, 12, 31)),
        st.timedeltas(timedelta(minutes=1), timedelta(days=60)),
    )
    def test_no_record_that_is_asked_for_is_pruned_by_its_path(
        self, event: datetime, late: timedelta, since: datetime, span: timedelta
    ) -> None:
        """Whatever its time, and however late CloudTrail delivers it: neither the file nor a directory above."""
        event, since = event.replace(tzinfo=UTC), since.replace(tzinfo=UTC)
        selection = Selection(since, since + span)
        file = path((event + late).strftime("%Y%m%dT%H%MZ"))
        if selection.keeps({"eventTime": event.isoformat()}, Tally()):
            steps = file.split("/")
            assert all(selection.may_hold("/".join(steps[:end])) for end in range(1, len(steps) + 1))

    def test_directories_of_other_days_are_not_even_listed(self) -> None:
        selection = Selection(since=at("2026-11-24T00:00:00"), until=at("2026-11-25T00:00:00"), late=DAY)
        tree = "/b/AWSLogs/111122223333/CloudTrail/eu-west-1"
        kept = ["", "/2026", "/2026/11", "/2026/11/24", "/2026/11/25"]
        pruned = ["/2025", "/2026/10", "/2026/12", "/2026/11/22", "/2026/11/26"]
        assert all(selection.may_hold(tree + below) for below in kept)
        assert not any(selection.may_hold(tree + below) for below in pruned)

    @pytest.mark.parametrize(
        ("given", "what"),
        [
            (path(), ""),
            (path(kind="CloudTrail-Insight"), ""),
            (path(kind="CloudTrail-Digest"), "digest"),
            ("/x/111122223333_CloudTrail-Digest_eu-west-1_t_eu-west-1_20261124T080500Z.json.gz", "digest"),
            ("/x/result_sign.json", "query signature"),
            ("/x/my_result_sign.json", ""),
        ],
    )
    def test_what_holds_no_records(self, given: str, what: str) -> None:
        assert no_log(given) == what


BOTH = Selection(at("2026-11-24T00:00:00"), at("2026-11-25T00:00:00"), frozenset({"1" * 12}), frozenset({"eu-west-1"}))
ASKED = {
    "eventTime": "2026-11-24T08:00:00Z",
    "recipientAccountId": "1" * 12,
    "awsRegion": "eu-west-1",
    "eventName": "A",
}

JUDGE = BatchJudge([rule_of("t", {"selection": {"eventName": "A"}, "condition": "selection"})])


class TestRecords:
    def test_the_region_of_an_envelope(self) -> None:
        """It is not that of the record in it."""
        event = json.dumps({"eventName": "A", "awsRegion": "eu-west-1"})
        message = json.dumps({"messageId": "1", "body": event, "awsRegion": "us-east-1"})
        judge = BatchJudge([], selection=Selection(regions=frozenset({"eu-west-1"})))
        for batch in batches_of(BytesIO(f"{event}\n{event}\n{message}\n".encode()), "f", print):
            list(judge.found(batch, print))
        assert (judge.records, judge.tally) == (3, Tally())

    @pytest.mark.parametrize(
        ("change", "kept", "unclear"),
        [
            ({}, True, 0),
            ({"eventTime": "2026-11-23T23:59:59Z"}, False, 0),
            ({"eventTime": "2026-11-25T00:00:00Z"}, False, 0),
            ({"eventTime": "2026-11-25T01:00:00+02:00"}, True, 0),
            ({"recipientAccountId": "2" * 12}, False, 0),
            ({"awsRegion": "eu-west-2"}, False, 0),
            ({"eventTime": "soon"}, True, 1),
            ({"eventTime": None}, True, 1),
            ({"awsRegion": None}, True, 1),
            ({"eventTime": "soon", "awsRegion": "eu-west-2"}, False, 0),
        ],
    )
    @pytest.mark.parametrize("form", ["raw", "ecs", "hit"])
    def test_kept(self, change: dict[str, Any], kept: bool, unclear: int, form: str) -> None:
        raw = {**ASKED, **change}
        given = raw if form == "raw" else normalize(raw)
        given = {"_source": given} if form == "hit" else given
        tally = Tally()
        assert BOTH.keeps(given, tally) is kept
        assert tally == Tally(pruned=not kept, unclear=unclear)

    @settings(max_examples=150, deadline=None)
    @given(
        st.lists(
            st.fixed_dictionaries(
                {"eventName": st.just("A"), "requestParameters": st.just({"eventTime": "2026-11-24T08:00:00Z"})},
                optional={
                    "eventTime": st.sampled_from(["2026-11-24T08:00:00Z", "2026-11-26T08:00:00Z", "x", None, 5]),
                    "recipientAccountId": st.sampled_from(["1" * 12, "2" * 12, None, 111111111111]),
                    "awsRegion": st.sampled_from(["eu-west-1", "eu-west-2", "\u00e9", None]),
                },
            ),
            min_size=1,
            max_size=6,
        ),
        st.sampled_from([BOTH, Selection(since=BOTH.since), Selection(regions=BOTH.regions), Selection()]),
        st.booleans(),
    )
    def test_batches_as_records(self, records: list[dict[str, Any]], selection: Selection, array: bool) -> None:
        """What is left of a batch by its texts is what is left by its records; and all is counted."""
        content = json.dumps(records) if array else ndjson(records)
        tally, plain = Tally(), Tally()
        kept = [one for one in records if not selection or selection.keeps(one, plain)]
        judge = JUDGE
        judge.selection, judge.tally, judge.records = selection, tally, 0
        batches = batches_of(BytesIO(content.encode()), "f", lambda problem: None)
        found = [event.record for b in batches for _, event, _ in judge.found(b, lambda problem: None)]
        assert found == kept
        assert judge.tally == plain
        assert judge.records == len(kept)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    (root / "r.yml").write_text(EXACT)
    for time in ("20261023T0800Z", "20261124T0805Z", "20261125T0005Z"):
        for kind in ("CloudTrail", "CloudTrail-Digest"):
            file = root / path(time, kind=kind, before="AWSLogs/")
            file.parent.mkdir(parents=True)
            when = f"{time[:4]}-{time[4:6]}-{time[6:8]}T"
            records = [record(n, eventTime=f"{when}00:00:0{n}Z", recipientAccountId="111122223333") for n in range(2)]
            file.write_text(json.dumps({"Records": records}))
    return root


class TestCommand:
    @pytest.mark.parametrize(
        ("options", "matches", "said"),
        [
            ([], 6, []),
            (["--since", "2026-11-24"], 4, ["not asked for: 1 folder\n"]),
            (["--since", "2026-11-24T00:00:01Z", "--until", "2026-11-24"], 1, ["not asked for: 1 folder, 3 records\n"]),
            (["--until", "2026-10-23", "--late", "400d"], 2, ["not asked for: 4 records\n"]),
            (["--account", "999999999999,888888888888"], 0, ["not asked for: 1 folder\n"]),
            (["--account", "999999999999", "--account", "111122223333", "--region", "eu-west-1"], 6, []),
        ],
    )
    def test_evaluate(self, tree: Path, options: list[str], matches: int, said: list[str]) -> None:
        ended = sigmaproof("evaluate", "r.yml", "AWSLogs", "--format", "json", *options, cwd=tree)
        assert (len(ended.objects), ended.code) == (matches, 0)
        are_listed = options[:2] != ["--account", "999999999999,888888888888"]
        assert ("skipped, as they hold no records: 3 digests\n" in ended.err) is are_listed
        assert [line for line in said if line not in ended.err] == []
        assert ("not asked for" in ended.err) is bool(said)

    def test_normalize(self, tree: Path) -> None:
        ended = sigmaproof("normalize", "AWSLogs", "--since", "2026-11-24", "--until", "2026-11-24", cwd=tree)
        assert [one["@timestamp"][:10] for one in ended.objects] == ["2026-11-24"] * 2

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["--since", "soon"], "--since soon: write 2026-11-24"),
            (["--since", "2026-11-24", "--until", "2026-11-23"], "--until 2026-11-23 is not after --since 2026-11-24"),
            (["--region", "Europe"], "--region Europe: write a region"),
            (["--late", "long"], "--late long: write a number"),
        ],
    )
    def test_wrong_usage(self, tree: Path, options: list[str], message: str) -> None:
        ended = sigmaproof("evaluate", "r.yml", "AWSLogs", *options, cwd=tree)
        assert (ended.code, ended.out) == (2, "")
        assert message in ended.err

    def test_patterns(self, tree: Path) -> None:
        found = [str(one)[-48:-33] for one in sort_paths([str(tree / "AWSLogs/**/*.gz")]).logs]
        assert len(found) == 3
        assert len(sort_paths([f"{tree}/AWSLogs/*/CloudTrail/*/2026/1[01]"]).logs) == 3
        assert len(sort_paths([], logs=[f"{tree}/**"]).logs) == 3
        ended = sigmaproof("evaluate", "r.yml", "nothing/*.json", cwd=tree)
        assert (ended.code, "path-missing" in ended.err) == (2, True)
