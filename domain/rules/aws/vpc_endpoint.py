"""Interface endpoints that nobody talks through."""

from datetime import timedelta
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import TOKEN, Call, Look, Step
from domain.rules.aws_list_price import INTERFACE_ENDPOINT
from domain.rules.aws_metric import is_silent
from domain.rules.aws_tagging import marked
from domain.rules.list_price import HOURS_PER_MONTH, usd
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

# All states in which an endpoint still is there. Source: EC2 API reference, DescribeVpcEndpoints, Filters.
THERE = ("pendingAcceptance", "pending", "available", "deleting", "rejected", "failed", "expired")


def is_idle(endpoint: Resource, context: RuleContext) -> Observation | None:
    """Fires on an endpoint that is older than the days looked at and had no byte in them."""
    subnets, days = endpoint.config.get("SubnetIds") or [], context.days("lookback_days")
    is_own = endpoint.config.get("VpcEndpointType") == "Interface" and endpoint.config.get("State") == "available"
    is_new = endpoint.created_at is None or context.now - endpoint.created_at <= days
    if not is_own or not subnets or is_new or _is_far(endpoint) or not is_silent(endpoint, "BytesProcessed.Sum"):
        return None
    return Observation(
        reason=f"Nothing went through endpoint {endpoint.name} to {endpoint.config.get('ServiceName')} in {days.days} "
        "days.",
        observed={"bytes": 0, "days": days.days, "SubnetIds": subnets},
        estimated_monthly_saving=usd(HOURS_PER_MONTH * INTERFACE_ENDPOINT.usd * len(subnets)),
        saving_formula=f"{HOURS_PER_MONTH} hours * {INTERFACE_ENDPOINT.usd} USD * {len(subnets)} subnets",
    )


def _is_far(endpoint: Resource) -> bool:
    """CloudWatch has nothing of endpoints to a service in another region."""
    return (endpoint.config.get("ServiceRegion") or endpoint.region) != endpoint.region


def delete(endpoint: Resource, _: RuleContext) -> tuple[Step, ...]:
    """It goes; undone by one like it."""
    if endpoint.config.get("RequesterManaged"):
        raise NoPlan(f"A service of AWS made {endpoint.name} and looks after it.")
    is_there = Call(
        operation="ec2.describe_vpc_endpoints",
        region=endpoint.region,
        arguments={
            "VpcEndpointIds": [endpoint.native_id],
            "Filters": [{"Name": "vpc-endpoint-state", "Values": list(THERE)}],
        },
    )
    return (
        Step(
            name="delete",
            says=f"Delete {endpoint.native_id}, the way to {endpoint.config.get('ServiceName')} inside of "
            f"{endpoint.config.get('VpcId')}.",
            call=Call(
                operation="ec2.delete_vpc_endpoints",
                region=endpoint.region,
                arguments={"VpcEndpointIds": [endpoint.native_id]},
            ),
            gone=("InvalidVpcEndpointId.NotFound",),
            wait=Look(call=is_there, path="VpcEndpoints.0"),
            undo=(_made_again(endpoint),),
        ),
    )


def _made_again(endpoint: Resource) -> Step:
    """Source: EC2 API reference, CreateVpcEndpoint."""
    config = endpoint.config
    kept = ("VpcId", "ServiceName", "VpcEndpointType", "SubnetIds", "PolicyDocument", "IpAddressType", "DnsOptions")
    given = {name: config[name] for name in kept if config.get(name)}
    groups = [group["GroupId"] for group in config.get("Groups") or []]
    return Step(
        name="create",
        says=f"Make an endpoint like {endpoint.native_id}.",
        call=Call(
            operation="ec2.create_vpc_endpoint",
            region=endpoint.region,
            arguments={
                **given,
                **({"SecurityGroupIds": groups} if groups else {}),
                "PrivateDnsEnabled": bool(config.get("PrivateDnsEnabled")),
                "TagSpecifications": marked("vpc-endpoint", endpoint.tags),
                "ClientToken": TOKEN,
            },
        ),
    )


def _endpoint(age_days: int = 31, carried: float = 0, **config: Any) -> Resource:
    """In two subnets, for the examples."""
    return Resource(
        kind=ResourceKind.AWS_VPC_ENDPOINT,
        native_id="vpce-1",
        name="vpce-1",
        region="us-east-1",
        created_at=EXAMPLE_NOW - timedelta(days=age_days),
        config={
            "VpcId": "vpc-1",
            "ServiceName": "com.amazonaws.us-east-1.sqs",
            "VpcEndpointType": "Interface",
            "State": "available",
            "SubnetIds": ["subnet-1", "subnet-2"],
            "Groups": [{"GroupId": "sg-1", "GroupName": "default"}],
            "Metrics": {"BytesProcessed.Sum": {"2026-06-10T00:00:00+00:00": carried}},
            **config,
        },
    )


DEFAULTS = {"lookback_days": 30}
IDLE = Rule(
    id="aws-vpce-idle",
    title="Interface endpoint carries no traffic",
    description="An interface endpoint is billed by the hour in each of its subnets, used or not.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_VPC_ENDPOINT,
    permissions=("cloudwatch:GetMetricData", "ec2:DescribeVpcEndpoints"),
    source="CloudWatch metric BytesProcessed of AWS PrivateLink, which CloudWatch has only for minutes with traffic; "
    "AWS PrivateLink pricing",
    blind_spots="As silence is the only sign, a day without values counts as a day without traffic. An endpoint kept "
    "for the rare case looks the same. CloudWatch has nothing of endpoints to a service in another region; those are "
    "left alone.",
    parameters=(
        Parameter(
            name="lookback_days", default=30, least=1, most=30, meaning="Days without a byte, and its least age."
        ),
    ),
    # Of other types CloudWatch is not asked, and what could not be read is carried over.
    needs=("VpcEndpointType", "State"),
    check=is_idle,
    group="network-waste",
    remedy=Remedy(
        says="Deletes the endpoint.",
        plan=delete,
        reversible=Reversible.PARTLY,
        loses="An endpoint made again has another id, other private addresses and other DNS names of its own.",
        permissions=("ec2:CreateTags", "ec2:CreateVpcEndpoint", "ec2:DeleteVpcEndpoints"),
    ),
    examples=(
        # 730 * 0.01 * 2 = 14.60
        fires(_endpoint(), parameters=DEFAULTS),
        fires(_endpoint(Metrics={"BytesProcessed.Sum": {}}, Groups=[]), parameters=DEFAULTS),
        fires(_endpoint(RequesterManaged=True), parameters=DEFAULTS),
        quiet(_endpoint(carried=12), parameters=DEFAULTS),
        quiet(_endpoint(age_days=30), parameters=DEFAULTS),
        quiet(_endpoint(VpcEndpointType="Gateway"), parameters=DEFAULTS),
        quiet(_endpoint(ServiceRegion="eu-west-1"), parameters=DEFAULTS),
        quiet(_endpoint(Metrics={}), parameters=DEFAULTS),
    ),
)
