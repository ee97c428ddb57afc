"""No service of AWS has a call, or an event, of this name.

What: `eventName` is none of the calls of AWS's service models, nor one of the events that CloudTrail writes beside
calls. With `pip install "sigmaproof[aws]"` it is also asked whether the service in `eventSource` has the call.

Why: most often a name is misspelt, or the call belongs to another service. A note: AWS adds calls every week, and the
console makes some that no model has.

Example:

    detection:
        selection:
            eventSource: iam.amazonaws.com
            eventName: CreateRoles
        condition: selection

Use instead:

    detection:
        selection:
            eventSource: iam.amazonaws.com
            eventName: CreateRole
        condition: selection
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from functools import cache

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject, conjunctions, plain_values
from sigmaproof.folding import fold
from sigmaproof.predicate import Predicate, Text, plain
from sigmaproof.spelling import event_names, near_names

__all__ = ["OWN", "check", "values_in"]

# What CloudTrail writes for a service and no model has (CloudTrail user guide, "non-API events" and the services'
# own pages; seen in logs). Services that are not named here are judged by their models alone.
OWN = {
    "signin.amazonaws.com": "ConsoleLogin CheckMfa SwitchRole ExitRole RenewRole CredentialVerification "
    "CredentialChallenge UserAuthentication GetSigninToken PasswordRecoveryRequested PasswordRecoveryCompleted "
    "PasswordUpdated EmailUpdated Logout",
    "rolesanywhere.amazonaws.com": "CreateSession",
    "sso.amazonaws.com": "Authenticate Federate Logout UserAuthentication CredentialVerification CredentialChallenge "
    "AssociateDirectory DisassociateDirectory EnableExternalIdPConfigurationForDirectory "
    "DisableExternalIdPConfigurationForDirectory ListDirectoryAssociations GetMfaDeviceManagementForDirectory "
    "PutMfaDeviceManagementForDirectory StartSSO UpdateSSOConfiguration DeleteSSO",
    "sso-directory.amazonaws.com": "*",
    "identitystore.amazonaws.com": "*",
    "kms.amazonaws.com": "RotateKey DeleteKey SynchronizeMultiRegionKey",
    # the console's and the REST API's names of operations, of which there are more than are listed here
    "s3.amazonaws.com": "* GetStorageLensDashboardDataInternal GetAccountPublicAccessBlock PutAccountPublicAccessBlock "
    "DeleteAccountPublicAccessBlock GetBucketPublicAccessBlock PutBucketPublicAccessBlock "
    "DeleteBucketPublicAccessBlock GetBucketObjectLockConfiguration PutBucketObjectLockConfiguration "
    "GetAccelerateConfiguration PutAccelerateConfiguration",
    "ec2.amazonaws.com": "BidEvictedEvent SharedSnapshotVolumeCreated SharedSnapshotCopyInitiated",
    "secretsmanager.amazonaws.com": "EndSecretVersionDelete RotationStarted RotationSucceeded RotationFailed "
    "RotationAbandoned StartSecretVersionDelete CancelSecretVersionDelete TestRotationStarted TestRotationSucceeded",
    "ssm.amazonaws.com": "OpenControlChannel OpenDataChannel RegisterManagedInstance UpdateInstanceInformation "
    "ListInstanceAssociations UpdateInstanceAssociationStatus PutConfigurePackageResult GetManifest",
    "rds.amazonaws.com": "DescribeRecommendations DescribeRecommendationGroups",
    "ssmmessages.amazonaws.com": "*",
    "route53domains.amazonaws.com": "TransferDomainToAnotherAwsAccount",
    "eks.amazonaws.com": "AssumeRoleForPodIdentity",
    "autoscaling.amazonaws.com": "TerminateInstances",
    "elasticloadbalancing.amazonaws.com": "*",
    "monitoring.amazonaws.com": "*",
    "health.amazonaws.com": "*",
}
_HELP = "write the name of the call as AWS's API reference has it"
MOST_HELPED = 5  # names for which near ones are looked for, which takes time
_DATED = re.compile(r"\d{4}_?\d\d_?\d\d(v\d)?$", re.ASCII)


def check(subject: RuleSubject) -> Iterator[Found]:
    """Each name that nobody has, and each that the service of the same conjunction doesn't have."""
    if not subject.rule.is_cloudtrail:
        return
    unknown = {name for name in _names(subject) if not _is_known(name)}
    for number, name in enumerate(sorted(unknown)):
        message = f"no service of AWS has a call or an event {name[:80]!r}, as far as is known"
        yield Found(subject.value_place("eventName", name), message, _help(name) if number < MOST_HELPED else _HELP)
    told: set[str] = set()
    for parts, _ in conjunctions(subject.tree):
        sources, names = values_in(parts, "eventSource"), values_in(parts, "eventName")
        for name in names:
            if name not in told | unknown and sources and not any(_has(source, name) for source in sources):
                told.add(name)
                message = f"{' and '.join(sources[:3])}: no call or event {name!r} is known of it"
                help = "check the name and the service; several calls of several services need a selection each"
                yield Found(subject.value_place("eventName", name), message, help)


def _names(subject: RuleSubject) -> Iterator[str]:
    for test, _ in subject.field_tests:
        text = plain(test.pattern) if isinstance(test, Text) and test.field == "eventName" else None
        if text:
            yield text


def values_in(parts: Sequence[Predicate], field: str) -> list[str]:
    """The texts of which a field must be one, of the first part that says so."""
    return next((values for part in parts if (values := plain_values(part, field))), [])


def _is_known(name: str) -> bool:
    return any(one in event_names() or one in _own() for one in (fold(name), fold(_DATED.sub("", name))))


@cache
def _own() -> frozenset[str]:
    return frozenset(fold(name) for names in OWN.values() for name in names.split())


def _has(source: str, name: str) -> bool:
    """Whether a service has it; also where nothing is known of the service."""
    from sigmaproof.servicemodels.data import operations

    own = OWN.get(source.lower(), "")
    known = operations(source.lower())
    if own.startswith("*") or not known or fold(name) in {fold(one) for one in own.split()}:
        return True
    return fold(name) in known or fold(_DATED.sub("", name)) in known


def _help(name: str) -> str:
    if not name.isascii() or len(name) > 80 or " " in name:
        return _HELP
    close = difflib.get_close_matches(name, near_names(name), n=1, cutoff=0.75)
    return f"did you mean {close[0]}?" if close else _HELP
