"""CloudTrail records with a fixed seed, in a realistic mix: what the benchmarks of `evaluate` go over.

The shares of calls, the lengths of identifiers and the order of keys are those that public CloudTrail logs have; no
record is taken from any. One call in 100 is one that some public detection rule names.
"""

from __future__ import annotations

import gzip
import json
import random
import string
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

A_FILE = 5_000
_LETTERS = string.ascii_letters + string.digits


def texts(count: int) -> Iterator[str]:
    """The JSON texts of so many records, as AWS writes them; none like another."""
    rng = random.Random(11)  # noqa: S311 - the same records each time
    made_of = yaml.safe_load((Path(__file__).parent / "calls.yml").read_text(encoding="utf-8"))
    common, rare = ([call for call in made_of[key] for _ in range(call["share"])] for key in ("common", "rare"))
    words = ["".join(rng.choices(string.ascii_lowercase, k=rng.randint(4, 12))) for _ in range(300)]
    for n in range(count):
        call = rng.choice(rare if rng.random() < 0.01 else common)
        parameters = call["parameters"]
        while "$" in parameters.replace("$LATEST", ""):
            parameters = parameters.replace("$h", f"{rng.getrandbits(32):08x}", 1).replace("$w", rng.choice(words), 1)
            if "$t" in parameters:
                parameters = parameters.replace("$t", "".join(rng.choices(_LETTERS, k=240)), 1)
        yield _record(rng, n, call, rng.choice(words), rng.choice(made_of["agents"]), parameters)


def _record(rng: random.Random, n: int, call: dict[str, Any], word: str, agent: str, parameters: str) -> str:
    service, minute = call["service"], n % 1440
    identity: dict[str, Any] = {
        "type": "AssumedRole",
        "principalId": f"AROA{_upper(rng, 17)}:{word}",
        "arn": f"arn:aws:sts::111122223333:assumed-role/{word}-role/{word}",
        "accountId": "111122223333",
        "accessKeyId": f"ASIA{_upper(rng, 16)}",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": f"AROA{_upper(rng, 17)}",
                "arn": f"arn:aws:iam::111122223333:role/{word}-role",
                "accountId": "111122223333",
                "userName": f"{word}-role",
            },
            "webIdFederationData": {},
            "attributes": {
                "creationDate": f"2026-01-15T{minute // 60:02}:00:{n % 60:02}Z",
                "mfaAuthenticated": "false",
            },
        },
    }
    record = {
        "eventVersion": "1.08",
        "userIdentity": identity,
        "eventTime": f"2026-01-15T{minute // 60:02}:{minute % 60:02}:{rng.randrange(60):02}Z",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": call["call"],
        "awsRegion": rng.choice(("us-east-1", "eu-central-1", "eu-central-1", "eu-west-1")),
        "sourceIPAddress": f"{rng.randrange(1, 224)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}",
        "userAgent": agent,
        "requestParameters": 0,
        "responseElements": None,
        "additionalEventData": {"SignatureVersion": "SigV4", "bytesTransferredIn": 0, "x-amz-id-2": _token(rng, 56)},
        "requestID": _uuid(rng),
        "eventID": _uuid(rng),
        "readOnly": call["reads"],
        "eventType": "AwsConsoleSignIn" if service == "signin" else "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.2",
            "cipherSuite": "ECDHE-RSA-AES128-GCM-SHA256",
            "clientProvidedHostHeader": f"{service}.eu-central-1.amazonaws.com",
        },
    }
    text = json.dumps(record, separators=(",", ":"))
    return text.replace('"requestParameters":0', f'"requestParameters":{parameters}')


def _upper(rng: random.Random, size: int) -> str:
    return "".join(rng.choices(string.ascii_uppercase + string.digits, k=size))


def _token(rng: random.Random, size: int) -> str:
    return "".join(rng.choices(_LETTERS, k=size))


def _uuid(rng: random.Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def written(folder: Path, count: int) -> tuple[list[Path], Path]:
    """The corpus in a folder, as packed CloudTrail files and as one file of lines; made once."""
    lines, packed = folder / "all.ndjson", [folder / "packed" / f"{n:04}.json.gz" for n in range(-(-count // A_FILE))]
    if (folder / f"{count}.made").exists():
        return packed, lines
    (folder / "packed").mkdir(parents=True, exist_ok=True)
    records = texts(count)
    with lines.open("w", encoding="utf-8") as stream:
        for file in packed:
            some = list(islice(records, A_FILE))
            stream.writelines(f"{text}\n" for text in some)
            file.write_bytes(gzip.compress(f'{{"Records":[{",".join(some)}]}}'.encode(), 6))
    (folder / f"{count}.made").touch()
    return packed, lines
