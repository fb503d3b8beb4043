"""VPCs whose traffic to S3 and DynamoDB is paid for twice."""

from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import TOKEN, Call, Step, answer
from domain.rules.aws_list_price import NAT_TRAFFIC
from domain.rules.aws_metric import series
from domain.rules.aws_tagging import marked
from domain.rules.list_price import usd
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

SERVICES = ("s3", "dynamodb")
READ = (ResourceKind.AWS_NAT_GATEWAY, ResourceKind.AWS_VPC_ENDPOINT)
# Without flow logs nobody knows how much goes to these services; the catalogue's guess.
SHARE = Decimal("0.3")
DAYS_PER_MONTH, BYTES_PER_GB = Decimal("30.4167"), Decimal(2**30)


def pays_for_gateway_traffic(vpc: Resource, context: RuleContext) -> Observation | None:
    """Fires on a VPC with a NAT gateway in use, and without a gateway endpoint for one of both services."""
    carried, days = _carried(vpc, context)
    missing = _missing(vpc, context)
    if not carried or not missing or not all(context.is_listed(kind, vpc.region) for kind in READ):
        return None
    gigabytes = (Decimal(carried) / BYTES_PER_GB / days * DAYS_PER_MONTH).quantize(Decimal("0.01"))
    return Observation(
        reason=f"VPC {vpc.name} sends what goes to {' and '.join(missing)} through a NAT gateway, billed by the GB.",
        observed={"missing": list(missing), "gb_through_nat_a_month": float(gigabytes)},
        estimated_monthly_saving=usd(gigabytes * SHARE * NAT_TRAFFIC.usd),
        saving_formula=f"{gigabytes} GB * {SHARE} * {NAT_TRAFFIC.usd} USD",
    )


def _gateways(vpc: Resource, context: RuleContext) -> list[Resource]:
    everywhere = context.every(ResourceKind.AWS_NAT_GATEWAY)
    return [one for one in everywhere if one.config.get("VpcId") == vpc.native_id]


def _carried(vpc: Resource, context: RuleContext) -> tuple[float, int]:
    """Bytes that its gateways sent out, and over how many days."""
    sent = [series(gateway, "BytesOutToDestination.Sum") or {} for gateway in _gateways(vpc, context)]
    return sum(sum(one.values()) for one in sent), len({day for one in sent for day in one})


def _missing(vpc: Resource, context: RuleContext) -> tuple[str, ...]:
    own = [
        str(one.config.get("ServiceName"))
        for one in context.every(ResourceKind.AWS_VPC_ENDPOINT)
        if one.config.get("VpcId") == vpc.native_id and one.config.get("VpcEndpointType") == "Gateway"
    ]
    return tuple(service for service in SERVICES if _full_name(service, vpc) not in own)


def _full_name(service: str, vpc: Resource) -> str:
    return f"com.amazonaws.{vpc.region}.{service}"


def add_endpoints(vpc: Resource, context: RuleContext) -> tuple[Step, ...]:
    """An endpoint for each missing service, in the route tables that lead to a NAT gateway."""
    gateways = {one.native_id for one in _gateways(vpc, context)}
    tables = [
        table["RouteTableId"]
        for table in vpc.config.get("RouteTables") or []
        if any(route.get("NatGatewayId") in gateways for route in table.get("Routes") or [])
    ]
    if not tables:
        raise NoPlan(f"No route table of {vpc.name} is known to lead to one of its NAT gateways.")
    return tuple(_endpoint(vpc, service, sorted(tables)) for service in _missing(vpc, context))


def _endpoint(vpc: Resource, service: str, tables: list[str]) -> Step:
    warning = " Bucket policies that name source addresses stop to match." if service == "s3" else ""
    return Step(
        name=service,
        says=f"Make a gateway endpoint for {service} in {vpc.native_id}, in {', '.join(tables)}.{warning}",
        call=Call(
            operation="ec2.create_vpc_endpoint",
            region=vpc.region,
            arguments={
                "VpcId": vpc.native_id,
                "ServiceName": _full_name(service, vpc),
                "VpcEndpointType": "Gateway",
                "RouteTableIds": tables,
                "TagSpecifications": marked("vpc-endpoint", {}),
                "ClientToken": TOKEN,
            },
        ),
        undo=(
            Step(
                name=f"no-{service}",
                says=f"Delete the endpoint for {service}.",
                call=Call(
                    operation="ec2.delete_vpc_endpoints",
                    region=vpc.region,
                    arguments={"VpcEndpointIds": [answer(service, "VpcEndpoint.VpcEndpointId")]},
                ),
                gone=("InvalidVpcEndpointId.NotFound",),
            ),
        ),
    )


def _vpc(routes_to: str = "nat-1") -> Resource:
    routes = [{"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": routes_to}]
    return Resource(
        kind=ResourceKind.AWS_VPC,
        native_id="vpc-1",
        name="main",
        region="us-east-1",
        config={"VpcId": "vpc-1", "RouteTables": [{"RouteTableId": "rtb-1", "Routes": routes}]},
    )


def _gateway(gigabytes: int, vpc_id: str = "vpc-1") -> Resource:
    """Over ten days together."""
    sent = {f"2026-06-{day:02}T00:00:00+00:00": float(gigabytes * 2**30) / 10 for day in range(1, 11)}
    config: dict[str, Any] = {"VpcId": vpc_id, "Metrics": {"BytesOutToDestination.Sum": sent}}
    return Resource(kind=ResourceKind.AWS_NAT_GATEWAY, native_id="nat-1", name="out", region="us-east-1", config=config)


def _there(service: str, kind: str = "Gateway") -> Resource:
    config = {"VpcId": "vpc-1", "VpcEndpointType": kind, "ServiceName": f"com.amazonaws.us-east-1.{service}"}
    return Resource(
        kind=ResourceKind.AWS_VPC_ENDPOINT, native_id=f"vpce-{service}", name=service, region="us-east-1", config=config
    )


WITHOUT_ENDPOINT = Rule(
    id="aws-nat-gateway-endpoint",
    title="Traffic to S3 and DynamoDB goes through a NAT gateway",
    description="Gateway endpoints for S3 and DynamoDB cost nothing. Without them each GB passes a NAT gateway.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_VPC,
    permissions=("ec2:DescribeNatGateways", "ec2:DescribeVpcEndpoints"),
    source="EC2 DescribeNatGateways and DescribeVpcEndpoints; Amazon VPC pricing; AWS PrivateLink guide, gateway "
    "endpoints",
    blind_spots="How much really goes to S3 and DynamoDB is not measured: three tenths of what is sent out are taken "
    "for it, and what comes back is not counted. An endpoint that is missing in some route tables only is not seen.",
    needs=("VpcId",),
    also_reads=READ,
    check=pays_for_gateway_traffic,
    group="network-waste",
    remedy=Remedy(
        says="Makes the missing gateway endpoints, in the route tables that lead to a NAT gateway.",
        plan=add_endpoints,
        reversible=Reversible.YES,
        permissions=(
            "ec2:CreateTags",
            "ec2:CreateVpcEndpoint",
            "ec2:DeleteVpcEndpoints",
        ),
    ),
    examples=(
        # 100 GB in ten days are 304.17 a month, * 0.3 * 0.045 = 4.11
        fires(_vpc(), _gateway(100)),
        fires(_vpc(), _gateway(100), _there("s3")),
        fires(_vpc(), _gateway(100), _there("s3", kind="Interface"), _there("dynamodb")),
        fires(_vpc(routes_to="nat-2"), _gateway(100)),
        quiet(_vpc(), _gateway(100), _there("s3"), _there("dynamodb")),
        quiet(_vpc(), _gateway(0)),
        quiet(_vpc(), _gateway(100, vpc_id="vpc-2")),
        quiet(_vpc(), _gateway(100), is_listed=lambda kind, _: kind is ResourceKind.AWS_NAT_GATEWAY),
    ),
)
