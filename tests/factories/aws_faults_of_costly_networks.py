"""Faults of networks that cost too much: gateways, endpoints and load balancers."""

from typing import Any

from moto.ec2.models import ec2_backends

from tests.factories.aws_measured import measured
from tests.factories.fault import FORGETS_TOKENS, Fault
from tests.fakes.aws import ACCOUNT, REGION, Moto


def gateway(moto: Moto, sent: float) -> tuple[str, str]:
    """A NAT gateway and its VPC, with a route to it, and so many bytes each day."""
    ec2 = moto.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=made["NatGatewayId"])
    bytes_ = {"BytesOutToDestination": sent, "BytesInFromSource": sent}
    measured(moto, "AWS/NATGateway", {"NatGatewayId": made["NatGatewayId"]}, bytes_)
    return str(made["NatGatewayId"]), str(vpc)


def idle_gateway(moto: Moto) -> str:
    """AWS lets go of the address when a gateway is deleted; moto does not, so that is done in its place."""
    native_id, _ = gateway(moto, sent=0)
    kept = ec2_backends[ACCOUNT][REGION]

    def deleted() -> str:
        if kept.nat_gateways[native_id].state != "deleted":
            kept.delete_nat_gateway(native_id)
            for address in kept.addresses:
                kept.disassociate_address(association_id=address.association_id)
        name = "DeleteNatGatewayResponse"
        return f"<{name}><requestId>by-order</requestId><natGatewayId>{native_id}</natGatewayId></{name}>"

    moto.answer("ec2", "DeleteNatGateway", deleted)
    return native_id


def gateway_is_back(moto: Moto, before: dict[str, Any]) -> bool:
    """Behind the same address, and the route leads to it."""
    ec2 = moto.client("ec2")
    available = [{"Name": "state", "Values": ["available"]}]
    now = ec2.describe_nat_gateways(Filter=available)["NatGateways"]
    addresses = [one["AllocationId"] for gateway in now for one in gateway["NatGatewayAddresses"]]
    tables = ec2.describe_route_tables()["RouteTables"]
    led = {route["NatGatewayId"] for table in tables for route in table["Routes"] if "NatGatewayId" in route}
    former = [one["AllocationId"] for one in before["config"]["NatGatewayAddresses"]]
    return addresses == former and led == {one["NatGatewayId"] for one in now}


def quiet_endpoint(moto: Moto) -> str:
    """An interface endpoint of which CloudWatch has nothing."""
    ec2 = moto.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    group = ec2.create_security_group(GroupName="endpoint", Description="Of an endpoint", VpcId=vpc)["GroupId"]
    made = ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName=f"com.amazonaws.{REGION}.sqs",
        VpcEndpointType="Interface",
        SubnetIds=[subnet],
        SecurityGroupIds=[group],
    )
    return str(made["VpcEndpoint"]["VpcEndpointId"])


def endpoint_is_back(moto: Moto, before: dict[str, Any]) -> bool:
    """One like it for the same service and in the same subnets."""
    available = [{"Name": "vpc-endpoint-state", "Values": ["available"]}]
    endpoints = moto.client("ec2").describe_vpc_endpoints(Filters=available)["VpcEndpoints"]
    keys = ("ServiceName", "SubnetIds", "VpcId", "VpcEndpointType")
    return [[one[key] for key in keys] for one in endpoints] == [[before["config"][key] for key in keys]]


def balancer(moto: Moto, kind: str) -> str:
    elb = moto.client("elbv2")
    subnets = [one["SubnetId"] for one in moto.client("ec2").describe_subnets()["Subnets"][:2]]
    made = elb.create_load_balancer(Name="front", Subnets=subnets, Type=kind)["LoadBalancers"][0]
    return str(made["LoadBalancerArn"])


def balancer_without_targets(moto: Moto) -> str:
    """It is asked, and has nobody to ask."""
    elb, arn = moto.client("elbv2"), balancer(moto, "application")
    vpc = moto.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    group = elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]
    forward = [{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}]
    elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=forward)
    measured(moto, "AWS/ApplicationELB", {"LoadBalancer": arn.partition("loadbalancer/")[2]}, {"RequestCount": 9.0})
    return arn


def balancer_without_requests(moto: Moto) -> str:
    """CloudWatch has nothing of a balancer that nobody asks."""
    return balancer(moto, "network")


FAULTS = [
    Fault(
        rule_id="aws-nat-idle",
        make=idle_gateway,
        is_back=gateway_is_back,
        once={"create": FORGETS_TOKENS},
    ),
    Fault(
        rule_id="aws-nat-gateway-endpoint",
        make=lambda moto: gateway(moto, sent=5e9)[1],
        once={
            **dict.fromkeys(("s3", "dynamodb"), FORGETS_TOKENS),
            **dict.fromkeys(("no-s3", "no-dynamodb"), "moto refuses to delete an endpoint whose route is gone"),
        },
    ),
    Fault(
        rule_id="aws-vpce-idle",
        make=quiet_endpoint,
        is_back=endpoint_is_back,
        once={"create": FORGETS_TOKENS},
    ),
    Fault(rule_id="aws-elb-idle", make=balancer_without_requests),
    Fault(rule_id="aws-elb-idle", name="without-targets", make=balancer_without_targets),
]
