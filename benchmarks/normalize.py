"""How many records a second one core normalizes, JSON in and JSON out: at least 15,000 is the aim.

Two ways: the API (`json.loads`, `normalized_json`) in this process, in CPU seconds, and the command with its start, in
wall seconds. Over generated records, all different, and over real ones in ../shared/data/cloudtrail when they are
there. Run: .venv/bin/python benchmarks/normalize.py
"""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sigmaproof.normalize import normalized_json

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data" / "cloudtrail"
WANTED = 30_000
ROUNDS = 3
CALLS = (
    (
        "iam.amazonaws.com",
        "AttachUserPolicy",
        lambda n: {"userName": f"user-{n}", "policyArn": f"arn:aws:iam::aws:policy/P{n % 90}"},
    ),
    (
        "ec2.amazonaws.com",
        "DescribeInstances",
        lambda n: {"instancesSet": {"items": [{"instanceId": f"i-{n:017x}"}]}, "filterSet": {}},
    ),
    (
        "s3.amazonaws.com",
        "GetObject",
        lambda n: {"bucketName": f"bucket-{n % 50}", "key": f"a/b/{n}.gz", "Host": "s3.amazonaws.com"},
    ),
    (
        "sts.amazonaws.com",
        "AssumeRole",
        lambda n: {"roleArn": f"arn:aws:iam::111122223333:role/R{n % 40}", "roleSessionName": f"s{n}"},
    ),
    (
        "kms.amazonaws.com",
        "Decrypt",
        lambda n: {"encryptionContext": {"aws:s3:arn": f"arn:aws:s3:::b/{n}"}, "keyId": None},
    ),
)


def generated(count: int) -> Iterator[dict[str, Any]]:
    """Records of five common calls by users and roles, with a seed, each once."""
    rng = random.Random(7)  # noqa: S311 - the same records each time
    for n in range(count):
        source, name, parameters = rng.choice(CALLS)
        yield {
            "eventVersion": "1.11",
            "userIdentity": identity(rng, n),
            "eventTime": f"2026-{n % 12 + 1:02d}-{n % 28 + 1:02d}T{n % 24:02d}:{n % 60:02d}:{n // 7 % 60:02d}Z",
            "eventSource": source,
            "eventName": name,
            "awsRegion": rng.choice(("us-east-1", "eu-west-1", "eu-central-1")),
            "sourceIPAddress": f"203.0.{n // 250 % 250}.{n % 250}",
            "userAgent": f"aws-cli/2.{n % 60}.0 md/Botocore#1.40.{n % 60} os/linux#6.1 md/arch#x86_64 lang/python#3.13",
            "requestParameters": parameters(n),
            "responseElements": None if n % 3 else {"assumedRoleUser": {"arn": f"arn:aws:sts::111122223333:{n}"}},
            "requestID": f"{n:08x}-0000-4000-8000-000000000000",
            "eventID": f"{n:08x}-0000-4000-9000-000000000000",
            "readOnly": n % 2 == 0,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": "111122223333",
            "eventCategory": "Management",
            "tlsDetails": {
                "tlsVersion": "TLSv1.3",
                "cipherSuite": "TLS_AES_128_GCM_SHA256",
                "clientProvidedHostHeader": source,
            },
        }


def identity(rng: random.Random, n: int) -> dict[str, Any]:
    """A user, or a role's session."""
    common = {"accountId": "111122223333", "accessKeyId": f"AKIA{n:016d}"}
    if rng.random() < 0.4:
        name = f"user-{n % 300}"
        arn = f"arn:aws:iam::111122223333:user/{name}"
        return {"type": "IAMUser", "principalId": f"AIDA{n % 300:016d}", "arn": arn, "userName": name, **common}
    role = f"Role{n % 80}"
    issuer = {
        "type": "Role",
        "principalId": f"AROA{n % 80:016d}",
        "arn": f"arn:aws:iam::111122223333:role/{role}",
        "accountId": "111122223333",
        "userName": role,
    }
    attributes = {"creationDate": f"2026-01-15T{n % 24:02d}:{n % 60:02d}:00Z", "mfaAuthenticated": "false"}
    return {
        "type": "AssumedRole",
        "principalId": f"AROA{n % 80:016d}:session-{n}",
        "arn": f"arn:aws:sts::111122223333:assumed-role/{role}/session-{n}",
        **common,
        "sessionContext": {"sessionIssuer": issuer, "attributes": attributes},
    }


def real() -> list[str]:
    """The real records as lines, repeated to about the same number."""
    lines = []
    for path in sorted(SHARED.rglob("*.json*")):
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        loaded = json.loads(data)
        records = loaded.get("Records", [loaded]) if isinstance(loaded, dict) else loaded
        lines += [json.dumps(record) for record in records]
    return lines * (WANTED // len(lines)) if lines else []


def by_api(lines: list[str]) -> float:
    """Records a CPU second, the best of some rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        for line in lines:
            normalized_json(json.loads(line))
        best = min(best, time.process_time() - start)
    return len(lines) / best


def by_command(lines: list[str]) -> float:
    """Records a second of `sigmaproof normalize FILE`, its start included, the best of some rounds."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "records.ndjson"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        command = [sys.executable, "-m", "sigmaproof", "normalize", str(path)]
        best = float("inf")
        for _ in range(ROUNDS):
            start = time.perf_counter()
            with (Path(directory) / "out").open("wb") as out:
                subprocess.run(command, check=True, stdout=out)  # noqa: S603 - our own command
            best = min(best, time.perf_counter() - start)
    return len(lines) / best


if __name__ == "__main__":
    for name, lines in (("generated", [json.dumps(record) for record in generated(WANTED)]), ("real", real())):
        if not lines:
            print(f"{name}: not there")
            continue
        size = sum(map(len, lines)) / len(lines)
        print(f"{name}: {len(lines):,} records of {size:,.0f} bytes, records a second:", end=" ", flush=True)
        print(f"API {by_api(lines):,.0f}, command {by_command(lines):,.0f}")
