"""An AWS account with one of each thing that moto can hold, and settings on it where there are some."""

import json
from datetime import UTC, datetime
from typing import Any

from tests.fakes.aws import Moto

REGION = "us-east-1"
ROLE = "arn:aws:iam::123456789012:role/made"
TAG = [{"Key": "team", "Value": "platform"}]
ANYBODY = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::cedar-all/*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [ANYBODY]})
PASSWORD = "Stand-in-only-1"
CODE = b"UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="


def fill_everything(moto: Moto) -> None:
    """One of each, in one region."""
    for part in (identities, buckets, machines, networks, balancers, databases):
        part(moto)
    for part in (tables, containers, functions, web, backups):
        part(moto)
    say_what_moto_cannot(moto)


def identities(moto: Moto) -> None:
    iam, trails = moto.client("iam"), moto.client("cloudtrail")
    iam.create_user(UserName="ops", Tags=TAG)
    iam.create_login_profile(UserName="ops", Password="Stand-in-only-1")
    iam.create_access_key(UserName="ops")
    moto.client("s3").create_bucket(Bucket="cedar-trail")
    trails.create_trail(Name="main", S3BucketName="cedar-trail", IsMultiRegionTrail=True, TagsList=TAG)
    trails.start_logging(Name="main")


def buckets(moto: Moto) -> None:
    s3 = moto.client("s3")
    s3.create_bucket(Bucket="cedar-all", ObjectLockEnabledForBucket=True)
    block = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False)
    s3.put_public_access_block(Bucket="cedar-all", PublicAccessBlockConfiguration=block)
    s3.put_bucket_policy(Bucket="cedar-all", Policy=POLICY)
    s3.put_bucket_tagging(Bucket="cedar-all", Tagging={"TagSet": TAG})
    encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    s3.put_bucket_encryption(Bucket="cedar-all", ServerSideEncryptionConfiguration=encryption)
    rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}}
    s3.put_bucket_lifecycle_configuration(Bucket="cedar-all", LifecycleConfiguration={"Rules": [rule]})
    s3.create_multipart_upload(Bucket="cedar-all", Key="half")
    everything = {"AccountId": "123456789012", "PublicAccessBlockConfiguration": {**block, "BlockPublicAcls": True}}
    moto.s3_control().put_public_access_block(**everything)


def machines(moto: Moto) -> dict[str, Any]:
    ec2 = moto.client("ec2")
    disk = [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeType": "gp3", "VolumeSize": 30}}]
    machine = ec2.run_instances(
        ImageId="ami-0c101f26f147fa7fd", MinCount=1, MaxCount=1, InstanceType="t3.micro", BlockDeviceMappings=disk
    )["Instances"][0]
    ec2.allocate_address(Domain="vpc")
    volume = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=10, VolumeType="io1", Iops=500)
    ec2.create_snapshot(VolumeId=volume["VolumeId"])
    ec2.create_image(InstanceId=machine["InstanceId"], Name="golden")
    data = {"InstanceType": "t3.micro", "UserData": "c2VjcmV0LXN0YXJ0", "ImageId": "ami-0c101f26f147fa7fd"}
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
    scaling = moto.client("autoscaling")
    scaling.create_launch_configuration(
        LaunchConfigurationName="old", ImageId="ami-0c101f26f147fa7fd", InstanceType="t3.micro", UserData="secret-start"
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="web",
        LaunchConfigurationName="old",
        MinSize=0,
        MaxSize=1,
        AvailabilityZones=[f"{REGION}a"],
    )
    scaling.put_scaling_policy(
        AutoScalingGroupName="web", PolicyName="more", AdjustmentType="ChangeInCapacity", ScalingAdjustment=1
    )
    scaling.put_scheduled_update_group_action(
        AutoScalingGroupName="web", ScheduledActionName="morning", MinSize=1, Recurrence="0 7 * * 1-5"
    )
    return dict(machine)


def networks(moto: Moto) -> None:
    ec2 = moto.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)
    ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.sqs", VpcEndpointType="Interface", SubnetIds=[subnet]
    )
    ec2.create_network_interface(SubnetId=subnet)
    moto.client("s3").create_bucket(Bucket="cedar-flow")
    ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::cedar-flow",
    )


def balancers(moto: Moto) -> None:
    ec2, elb = moto.client("ec2"), moto.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.1.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]
        for number, zone in enumerate("ab")
    ]
    ids = [one["SubnetId"] for one in subnets]
    for name, kind in (("front", "application"), ("fast", "network")):
        elb.create_load_balancer(Name=name, Subnets=ids, Type=kind, Tags=TAG)
    front = elb.describe_load_balancers(Names=["front"])["LoadBalancers"][0]["LoadBalancerArn"]
    group = elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]
    forward = [{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}]
    elb.create_listener(LoadBalancerArn=front, Protocol="HTTP", Port=80, DefaultActions=forward)
    visible = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "all"}
    waf = moto.client("wafv2")
    acl = waf.create_web_acl(Name="filter", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=visible)
    waf.associate_web_acl(WebACLArn=acl["Summary"]["ARN"], ResourceArn=front)


def databases(moto: Moto) -> None:
    rds = moto.client("rds")
    rds.create_db_parameter_group(
        DBParameterGroupName="tls", DBParameterGroupFamily="postgres16", Description="encrypted connections"
    )
    rds.create_db_instance(
        DBInstanceIdentifier="orders",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        EngineVersion="16.3",
        MasterUsername="root",
        MasterUserPassword="Stand-in-only-1",
        AllocatedStorage=20,
        DBParameterGroupName="tls",
        Tags=TAG,
    )
    rds.create_db_snapshot(DBSnapshotIdentifier="orders-1", DBInstanceIdentifier="orders")
    subnet = moto.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    rds.create_db_proxy(DBProxyName="pool", EngineFamily="POSTGRESQL", Auth=[], RoleArn=ROLE, VpcSubnetIds=[subnet])
    rds.register_db_proxy_targets(DBProxyName="pool", DBInstanceIdentifiers=["orders"])
    moto.client("redshift").create_cluster(
        ClusterIdentifier="lake",
        NodeType="ra3.large",
        ClusterType="single-node",
        MasterUsername="root",
        MasterUserPassword="Stand-in-only-1",
    )


def tables(moto: Moto) -> None:
    moto.client("dynamodb").create_table(
        TableName="carts",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
        Tags=TAG,
    )
    moto.client("opensearch").create_domain(DomainName="search")
    moto.client("elasticache").create_replication_group(
        ReplicationGroupId="cache", ReplicationGroupDescription="sessions", CacheNodeType="cache.t3.micro"
    )
    moto.client("efs").create_file_system(CreationToken="home", Encrypted=True)


def containers(moto: Moto) -> None:
    ecr = moto.client("ecr")
    ecr.create_repository(repositoryName="web")
    rule = {
        "rulePriority": 1,
        "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 5},
        "action": {"type": "expire"},
    }
    ecr.put_lifecycle_policy(repositoryName="web", lifecyclePolicyText=json.dumps({"rules": [rule]}))
    moto.client("eks").create_cluster(name="apps", roleArn=ROLE, resourcesVpcConfig={}, tags={"team": "platform"})


def functions(moto: Moto) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    moto.client("iam").create_role(RoleName="made", AssumeRolePolicyDocument=document)
    functions = moto.client("lambda")
    functions.create_function(
        FunctionName="resize",
        Runtime="python3.12",
        Role=ROLE,
        Handler="f.handle",
        Code={"ZipFile": CODE},
        Environment={"Variables": {"MODE": "fast", "DB": f"postgres://root:{PASSWORD}@db/orders"}},
        Publish=True,
        Tags={"team": "platform"},
    )
    functions.add_permission(
        FunctionName="resize", StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"
    )
    functions.put_function_event_invoke_config(FunctionName="resize", MaximumRetryAttempts=1)


def web(moto: Moto) -> None:
    gateway = moto.client("apigateway")
    api = gateway.create_rest_api(name="orders")["id"]
    gateway.create_request_validator(restApiId=api, name="body", validateRequestBody=True)
    origin = {
        "Id": "web",
        "DomainName": "origin.example.com",
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
        "CustomHeaders": {"Quantity": 1, "Items": [{"HeaderName": "X-Origin", "HeaderValue": "origin-secret"}]},
    }
    moto.client("cloudfront").create_distribution(
        DistributionConfig={
            "CallerReference": "1",
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {"TargetOriginId": "web", "ViewerProtocolPolicy": "https-only"},
        }
    )
    moto.client("acm").request_certificate(DomainName="www.example.com")
    names = moto.client("route53")
    names.create_hosted_zone(Name="example.com", CallerReference="1")
    check = {"Type": "HTTPS", "FullyQualifiedDomainName": "www.example.com", "Port": 443}
    names.create_health_check(CallerReference="1", HealthCheckConfig=check)


def backups(moto: Moto) -> None:
    backup = moto.client("backup")
    backup.create_backup_vault(BackupVaultName="safe")
    rule = {"RuleName": "daily", "TargetBackupVaultName": "safe"}
    backup.create_backup_plan(BackupPlan={"BackupPlanName": "daily", "Rules": [rule]})


def say_what_moto_cannot(moto: Moto) -> None:
    """Answers to the operations that moto lacks; they fit AWS's own models."""
    at = datetime(2026, 11, 20, 3, tzinfo=UTC)
    table = f"arn:aws:dynamodb:{REGION}:123456789012:table/carts"
    restore_plan = f"arn:aws:backup:{REGION}:123456789012:restore-testing-plan:monthly-1"
    moto.say(
        "backup.ListProtectedResources",
        {"Results": [{"ResourceArn": table, "ResourceType": "DynamoDB", "LastBackupTime": at}]},
    )
    job = {"RestoreJobId": "1", "Status": "COMPLETED", "CompletionDate": at, "ValidationStatus": "SUCCESSFUL"}
    moto.say("backup.ListRestoreJobs", {"RestoreJobs": [{**job, "CreatedBy": {"RestoreTestingPlanArn": restore_plan}}]})
    plan = {
        "RestoreTestingPlanName": "monthly",
        "RestoreTestingPlanArn": restore_plan,
        "CreationTime": at,
        "ScheduleExpression": "cron(0 3 1 * ? *)",
    }
    moto.say("backup.ListRestoreTestingPlans", {"RestoreTestingPlans": [plan]})
    moto.say(
        "ec2.DescribeReservedInstances",
        {"ReservedInstances": [{"ReservedInstancesId": "ri-1", "State": "active", "Start": at, "InstanceCount": 2}]},
    )
    key = {
        "EnableAcceptEncodingGzip": True,
        "HeadersConfig": {"HeaderBehavior": "none"},
        "CookiesConfig": {"CookieBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
    }
    policy = {"Name": "files", "MinTTL": 1, "ParametersInCacheKeyAndForwardedToOrigin": key}
    own = {"Type": "custom", "CachePolicy": {"Id": "p-1", "LastModifiedTime": at, "CachePolicyConfig": policy}}
    moto.say("cloudfront.ListCachePolicies", {"CachePolicyList": {"MaxItems": 100, "Quantity": 1, "Items": [own]}})
    version = {"Engine": "postgres", "EngineVersion": "16.3", "MajorEngineVersion": "16", "Status": "available"}
    moto.say("rds.DescribeDBEngineVersions", {"DBEngineVersions": [version]})
    moto.say(
        "ssm.DescribeInstanceInformation",
        {"InstanceInformationList": [{"InstanceId": "i-0123456789abcdef0", "PingStatus": "Online"}]},
    )
    state = {
        "InstanceId": "i-0123456789abcdef0",
        "PatchGroup": "linux",
        "BaselineId": "pb-0123456789abcdef0",
        "OperationStartTime": at,
        "OperationEndTime": at,
        "Operation": "Scan",
        "MissingCount": 2,
        "CriticalNonCompliantCount": 0,
    }
    moto.say("ssm.DescribeInstancePatchStates", {"InstancePatchStates": [state]})
    moto.say(
        "lambda.ListProvisionedConcurrencyConfigs",
        {
            "ProvisionedConcurrencyConfigs": [
                {
                    "FunctionArn": f"arn:aws:lambda:{REGION}:123456789012:function:resize:1",
                    "RequestedProvisionedConcurrentExecutions": 2,
                    "Status": "READY",
                }
            ]
        },
    )
