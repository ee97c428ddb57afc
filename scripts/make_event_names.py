"""Writes src/sigmaproof/fields/event_names.txt from botocore's service models (pip install botocore).

The names are facts: how AWS spells the actions of its APIs. CloudTrail's own events, which no model has, are
listed here.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import botocore

TARGET = Path(__file__).parents[1] / "src/sigmaproof/fields/event_names.txt"
# Sign-in, Identity Center, Roles Anywhere and service events: CloudTrail user guide, "non-API events".
OWN = """ConsoleLogin CheckMfa SwitchRole ExitRole RenewRole CredentialVerification CredentialChallenge
UserAuthentication Federate Authenticate Logout GetSigninToken PasswordRecoveryRequested
PasswordRecoveryCompleted PasswordUpdated EmailUpdated CreateSession AssociateDirectory DisassociateDirectory
EnableExternalIdPConfigurationForDirectory DisableExternalIdPConfigurationForDirectory RotateKey
TransferDomainToAnotherAwsAccount BidEvictedEvent OpenControlChannel OpenDataChannel
RegisterManagedInstance""".split()


def names() -> set[str]:
    """Every operation of every service model, with CloudTrail's own."""
    found = set(OWN)
    for model in Path(botocore.__file__).parent.glob("data/*/*/service-2.json*"):
        raw = model.read_bytes()
        text = gzip.decompress(raw) if model.suffix == ".gz" else raw
        found.update(operation["name"] for operation in json.loads(text)["operations"].values())
    return found


if __name__ == "__main__":
    head = f"# How AWS spells its actions: botocore {botocore.__version__}, and CloudTrail's own events.\n"
    TARGET.write_text(head + "\n".join(sorted(names())) + "\n", encoding="utf-8")
