"""Runs the command line as a user does, in a process of its own, and small rules and records for it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
ID = "929a690e-bef0-4204-a928-ef5e620d6fcc"
HEAD = "title: {title}\nid: {id}\nlogsource:\n    product: aws\n    service: cloudtrail\nlevel: {level}\n"


@dataclass(frozen=True)
class Ended:
    """What a run of the command line gave."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """stderr without the line that says how fast a run was, which is another one every time."""
        return re.sub(r"^read [\d,]+ files?( \(.*\))? in [\d.]+ s: [\d,]+ records/s\n", "", self.err, flags=re.M)

    @property
    def lines(self) -> list[str]:
        """The lines of stdout."""
        return self.out.splitlines()

    @property
    def objects(self) -> list[dict[str, Any]]:
        """The JSON objects of stdout, one a line."""
        return [json.loads(line) for line in self.lines]


def environment(more: Mapping[str, str] = {}) -> dict[str, str]:
    """The environment in which the package is found, installed or not."""
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT / "backends")])
    return {**os.environ, "PYTHONPATH": path, "COLUMNS": "200", **more}


def sigmaproof(
    *arguments: object,
    cwd: Path | None = None,
    stdin: str | bytes = b"",
    env: Mapping[str, str] = {},
    before: str = "",
) -> Ended:
    """Runs `sigmaproof ARGUMENTS`. before: Python that runs first in its process, to make something fail."""
    code = f"import sys; sys.argv[0] = 'sigmaproof'; from sigmaproof import cli; {before}\ncli.main()"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    given = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(
        command, cwd=cwd, input=given, capture_output=True, env=environment(env), timeout=120, check=False
    )
    ended = Ended(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))
    assert "Traceback" not in ended.err or "--debug" in arguments, ended.err
    assert "internal error" not in ended.err or before, ended.err
    return ended


def rule(detection: str, title: str = "A rule", id: str = ID, level: str = "high") -> str:
    """A rule's text; the detection is given without its indentation."""
    inner = "".join(f"    {line}\n" for line in detection.splitlines())
    return HEAD.format(title=title, id=id, level=level) + "detection:\n" + inner


EXACT = rule("selection:\n    eventName: CreateTrustAnchor\ncondition: selection", "Exact")
APPROXIMATE = rule(
    "selection:\n    requestParameters.name|contains: lab\ncondition: selection",
    "Approximate",
    "11111111-1111-4111-8111-111111111111",
    "low",
)
REFUSED = rule(
    "selection:\n    requestParameters.name|fieldref: requestParameters.alias\ncondition: selection",
    "Refused",
    "22222222-2222-4222-8222-222222222222",
    "medium",
)


def record(number: int = 1, **fields: Any) -> dict[str, Any]:
    """A raw CloudTrail record."""
    return {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/dana", "userName": "dana"},
        "eventTime": f"2026-11-24T08:00:{number:02d}Z",
        "eventSource": "rolesanywhere.amazonaws.com",
        "eventName": "CreateTrustAnchor",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "198.51.100.9",
        "requestParameters": {"name": "lab"},
        "eventID": f"00000000-0000-4000-8000-{number:012d}",
        **fields,
    }


def ndjson(records: Sequence[Mapping[str, Any]]) -> str:
    """Records, one a line."""
    return "".join(json.dumps(one) + "\n" for one in records)
