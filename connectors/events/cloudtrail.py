"""One record of CloudTrail: an API call, a sign-in, or something a service did by itself."""

from collections.abc import Iterator
from typing import Any

from connectors.events.reading import found, items, made, mapping, moment, needed, text
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind, ProviderEvent

# Keys of requestParameters that name what a call was about, the telling ones first. CloudTrail spells them like the
# service's own API, with a small first letter.
_NAMES = (
    "bucketName", "instanceId", "groupId", "snapshotId", "imageId", "volumeId", "userName", "roleName", "groupName",
    "roleArn", "policyArn", "secretId", "functionName", "dBInstanceIdentifier", "dBClusterIdentifier",
    "dBSnapshotIdentifier", "dBClusterSnapshotIdentifier", "trailName", "keyId", "serialNumber", "detectorId",
    "resolverQueryLogConfigId", "vpcId", "subnetId", "hostedZoneId", "logGroupName", "tableName", "clusterName",
    "repositoryName", "topicArn", "queueUrl", "domainName", "modelId", "resourceArn", "name",
)  # fmt: skip
# Those whose resources a sync knows by their ARN (Service Authorization Reference, "Resource types").
_ARNS = {
    "bucketName": "s3:::{name}",
    "userName": "iam::{account}:user/{name}",
    "roleName": "iam::{account}:role/{name}",
    "functionName": "lambda:{region}:{account}:function:{name}",
    "dBInstanceIdentifier": "rds:{region}:{account}:db:{name}",
    "dBClusterIdentifier": "rds:{region}:{account}:cluster:{name}",
    "trailName": "cloudtrail:{region}:{account}:trail/{name}",
}
_PARTITIONS = {"cn": "aws-cn", "us-gov": "aws-us-gov"}
_LISTS = ("instanceIds", "names", "secretIdList")
_SETS = (("instancesSet", "instanceId"), ("flowLogIdsSet", "flowLogId"), ("volumeSet", "volumeId"))


def read_record(record: dict[str, Any], envelope: dict[str, Any]) -> ProviderEvent:
    """One event of a CloudTrail record; `envelope` is that of EventBridge, or empty.

    `principal` of a role is the role, not its session, so that one actor is one actor; `error` of a failed sign-in is
    what the page said. `raw` is the record. Raises Misshapen for one without a name or an account.
    Source: CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity element".
    """
    identity = mapping(record.get("userIdentity"))
    name = text(record.get("eventName"))
    is_sign_in = record.get("eventType") == "AwsConsoleSignIn" or name == "ConsoleLogin"
    service = needed(text(record.get("eventSource")), "which service it is of", Provider.AWS)
    account = text(record.get("recipientAccountId")) or text(identity.get("accountId")) or text(envelope.get("account"))
    return made(
        Provider.AWS,
        EventKind.SIGN_IN if is_sign_in else EventKind.API_CALL,
        raw=record,
        id=text(record.get("eventID")) or text(envelope.get("id")),
        name=name,
        source=service,
        service=service,
        at=moment(record.get("eventTime")) or moment(envelope.get("time")),
        account_native_id=account,
        region=text(record.get("awsRegion")),
        principal=_principal(identity),
        principal_kind=text(identity.get("type")),
        resources=(*_resources(record), *_arns(record, account)),
        address=text(record.get("sourceIPAddress")),
        error=_error(record, name),
    )


def _principal(identity: dict[str, Any]) -> str | None:
    if identity.get("type") == "Root":
        return f"root of {identity.get('accountId')}"
    issuer = text(found(identity, "sessionContext", "sessionIssuer", "arn"))
    known = (issuer, identity.get("arn"), identity.get("userName"), identity.get("invokedBy"))
    return next((one for value in known if (one := text(value))), text(identity.get("principalId")))


def _error(record: dict[str, Any], name: str | None) -> str | None:
    if code := text(record.get("errorCode")):
        return code
    if name == "ConsoleLogin" and found(record, "responseElements", "ConsoleLogin") == "Failure":
        return text(record.get("errorMessage")) or "Failure"
    return None


def _arns(record: dict[str, Any], account: str | None) -> Iterator[str]:
    asked, region = mapping(record.get("requestParameters")), text(record.get("awsRegion")) or ""
    partition = next((name for head, name in _PARTITIONS.items() if region.startswith(f"{head}-")), "aws")
    # Trails are called "name" by most calls of their service.
    alias = {"trailName": asked.get("name")} if record.get("eventSource") == "cloudtrail.amazonaws.com" else {}
    for key, form in _ARNS.items():
        name = text(asked.get(key)) or text(alias.get(key))
        if name and not name.startswith("arn:"):
            yield f"arn:{partition}:{form.format(name=name, account=account, region=region)}"


def _resources(record: dict[str, Any]) -> Iterator[Any]:
    asked = mapping(record.get("requestParameters"))
    for key in _NAMES:
        yield asked.get(key)
    for key in _LISTS:
        yield from items(asked.get(key))
    for key, inner in _SETS:
        for one in items(found(asked, key, "items")):
            yield found(one, inner)
    for made_one in items(found(record, "responseElements", "instancesSet", "items")):
        yield found(made_one, "instanceId")
    for one in items(record.get("resources")):
        yield found(one, "ARN")
