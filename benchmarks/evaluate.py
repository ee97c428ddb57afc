"""How long `evaluate` takes over packed CloudTrail files and over NDJSON, as a ratio to unpacking and to reading alone.

The corpus is made of records with a fixed seed, none like another, of a mix in which one call in 200 is one that a rule
asks for; and once more with 3,000 rules, the same with other values. One process. Run:
.venv/bin/python benchmarks/evaluate.py [RECORDS]
"""

from __future__ import annotations

import gzip
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from isal import igzip

from sigmaproof.evaluate.files import FileJudge
from sigmaproof.rules import Rule, load_files, load_text

ROOT = Path(__file__).parents[1]
PUBLIC = ROOT.parent / "shared" / "data" / "sigmahq-rules"
A_FILE = 5_000
COMMON = (
    ("ec2.amazonaws.com", "DescribeInstances", {"instancesSet": {}, "filterSet": {"items": [{"name": "vpc-id"}]}}),
    ("s3.amazonaws.com", "GetObject", {"bucketName": "logs", "key": "a/b/c.gz", "Host": "logs.s3.amazonaws.com"}),
    ("sts.amazonaws.com", "AssumeRole", {"roleArn": "arn:aws:iam::111122223333:role/deploy", "roleSessionName": "ci"}),
    ("kms.amazonaws.com", "Decrypt", {"encryptionContext": {"aws:s3:arn": "arn:aws:s3:::logs/a"}}),
    ("logs.amazonaws.com", "CreateLogStream", {"logGroupName": "/aws/lambda/thing", "logStreamName": "x"}),
)
RARE = (
    ("iam.amazonaws.com", "CreateAccessKey", {"userName": "other"}),
    ("cloudtrail.amazonaws.com", "StopLogging", {"name": "trail"}),
    ("signin.amazonaws.com", "ConsoleLogin", None),
    ("rolesanywhere.amazonaws.com", "CreateTrustAnchor", {"name": "a", "source": {"sourceType": "CERTIFICATE_BUNDLE"}}),
)


def records(count: int) -> Iterator[dict[str, Any]]:
    """Records as AWS writes them, in its order of keys."""
    rng = random.Random(11)  # noqa: S311 - the same records each time
    for n in range(count):
        source, name, parameters = rng.choice(RARE if rng.random() < 0.005 else COMMON)
        user, serial = f"user-{rng.randrange(400)}", f"{rng.getrandbits(128):032x}"
        yield {
            "eventVersion": "1.08",
            "userIdentity": {
                "type": "AssumedRole",
                "principalId": f"AROA{serial[:16].upper()}:{user}",
                "arn": f"arn:aws:sts::111122223333:assumed-role/deploy/{user}",
                "accountId": "111122223333",
                "accessKeyId": f"ASIA{serial[16:32].upper()}",
                "sessionContext": {"attributes": {"creationDate": "2026-01-15T09:00:00Z", "mfaAuthenticated": "false"}},
            },
            "eventTime": f"2026-01-15T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}Z",
            "eventSource": source,
            "eventName": name,
            "awsRegion": rng.choice(("us-east-1", "eu-central-1")),
            "sourceIPAddress": f"203.0.113.{rng.randrange(255)}",
            "userAgent": "aws-sdk-java/1.12.400 Linux/5.10 OpenJDK_64-Bit_Server_VM/17.0.6 cfg/retry-mode/standard",
            "requestParameters": parameters,
            "responseElements": None,
            "requestID": serial[:8],
            "eventID": f"{serial[:8]}-{serial[8:12]}-{serial[12:16]}-{serial[16:20]}-{serial[20:]}",
            "readOnly": True,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": "111122223333",
            "eventCategory": "Management",
            "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256"},
        }


def written(folder: Path, count: int) -> tuple[list[Path], Path]:
    """The corpus as packed files and as one of lines."""
    lines, packed, some = folder / "all.ndjson", [], []
    with lines.open("w", encoding="utf-8") as stream:
        for n, record in enumerate(records(count), 1):
            text = json.dumps(record, separators=(",", ":"))
            stream.write(f"{text}\n")
            some.append(text)
            if n % A_FILE == 0 or n == count:
                packed.append(folder / f"{n}.json.gz")
                packed[-1].write_bytes(gzip.compress(f'{{"Records":[{",".join(some)}]}}'.encode(), 6))
                some = []
    return packed, lines


def more(rules: list[Rule], count: int) -> list[Rule]:
    """As many rules: these, and the same with other values."""
    found = list(rules)
    for n in range(count - len(rules)):
        text = Path(rules[n % len(rules)].file).read_text(encoding="utf-8")
        for name in ("eventName", "errorCode", "userAgent"):
            text = text.replace(f"{name}: ", f"{name}: X{n}")
        found += load_text(text.replace("- ", f"- Y{n}")).rules[:1]
    return found


def timed(run: Callable[[], object], rounds: int = 3) -> float:
    """Seconds of the quickest of some runs."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def unpacked(files: list[Path]) -> None:
    """Unpacks and throws away, in pieces."""
    for file in files:
        with igzip.open(file, "rb") as stream:
            while stream.read(1 << 20):
                pass


def evaluated(rules: list[Rule], files: list[Path]) -> int:
    """How many matches there are."""
    return sum(1 for _ in FileJudge(rules, print).matches(files))


def main() -> None:
    """Prints the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    paths = [*(ROOT / "sigma_rules").rglob("*.yml"), *PUBLIC.glob("*.yml")]
    rules = load_files(sorted(path for path in paths if not path.name.endswith(".test.yml"))).rules
    many = more(rules, 3_000)
    with tempfile.TemporaryDirectory() as name:
        packed, lines = written(Path(name), count)
        size = lines.stat().st_size
        floor = timed(lambda: unpacked(packed))
        print(f"{count:,} records, {size / 1e6:,.0f} MB of JSON, {len(packed)} packed files, {len(rules)} rules")
        print(f"unpacking alone      {floor:6.2f} s   {size / floor / 1e6:6,.0f} MB/s")
        for title, some, files in (
            ("packed", rules, packed),
            ("lines", rules, [lines]),
            (f"packed, {len(many):,} rules", many, packed),
        ):
            spent = timed(lambda some=some, files=files: evaluated(some, files))  # type: ignore[misc]
            print(
                f"{title:20} {spent:6.2f} s   {size / spent / 1e6:6,.0f} MB/s   {count / spent:9,.0f} records/s"
                f"   {spent / floor:4.1f} times unpacking   {evaluated(some, files):,} matches"
            )


if __name__ == "__main__":
    main()
