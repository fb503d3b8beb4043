"""Changes to networks of a stand-in AWS account: groups of rules, flow logs, balancers, web filters, interfaces."""

from collections.abc import Callable
from typing import Any

from domain.facts.compliance import Verdict
from tests.factories.aws_changes_of_data import Row, database, each
from tests.fakes.aws import Moto

PASS, WARNING, FAIL = Verdict.PASS, Verdict.WARNING, Verdict.FAIL
MACHINE_IMAGE = "ami-0c101f26f147fa7fd"
VISIBLE = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "shop"}
BODY, PARAMETERS = "validateRequestBody", "validateRequestParameters"
MANAGED = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}}


def default_network(moto: Moto) -> str:
    """The id of the default network."""
    found = moto.client("ec2").describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    return str(found[0]["VpcId"])


def default_group(moto: Moto) -> dict[str, Any]:
    named = [{"Name": "group-name", "Values": ["default"]}]
    found: dict[str, Any] = moto.client("ec2").describe_security_groups(Filters=named)["SecurityGroups"][0]
    return found


def open_door(moto: Moto) -> str:
    """A group of rules that lets the world in at SSH and at PostgreSQL; gives its id."""
    ec2 = moto.client("ec2")
    made: str = ec2.create_security_group(GroupName="open", Description="open", VpcId=default_network(moto))["GroupId"]
    rules = [
        {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        for port in (22, 5432)
    ]
    ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=rules)
    return made


def machine_behind(group: Callable[[Moto], str]) -> Callable[[Moto], None]:
    def make(moto: Moto) -> None:
        moto.client("ec2").run_instances(
            ImageId=MACHINE_IMAGE, MinCount=1, MaxCount=1, InstanceType="t3.micro", SecurityGroupIds=[group(moto)]
        )

    return make


def machine(moto: Moto) -> None:
    moto.client("ec2").run_instances(ImageId=MACHINE_IMAGE, MinCount=1, MaxCount=1, InstanceType="t3.micro")


def bare_default_group(moto: Moto) -> None:
    """The default group without a rule."""
    ec2, own = moto.client("ec2"), default_group(moto)
    ec2.revoke_security_group_ingress(GroupId=own["GroupId"], IpPermissions=own["IpPermissions"])
    ec2.revoke_security_group_egress(GroupId=own["GroupId"], IpPermissions=own["IpPermissionsEgress"])


def flow_log(kind: str) -> Callable[[Moto], Any]:
    def make(moto: Moto) -> None:
        moto.client("s3").create_bucket(Bucket="cedar-flow")
        moto.client("ec2").create_flow_logs(
            ResourceIds=[default_network(moto)],
            ResourceType="VPC",
            TrafficType=kind,
            LogDestinationType="s3",
            LogDestination="arn:aws:s3:::cedar-flow",
        )

    return make


def balancer(moto: Moto) -> str:
    """A public one over two zones; gives its ARN."""
    subnets = moto.client("ec2").describe_subnets()["Subnets"][:2]
    made = moto.client("elbv2").create_load_balancer(Name="front", Subnets=[one["SubnetId"] for one in subnets])
    return str(made["LoadBalancers"][0]["LoadBalancerArn"])


def listener(**given: Any) -> Callable[[Moto], None]:
    def make(moto: Moto) -> None:
        answer = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}]
        moto.client("elbv2").create_listener(LoadBalancerArn=balancer(moto), DefaultActions=answer, **given)

    return make


def filtered(override: str) -> Callable[[Moto], None]:
    """A public balancer behind a web filter with a managed group of rules that blocks ("None") or counts ("Count")."""

    def make(moto: Moto) -> None:
        waf = moto.client("wafv2")
        rule = {"Name": "common", "Priority": 1, "Statement": MANAGED, "OverrideAction": {override: {}}}
        acl = waf.create_web_acl(
            Name="shop",
            Scope="REGIONAL",
            DefaultAction={"Allow": {}},
            VisibilityConfig=VISIBLE,
            Rules=[{**rule, "VisibilityConfig": VISIBLE}],
        )["Summary"]
        waf.associate_web_acl(WebACLArn=acl["ARN"], ResourceArn=balancer(moto))

    return make


def public_database(group: Callable[[Moto], str]) -> Callable[[Moto], None]:
    return lambda moto: database(PubliclyAccessible=True, VpcSecurityGroupIds=[group(moto)])(moto)


def closed_door(moto: Moto) -> str:
    made = moto.client("ec2").create_security_group(GroupName="shut", Description="shut", VpcId=default_network(moto))
    return str(made["GroupId"])


def interface(*checked: str) -> Callable[[Moto], None]:
    """A public interface for programs with a validator of these parts of a request."""

    def make(moto: Moto) -> None:
        gateway = moto.client("apigateway")
        made = gateway.create_rest_api(name="orders")["id"]
        if checked:
            asked = {name: name in checked for name in (BODY, PARAMETERS)}
            gateway.create_request_validator(restApiId=made, name="own", **asked)

    return make


ROWS: tuple[Row, ...] = (
    ("CW-DAT-03", FAIL, listener(Protocol="HTTP", Port=80)),
    ("CW-LOG-03", PASS, each(machine, flow_log("ALL"))),
    ("CW-LOG-03", WARNING, each(machine, flow_log("ACCEPT"))),
    ("CW-LOG-03", FAIL, machine),
    ("CW-NET-01", PASS, closed_door),
    ("CW-NET-01", WARNING, open_door),
    ("CW-NET-01", FAIL, machine_behind(open_door)),
    ("CW-NET-02", PASS, database(PubliclyAccessible=False)),
    ("CW-NET-02", WARNING, public_database(closed_door)),
    ("CW-NET-02", FAIL, public_database(open_door)),
    ("CW-NET-03", PASS, bare_default_group),
    ("CW-NET-03", WARNING, closed_door),
    ("CW-NET-03", FAIL, machine),
    ("CW-NET-04", PASS, filtered("None")),
    ("CW-NET-04", WARNING, filtered("Count")),
    ("CW-NET-04", FAIL, balancer),
    ("CW-PIN-01", PASS, interface(BODY, PARAMETERS)),
    ("CW-PIN-01", WARNING, interface(BODY)),
    ("CW-PIN-01", FAIL, interface()),
)
