"""AWS resources as a sync stores them: valid and without fault unless a test says otherwise."""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.facts.inventory import InventorySnapshot, ServiceGap
from domain.facts.resource import Resource, ResourceKind

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def volume(
    native_id: str = "vol-1", *, age: float = 100, tags: dict[str, str] | None = None, **config: Any
) -> Resource:
    """A 100 GiB gp3 volume attached to i-1."""
    plain = {"State": "in-use", "Attachments": [{"InstanceId": "i-1"}], "Size": 100, "VolumeType": "gp3"}
    return Resource(
        kind=ResourceKind.AWS_EBS_VOLUME,
        native_id=native_id,
        name=native_id,
        region="us-east-1",
        tags=tags or {},
        config={"CreateTime": days_ago(age).isoformat(), **plain, **config},
        created_at=days_ago(age),
    )


def loose_volume(native_id: str = "vol-1", **options: Any) -> Resource:
    """The same, attached to nothing."""
    return volume(native_id, **{"State": "available", "Attachments": [], **options})


def instance(native_id: str = "i-1", *, stopped: float | None = None, **config: Any) -> Resource:
    """A running instance, or one stopped so many days ago."""
    reason = f"User initiated ({days_ago(stopped):%Y-%m-%d %H:%M:%S} GMT)" if stopped is not None else ""
    state = "running" if stopped is None else "stopped"
    return Resource(
        kind=ResourceKind.AWS_EC2_INSTANCE,
        native_id=native_id,
        name=native_id,
        region="us-east-1",
        config={"State": {"Name": state}, "StateTransitionReason": reason, **config},
    )


def address(**config: Any) -> Resource:
    """An elastic address that nothing uses."""
    return Resource(
        kind=ResourceKind.AWS_EC2_ADDRESS,
        native_id="eipalloc-1",
        name="203.0.113.7",
        region="us-east-1",
        config={"AllocationId": "eipalloc-1", **config},
    )


def security_group(*permissions: dict[str, Any], native_id: str = "sg-1", **options: Any) -> Resource:
    return Resource(
        kind=ResourceKind.AWS_SECURITY_GROUP,
        native_id=native_id,
        name="web",
        region="us-east-1",
        config={"IpPermissions": list(permissions)},
        **options,
    )


def permission(protocol: str, first: int | None, last: int | None, *sources: str) -> dict[str, Any]:
    """An entry of IpPermissions, with IPv4 and IPv6 networks where AWS puts them."""
    ports = {} if first is None else {"FromPort": first, "ToPort": last}
    v4 = [{"CidrIp": source} for source in sources if ":" not in source]
    v6 = [{"CidrIpv6": source} for source in sources if ":" in source]
    return {"IpProtocol": protocol, **ports, "IpRanges": v4, "Ipv6Ranges": v6}


def bucket(**config: Any) -> Resource:
    """A bucket that is private and not blocked."""
    plain: dict[str, Any] = {"PublicAccessBlockConfiguration": None, "PolicyStatus": None, "Grants": []}
    return Resource(
        kind=ResourceKind.AWS_S3_BUCKET,
        native_id="invoices",
        name="invoices",
        region="us-east-1",
        config={**plain, **config},
    )


def user(**config: Any) -> Resource:
    """A console user with an MFA device."""
    plain = {"LoginProfile": {"UserName": "ops"}, "MFADevices": [{"SerialNumber": "arn:aws:iam::1:mfa/ops"}]}
    return Resource(
        kind=ResourceKind.AWS_IAM_USER,
        native_id="arn:aws:iam::123456789012:user/ops",
        name="ops",
        config={**plain, **config},
    )


def access_key(*, age: float, status: str = "Active", **options: Any) -> Resource:
    config = {"Status": status, "UserName": "ops", "CreateDate": days_ago(age).isoformat()}
    return Resource(
        kind=ResourceKind.AWS_IAM_ACCESS_KEY,
        native_id="AKIAEXAMPLE",
        name="AKIAEXAMPLE of ops",
        config=config,
        created_at=days_ago(age),
        **options,
    )


def trail(**config: Any) -> Resource:
    """A trail that records."""
    arn = "arn:aws:cloudtrail:us-east-1:123456789012:trail/main"
    return Resource(
        kind=ResourceKind.AWS_CLOUDTRAIL_TRAIL,
        native_id=arn,
        name="main",
        region="us-east-1",
        config={"IsLogging": True, **config},
    )


def snapshot(*resources: Resource, gaps: tuple[ServiceGap, ...] = ()) -> InventorySnapshot:
    return InventorySnapshot(account_native_id="123456789012", resources=resources, incomplete=gaps)


def gap(*unlisted: ResourceKind, region: str | None = None) -> ServiceGap:
    return ServiceGap(service="ec2", region=region, reason="The permission is missing.", unlisted=unlisted)
