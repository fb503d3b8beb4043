"""NAT gateways through which nothing goes."""

from datetime import timedelta
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import TOKEN, Call, Look, Step, answer
from domain.rules.aws_list_price import NAT_GATEWAY
from domain.rules.aws_metric import daily
from domain.rules.aws_tagging import marked
from domain.rules.list_price import HOURS_PER_MONTH, usd
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

METRICS = ("BytesOutToDestination.Sum", "BytesInFromSource.Sum")
# A route goes to one of these.
DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")


def is_idle(gateway: Resource, context: RuleContext) -> Observation | None:
    """Fires when both directions were measured on each of the last days, and were zero."""
    days = context.parameters["lookback_days"]
    measured = [daily(gateway, metric, days) for metric in METRICS]
    if gateway.config.get("State") != "available" or any(one is None or any(one) for one in measured):
        return None
    return Observation(
        reason=f"Nothing went through NAT gateway {gateway.name} in {days} days, and it is billed by the hour.",
        observed={"State": "available", "bytes": 0, "days": days},
        estimated_monthly_saving=usd(HOURS_PER_MONTH * NAT_GATEWAY.usd),
        saving_formula=f"{HOURS_PER_MONTH} hours * {NAT_GATEWAY.usd} USD",
    )


def delete(gateway: Resource, _: RuleContext) -> tuple[Step, ...]:
    """It goes; undone by another one behind the same addresses, to which the routes are turned."""
    if not gateway.config.get("SubnetId"):
        raise NoPlan(f"{gateway.name} is in no subnet, so it could not be made again.")
    tables = gateway.config.get("RouteTables")
    if tables is None:
        raise NoPlan(f"Which routes go to {gateway.name} could not be read, so they could not be put back.")
    routes = [
        _route(gateway, table["RouteTableId"], route, f"{first}-{second}")
        for first, table in enumerate(tables)
        for second, route in enumerate(table.get("Routes") or [])
        if route.get("NatGatewayId") == gateway.native_id
    ]
    left = f" {len(routes)} routes to it will lead nowhere." if routes else ""
    return (
        Step(
            name="delete",
            says=f"Delete {gateway.native_id}.{left} Its Elastic IP addresses stay and are billed.",
            call=Call(
                operation="ec2.delete_nat_gateway",
                region=gateway.region,
                arguments={"NatGatewayId": gateway.native_id},
            ),
            gone=("NatGatewayNotFound",),
            wait=_until("deleted", gateway.native_id, gateway.region),
            undo=(_made_again(gateway), *routes),
        ),
    )


def _made_again(gateway: Resource) -> Step:
    """Source: EC2 API reference, CreateNatGateway; the addresses keep their order."""
    addresses = gateway.config.get("NatGatewayAddresses") or []
    public = [one["AllocationId"] for one in addresses if one.get("AllocationId")]
    private = [one["PrivateIp"] for one in addresses if one.get("PrivateIp")]
    kept = {
        "AllocationId": public[0] if public else None,
        "SecondaryAllocationIds": public[1:],
        "PrivateIpAddress": private[0] if private else None,
        "SecondaryPrivateIpAddresses": private[1:],
        "ConnectivityType": gateway.config.get("ConnectivityType"),
    }
    return Step(
        name="create",
        says=f"Make a NAT gateway like {gateway.native_id} behind the same addresses, and wait until it works.",
        call=Call(
            operation="ec2.create_nat_gateway",
            region=gateway.region,
            arguments={
                **{name: value for name, value in kept.items() if value},
                "SubnetId": gateway.config["SubnetId"],
                "TagSpecifications": marked("natgateway", gateway.tags),
                "ClientToken": TOKEN,
            },
        ),
        wait=_until("available", answer("create", "NatGateway.NatGatewayId"), gateway.region),
    )


def _route(gateway: Resource, table_id: str, route: dict[str, Any], number: str) -> Step:
    key = next(name for name in DESTINATIONS if route.get(name))
    return Step(
        name=f"route-{number}",
        says=f"Turn the route of {table_id} to {route[key]} to the new gateway.",
        call=Call(
            operation="ec2.replace_route",
            region=gateway.region,
            arguments={
                "RouteTableId": table_id,
                key: route[key],
                "NatGatewayId": answer("create", "NatGateway.NatGatewayId"),
            },
        ),
    )


def _until(wanted: str, gateway_id: object, region: str | None) -> Look:
    call = Call(operation="ec2.describe_nat_gateways", region=region, arguments={"NatGatewayIds": [gateway_id]})
    return Look(call=call, path="NatGateways.0.State", ready=(wanted,), failed=("failed",))


def _gateway(sent: float = 0, days: int = 2, **config: Any) -> Resource:
    """Two days of so many bytes each, for the examples."""
    start = EXAMPLE_NOW.replace(hour=0) - timedelta(days=days)
    dates = [(start + timedelta(days=day)).isoformat() for day in range(days)]
    routes = [
        {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"},
        {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"},
    ]
    return Resource(
        kind=ResourceKind.AWS_NAT_GATEWAY,
        native_id="nat-1",
        name="out",
        region="us-east-1",
        config={
            "State": "available",
            "SubnetId": "subnet-1",
            "ConnectivityType": "public",
            "NatGatewayAddresses": [{"AllocationId": "eipalloc-1", "PrivateIp": "10.0.1.5"}],
            "RouteTables": [{"RouteTableId": "rtb-1", "Routes": routes}],
            "Metrics": {metric: dict.fromkeys(dates, sent) for metric in METRICS},
            **config,
        },
    )


TWO_DAYS = {"lookback_days": 2}
IDLE = Rule(
    id="aws-nat-idle",
    title="NAT gateway carries no traffic",
    description="A NAT gateway is billed by the hour, whether or not something goes through it.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_NAT_GATEWAY,
    permissions=("cloudwatch:GetMetricData", "ec2:DescribeNatGateways"),
    source="CloudWatch metrics BytesOutToDestination and BytesInFromSource; Amazon VPC pricing",
    blind_spots="A gateway that is kept for the rare case looks the same. A day without values counts as not known.",
    parameters=(Parameter(name="lookback_days", default=14, least=1, most=14, meaning="Days without a byte."),),
    needs=("State", "Metrics"),
    check=is_idle,
    group="network-waste",
    remedy=Remedy(
        says="Deletes the NAT gateway.",
        plan=delete,
        reversible=Reversible.PARTLY,
        loses="A gateway made again has another id.",
        permissions=(
            "ec2:CreateNatGateway",
            "ec2:CreateTags",
            "ec2:DeleteNatGateway",
            "ec2:ReplaceRoute",
        ),
    ),
    examples=(
        # 730 * 0.045 = 32.85
        fires(_gateway(), parameters=TWO_DAYS),
        fires(_gateway(SubnetId=None), parameters=TWO_DAYS),
        fires(_gateway(RouteTables=None), parameters=TWO_DAYS),
        fires(_gateway(RouteTables=[], NatGatewayAddresses=[]), parameters=TWO_DAYS),
        quiet(_gateway(sent=1), parameters=TWO_DAYS),
        quiet(_gateway(days=1), parameters=TWO_DAYS),
        quiet(_gateway(State="deleting"), parameters=TWO_DAYS),
    ),
)
