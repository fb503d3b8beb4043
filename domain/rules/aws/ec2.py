"""EC2 instances and elastic addresses that are paid for without use."""

from datetime import timedelta
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.rules.aws_instance import stopped_since, volume_ids
from domain.rules.aws_volume import saving_with_snapshot
from domain.rules.list_price import AWS_PUBLIC_IPV4, HOURS_PER_MONTH, usd
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet


def is_stopped_long(instance: Resource, context: RuleContext) -> Observation | None:
    """Fires on an instance stopped for longer than `min_days`; the saving is that of its volumes."""
    since = stopped_since(instance)
    if since is None or context.now - since <= context.days("min_days"):
        return None
    volumes = [context.find(ResourceKind.AWS_EBS_VOLUME, volume_id) for volume_id in volume_ids(instance)]
    found = [volume for volume in volumes if volume is not None]
    whole = len(found) == len(volumes)
    saving, formula = (saving_with_snapshot(found, context) if whole else None) or (None, None)
    return Observation(
        reason=f"Instance {instance.name} has been stopped since {since:%Y-%m-%d}; its volumes stay billed.",
        observed={"State": "stopped", "stopped_since": since.isoformat(), "volumes": volume_ids(instance)},
        estimated_monthly_saving=saving,
        saving_formula=formula,
    )


def is_unassociated(address: Resource, context: RuleContext) -> Observation | None:
    """Fires on an address in no use; for at least `min_days` where CloudWatcher knows since when."""
    # AWS leaves the fields of an unused address out, so first make sure that the address was read at all.
    is_read = "AllocationId" in address.config
    if not is_read or address.config.get("AssociationId") or address.config.get("NetworkInterfaceId"):
        return None
    since = context.changed_at.get(address.native_id)
    if since is not None and context.now - since < context.days("min_days"):
        return None
    seen = f"since {since:%Y-%m-%d}" if since else "since before CloudWatcher first looked"
    return Observation(
        reason=f"Elastic address {address.name} has been associated with nothing {seen} and is billed by the hour.",
        observed={"AssociationId": None, "NetworkInterfaceId": None, "since": since.isoformat() if since else None},
        estimated_monthly_saving=usd(HOURS_PER_MONTH * AWS_PUBLIC_IPV4.usd),
        saving_formula=f"{HOURS_PER_MONTH} hours * {AWS_PUBLIC_IPV4.usd} USD",
    )


def _instance(state: str, stopped_days: int = 0) -> Resource:
    stopped = EXAMPLE_NOW - timedelta(days=stopped_days)
    reason = f"User initiated ({stopped:%Y-%m-%d %H:%M:%S} GMT)" if state == "stopped" else ""
    config = {"State": {"Name": state}, "StateTransitionReason": reason}
    return Resource(kind=ResourceKind.AWS_EC2_INSTANCE, native_id="i-1", name="web", region="us-east-1", config=config)


def _address(**config: Any) -> Resource:
    return Resource(
        kind=ResourceKind.AWS_EC2_ADDRESS,
        native_id="eipalloc-1",
        name="203.0.113.7",
        region="us-east-1",
        config={"AllocationId": "eipalloc-1", **config},
    )


STOPPED_LONG = Rule(
    id="aws-ec2-stopped-long",
    title="EC2 instance has been stopped for long",
    description="A stopped instance is not billed but its volumes are. An image keeps it for less.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_EC2_INSTANCE,
    permissions=("ec2:DescribeInstances",),
    source="EC2 DescribeInstances (StateTransitionReason); Amazon EBS pricing",
    blind_spots="An instance that AWS stopped itself, or that was shut down from inside, may carry no time.",
    parameters=(Parameter(name="min_days", default=60, meaning="Days an instance may be stopped."),),
    needs=("State",),
    check=is_stopped_long,
    examples=(
        fires(_instance("stopped", stopped_days=61), parameters={"min_days": 60}),
        quiet(_instance("stopped", stopped_days=59), parameters={"min_days": 60}),
        quiet(_instance("running"), parameters={"min_days": 60}),
    ),
)

ADDRESS_UNASSOCIATED = Rule(
    id="aws-eip-unassociated",
    title="Elastic IP address is used by nothing",
    description="Every public IPv4 address is billed by the hour, used or not.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_EC2_ADDRESS,
    permissions=("ec2:DescribeAddresses",),
    source="EC2 DescribeAddresses; Amazon VPC pricing, public IPv4 addresses",
    blind_spots="AWS does not say since when an address is unused. The days are counted from the change that "
    "CloudWatcher saw; an address that was unused at the first look is reported at once.",
    parameters=(Parameter(name="min_days", default=7, meaning="Days an address may be unused."),),
    needs=("AllocationId",),
    check=is_unassociated,
    examples=(
        fires(_address(), parameters={"min_days": 7}),
        fires(_address(), parameters={"min_days": 7}, changed_at={"eipalloc-1": EXAMPLE_NOW - timedelta(days=8)}),
        quiet(_address(), parameters={"min_days": 7}, changed_at={"eipalloc-1": EXAMPLE_NOW - timedelta(days=6)}),
        quiet(_address(AssociationId="eipassoc-1", NetworkInterfaceId="eni-1"), parameters={"min_days": 7}),
    ),
)
