"""Networks of EC2: who reaches whom, and what lies between."""

from typing import Any

from connectors.clouds.aws import fields, metrics
from connectors.reading.listing import Detail, Listing, at, joined
from domain.facts.resource import ResourceKind

# The most that EC2 takes in one page of all of these lists.
PAGE_SIZE = 1000


def _list(
    operation: str,
    permission: str,
    items: str,
    kind: ResourceKind,
    native_id: str,
    *,
    name: str | None = None,
    created: str | None = None,
    passing: tuple[str, ...] = (),
    **more: Any,
) -> Listing:
    return Listing(
        operation=fields.call(f"ec2.{operation}", f"ec2:{permission}", page_size=PAGE_SIZE),
        items=at(items),
        kind=kind,
        parse=fields.resource(kind, native_id, name=name, created=created, passing=passing),
        is_regional=True,
        **more,
    )


NAT_TRAFFIC = metrics.measured(
    "AWS/NATGateway",
    metrics.one(NatGatewayId="NatGatewayId"),
    metrics.Metric("BytesOutToDestination", "Sum"),
    metrics.Metric("BytesInFromSource", "Sum"),
    days=14,
)
# Source: "CloudWatch metrics for AWS PrivateLink"; gateway endpoints have none.
ENDPOINT_TRAFFIC = metrics.measured(
    "AWS/PrivateLinkEndpoints",
    metrics.one(
        **{
            "Endpoint Type": "VpcEndpointType",
            "Service Name": "ServiceName",
            "VPC Endpoint Id": "VpcEndpointId",
            "VPC Id": "VpcId",
        }
    ),
    metrics.Metric("BytesProcessed", "Sum"),
    days=30,
    applies=lambda endpoint: endpoint.get("VpcEndpointType") == "Interface",
)


def routes(filter_name: str, field: str) -> Detail:
    """The route tables of something, without which what lies between networks cannot be taken away and put back."""
    return Detail(
        key="RouteTables",
        operation=fields.call("ec2.describe_route_tables", "ec2:DescribeRouteTables", page_size=100),
        arguments=lambda item, _: {"Filters": [{"Name": filter_name, "Values": [item[field]]}]},
        pick=joined("RouteTables"),
    )


LISTINGS = (
    _list(
        "describe_nat_gateways",
        "DescribeNatGateways",
        "NatGateways",
        ResourceKind.AWS_NAT_GATEWAY,
        "NatGatewayId",
        created="CreateTime",
        # AWS lists deleted ones for an hour.
        keeps=lambda gateway, _: gateway.get("State") != "deleted",
        details=(routes("route.nat-gateway-id", "NatGatewayId"),),
        batches=(NAT_TRAFFIC,),
    ),
    _list(
        "describe_security_groups",
        "DescribeSecurityGroups",
        "SecurityGroups",
        ResourceKind.AWS_SECURITY_GROUP,
        "GroupId",
        name="GroupName",
    ),
    # The groups carry their rules already; these have an id of their own, by which a rule can be revoked.
    Listing(
        operation=fields.call(
            "ec2.describe_security_group_rules", "ec2:DescribeSecurityGroupRules", page_size=PAGE_SIZE
        ),
        items=at("SecurityGroupRules"),
        is_regional=True,
    ),
    _list(
        "describe_network_interfaces",
        "DescribeNetworkInterfaces",
        "NetworkInterfaces",
        ResourceKind.AWS_NETWORK_INTERFACE,
        "NetworkInterfaceId",
    ),
    _list(
        "describe_vpcs",
        "DescribeVpcs",
        "Vpcs",
        ResourceKind.AWS_VPC,
        "VpcId",
        details=(routes("vpc-id", "VpcId"),),
    ),
    _list(
        "describe_subnets",
        "DescribeSubnets",
        "Subnets",
        ResourceKind.AWS_SUBNET,
        "SubnetId",
        passing=("AvailableIpAddressCount",),
    ),
    _list(
        "describe_vpc_endpoints",
        "DescribeVpcEndpoints",
        "VpcEndpoints",
        ResourceKind.AWS_VPC_ENDPOINT,
        "VpcEndpointId",
        created="CreationTimestamp",
        batches=(ENDPOINT_TRAFFIC,),
    ),
    _list(
        "describe_flow_logs",
        "DescribeFlowLogs",
        "FlowLogs",
        ResourceKind.AWS_FLOW_LOG,
        "FlowLogId",
        created="CreationTime",
    ),
)
