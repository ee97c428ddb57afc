"""Which services and events CloudTrail has: what AWS's service models say, and what it has beside them.

Facts as data; what is done about a name that nobody has is in `check`. Without botocore the names of events and of
services are known from committed lists, and not which service has which.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from sigmaproof.folding import fold
from sigmaproof.spelling import event_names

__all__ = ["CONFUSED", "OWN", "dated_forms", "has_event", "is_event", "known_events", "known_sources"]

# What CloudTrail writes for a service and no model has (CloudTrail user guide, "non-API events" and the services'
# own pages; seen in logs). Services that are not named here are judged by their models alone. `*`: there are more, of
# any name; `+`: there are more, the console's and the REST API's names of operations, and none that is known of other
# services only.
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
    "s3.amazonaws.com": "+ GetStorageLensDashboardDataInternal GetAccountPublicAccessBlock PutAccountPublicAccessBlock "
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
    "elasticloadbalancing.amazonaws.com": "+",
    "monitoring.amazonaws.com": "+",
    "health.amazonaws.com": "+",
}
# What people write, after the product's name or its command line, and what its records have (CloudTrail user guide,
# "CloudTrail record contents", eventSource; the services' own pages).
CONFUSED = {
    "efs": "elasticfilesystem",
    "emr": "elasticmapreduce",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "alb": "elasticloadbalancing",
    "stepfunctions": "states",
    "opensearch": "es",
    "apigatewayv2": "apigateway",
    "sso-admin": "sso",
    "s3control": "s3",
    "sesv2": "ses",
    "eventbridge": "events",
    "iamrolesanywhere": "rolesanywhere",
}
# Services that write to CloudTrail and have no model: the console's, and those that AWS has closed, whose events are
# still in logs (Service Authorization Reference and the CloudTrail user guide's list of services).
_UNMODELLED = """
    signin sso-directory identitystore-auth ssmmessages ec2messages aws-portal billingconsole console consoleapp
    console-mobile-app cloudshell supportplans support-console purchase-orders sustainability iq codewhisperer q
    user-subscriptions sqlworkbench dbqms apptest a2c artifact aws-artifact customer-verification
    consolidatedbilling vendor-insights private-networks discovery-arsenal arsenal identity-sync awsssooidc
    backup-storage s3express s3-object-lambda rds-db rhelkb tag tiros tnb wam sms groundtruthlabeling
    codedeploy-commands-secure elemental-support-cases elemental-support-content alexaforbusiness appstudio
    awsconnector bugbust codestar deepcomposer deeplens deepracer elastic-inference evidently fleethub
    gamesparks honeycode iot1click iotanalytics iotevents iotfleethub iotroborunner lookoutmetrics lookoutvision
    macie mediaimport mobileanalytics mobilehub monitron networkmanager-chat nimble opsworks opsworks-cm
    panorama qldb robomaker simspaceweaver sumerian worklink"""
SUFFIX = ".amazonaws.com"
_DATED = re.compile(r"\d{4}_?\d\d_?\d\d(v\d)?$", re.ASCII)
_DATES = ("20150331", "20150331v2", "2020_05_31")


@cache
def known_sources() -> frozenset[str]:
    """Every event source that is known, as `iam.amazonaws.com`."""
    text = resources.files("sigmaproof.fields").joinpath("event_sources.txt").read_text(encoding="utf-8")
    short = [line for line in text.splitlines() if line and not line.startswith("#")]
    return frozenset([*OWN, *(one + SUFFIX for one in (*short, *_UNMODELLED.split()) if one not in CONFUSED)])


@cache
def known_events() -> frozenset[str]:
    """Every name of an event that is known, spelled as AWS does."""
    own = {name for names in OWN.values() for name in names.split() if name not in {"*", "+"}}
    return frozenset(own.union(*event_names().values()))


@cache
def dated_forms() -> frozenset[str]:
    """The same as some services write them: with the date of the version of their API."""
    return frozenset(name + date for name in known_events() for date in _DATES)


@cache
def _folded() -> frozenset[str]:
    return frozenset(map(fold, known_events()))


def is_event(name: str) -> bool:
    """Whether any service has an event of this name, as far as is known."""
    return fold(name) in _folded() or fold(_DATED.sub("", name)) in _folded()


def has_event(source: str, name: str) -> bool:
    """Whether a service has an event of this name; also where what is known doesn't tell."""
    from sigmaproof.servicemodels.data import operations

    if source.lower() not in known_sources():
        return True
    own, known = OWN.get(source.lower(), "").split(), operations(source.lower())
    names = {fold(name), fold(_DATED.sub("", name))}
    if "*" in own or not known or names & known or fold(name) in map(fold, own):
        return True
    return "+" in own and not is_event(name)
