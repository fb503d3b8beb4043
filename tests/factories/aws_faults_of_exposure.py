"""Faults of networks, images and databases that strangers can reach, or that are left unguarded."""

from datetime import timedelta
from typing import Any

from domain.rules.aws_log_bucket import FLOW_LOGS, TAKES_TAG
from tests.factories.fault import FORGETS_TOKENS, Fault
from tests.fakes.aws import ACCOUNT, Moto

WORLD = {"CidrIp": "0.0.0.0/0", "Description": "for a day"}
FRIEND = {"CidrIp": "10.0.0.0/8", "Description": "office"}
OPEN = "ELBSecurityPolicy-2016-08"


def open_group(moto: Moto, port: int) -> str:
    """A group that lets the world and a friend in by one port, and everybody by another."""
    ec2 = moto.client("ec2")
    group_id = str(ec2.create_security_group(GroupName="web", Description="web")["GroupId"])
    doors = [(port, [WORLD, FRIEND]), (443, [WORLD])]
    permissions = [
        {"IpProtocol": "tcp", "FromPort": door, "ToPort": door, "IpRanges": ranges} for door, ranges in doors
    ]
    ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=permissions)
    return group_id


def wide_group(moto: Moto) -> str:
    """A group that lets everybody in by everything, by both kinds of addresses."""
    ec2 = moto.client("ec2")
    group_id = str(ec2.create_security_group(GroupName="wide", Description="wide")["GroupId"])
    everything = {"IpProtocol": "-1", "IpRanges": [WORLD], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[everything])
    return group_id


def default_group(moto: Moto) -> str:
    """The default group of a VPC of one's own, with a rule for itself and one for another group."""
    ec2 = moto.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    of_vpc = [{"Name": "vpc-id", "Values": [vpc_id]}]
    group_id = str(ec2.describe_security_groups(Filters=of_vpc)["SecurityGroups"][0]["GroupId"])
    other = ec2.create_security_group(GroupName="other", Description="other", VpcId=vpc_id)["GroupId"]
    pairs = [{"GroupId": one, "UserId": ACCOUNT} for one in (group_id, other)]
    permissions = [{"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "UserIdGroupPairs": pairs}]
    ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=permissions)
    return group_id


def by_their_sources(state: dict[str, Any]) -> Any:
    """The group, without the order in which moto tells its rules: it puts what is given back last."""

    def sorted_(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: sorted_(one) for key, one in value.items()}
        return sorted((sorted_(one) for one in value), key=repr) if isinstance(value, list) else value

    return sorted_(state)


def machine(moto: Moto) -> str:
    image = moto.client("ec2").register_image(Name="own", RootDeviceName="/dev/xvda")["ImageId"]
    return str(moto.client("ec2").run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"])


def old_metadata(moto: Moto) -> str:
    """An instance that was asked nothing without a token for two weeks."""
    instance_id = machine(moto)
    options = {"HttpTokens": "optional", "HttpEndpoint": "enabled"}
    moto.client("ec2").modify_instance_metadata_options(InstanceId=instance_id, **options)
    data = [
        {
            "MetricName": "MetadataNoToken",
            "Dimensions": [{"Name": "InstanceId", "Value": instance_id}],
            "Timestamp": moto.now - timedelta(days=day),
            "Value": 0.0,
        }
        for day in range(1, 16)
    ]
    moto.client("cloudwatch").put_metric_data(Namespace="AWS/EC2", MetricData=data)
    return instance_id


def unencrypted_region(moto: Moto) -> str:
    moto.client("ec2").create_volume(AvailabilityZone="us-east-1a", Size=1)
    return "us-east-1"


def public_snapshot(moto: Moto) -> str:
    ec2 = moto.client("ec2")
    volume_id = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    snapshot_id = str(ec2.create_snapshot(VolumeId=volume_id)["SnapshotId"])
    shared = {"SnapshotId": snapshot_id, "Attribute": "createVolumePermission", "OperationType": "add"}
    ec2.modify_snapshot_attribute(**shared, UserIds=["210987654321"])
    ec2.modify_snapshot_attribute(**shared, GroupNames=["all"])
    return snapshot_id


def public_image(moto: Moto) -> str:
    image_id = str(moto.client("ec2").create_image(InstanceId=machine(moto), Name="golden")["ImageId"])
    moto.client("ec2").modify_image_attribute(ImageId=image_id, LaunchPermission={"Add": [{"Group": "all"}]})
    return image_id


def unrecorded_network(moto: Moto) -> str:
    """A VPC, and a bucket that is tagged for flow logs."""
    s3 = moto.client("s3")
    s3.create_bucket(Bucket="network-logs")
    s3.put_bucket_tagging(Bucket="network-logs", Tagging={"TagSet": [{"Key": TAKES_TAG, "Value": FLOW_LOGS}]})
    return str(moto.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"])


def old_listener(moto: Moto) -> str:
    ec2, elbv2 = moto.client("ec2"), moto.client("elbv2")
    vpc_id = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")
        for number, zone in enumerate("ab")
    ]
    names = [one["Subnet"]["SubnetId"] for one in subnets]
    balancer = elbv2.create_load_balancer(Name="shop", Subnets=names)["LoadBalancers"][0]["LoadBalancerArn"]
    certificate = moto.client("acm").request_certificate(DomainName="shop.example.com")["CertificateArn"]
    made = elbv2.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=443,
        SslPolicy=OPEN,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )
    return str(made["Listeners"][0]["ListenerArn"])


def database(moto: Moto, **options: Any) -> str:
    made = moto.client("rds").create_db_instance(
        DBInstanceIdentifier="orders",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        MasterUsername="orders",
        MasterUserPassword="only-in-a-test",
        AllocatedStorage=20,
        **options,
    )
    return str(made["DBInstance"]["DBInstanceArn"])


def public_database_snapshot(moto: Moto) -> str:
    database(moto)
    rds, own = moto.client("rds"), "orders-1"
    made = rds.create_db_snapshot(DBInstanceIdentifier="orders", DBSnapshotIdentifier=own)
    rds.modify_db_snapshot_attribute(
        DBSnapshotIdentifier=own, AttributeName="restore", ValuesToAdd=["210987654321", "all"]
    )
    return str(made["DBSnapshot"]["DBSnapshotArn"])


def without_metadata_details(state: dict[str, Any]) -> Any:
    """moto forgets every option that is not in the call; AWS keeps those."""
    config = {key: value for key, value in state["config"].items() if key != "MetadataOptions"}
    return {**state, "config": config, "tokens": state["config"]["MetadataOptions"]["HttpTokens"]}


FAULTS = [
    Fault(rule_id="aws-sg-admin-open", make=lambda moto: open_group(moto, 22), compared=by_their_sources),
    Fault(rule_id="aws-sg-admin-open", name="all", make=wide_group, compared=by_their_sources),
    Fault(rule_id="aws-sg-database-open", make=lambda moto: open_group(moto, 5432), compared=by_their_sources),
    Fault(rule_id="aws-sg-default-open", make=default_group, compared=by_their_sources),
    Fault(rule_id="aws-ec2-imdsv2", make=old_metadata, compared=without_metadata_details),
    Fault(rule_id="aws-ebs-default-encryption", make=unencrypted_region),
    Fault(rule_id="aws-ebs-snapshot-public", make=public_snapshot),
    Fault(rule_id="aws-ami-public", make=public_image),
    Fault(rule_id="aws-vpc-flow-logs", make=unrecorded_network, once={"create": FORGETS_TOKENS}),
    Fault(rule_id="aws-elb-old-tls", make=old_listener),
    Fault(rule_id="aws-rds-public", make=lambda moto: database(moto, PubliclyAccessible=True)),
    Fault(
        rule_id="aws-rds-snapshot-public",
        make=public_database_snapshot,
        once={"share": "moto keeps the same account twice"},
    ),
    Fault(rule_id="aws-rds-backup-retention", make=lambda moto: database(moto, BackupRetentionPeriod=3)),
    Fault(rule_id="aws-rds-backup-retention", name="none", make=lambda moto: database(moto, BackupRetentionPeriod=0)),
    Fault(
        rule_id="aws-rds-deletion-protection",
        make=lambda moto: database(moto, Tags=[{"Key": "environment", "Value": "production"}]),
    ),
]
