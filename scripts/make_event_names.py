"""Writes event_names.txt and event_sources.txt in src/sigmaproof/fields from botocore's service models.

The names are facts: how AWS spells the actions of its APIs, and under which names its services log. CloudTrail's own
events, which no model has, are listed here.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import botocore

from sigmaproof.servicemodels import data

FIELDS = Path(__file__).parents[1] / "src/sigmaproof/fields"
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


def sources() -> set[str]:
    """The first part of every event source: each name of a service that is one word of a host name."""
    return {name for name in data.services() if "." not in name}


if __name__ == "__main__":
    head = f"# How AWS spells its actions: botocore {botocore.__version__}, and CloudTrail's own events.\n"
    (FIELDS / "event_names.txt").write_text(head + "\n".join(sorted(names())) + "\n", encoding="utf-8")
    what = "endpoints, signing names and services"
    head = f"# Event sources, without .amazonaws.com: {what} of botocore {botocore.__version__}.\n"
    (FIELDS / "event_sources.txt").write_text(head + "\n".join(sorted(sources())) + "\n", encoding="utf-8")
