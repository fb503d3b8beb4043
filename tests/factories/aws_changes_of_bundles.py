"""Changes to a stand-in AWS account that the checks of bundles judge: health data, shops and their edge."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.facts.compliance import Verdict
from tests.factories.aws_account import ROLE
from tests.factories.aws_changes_of_data import BUCKET, Row, blocked, bucket, database, each, encryption_key, policy
from tests.fakes.aws import ACCOUNT, REGION, Moto

PASS, WARNING, FAIL = Verdict.PASS, Verdict.WARNING, Verdict.FAIL
ARN = f"arn:aws:s3:::{BUCKET}"
VAULT = f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:safe"
IMAGE = "ami-0c101f26f147fa7fd"
DAY = 86_400
PHI = bucket(data_class="phi")


def days_ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def found(bucket: str, days: float) -> Callable[[Moto], None]:
    """Macie has found a medical number in the bucket so many days ago."""

    def make(moto: Moto) -> None:
        at = days_ago(days)
        detected = [{"category": "PERSONAL_INFORMATION", "detections": [{"type": "USA_MEDICARE_BENEFICIARY_ID"}]}]
        finding = {
            "id": "f-1",
            "type": "SensitiveData:S3Object/Personal",
            "createdAt": at,
            "resourcesAffected": {"s3Bucket": {"name": bucket}},
            "classificationDetails": {"result": {"sensitiveData": detected}},
        }
        moto.say("macie2.ListFindings", {"findingIds": ["f-1"]})
        moto.say("macie2.GetFindings", {"findings": [finding]})

    return make


def agreed(**dates: datetime) -> Callable[[Moto], Any]:
    own = {"name": "AWS Business Associate Addendum", "state": "ACTIVE", **dates}
    return lambda moto: moto.say("artifact.ListCustomerAgreements", {"customerAgreements": [own]})


def keyed(*, with_key: bool, rotated: bool = False) -> Callable[[Moto], None]:
    """The bucket is encrypted with a key of the customer's own, or with one of Amazon's."""

    def make(moto: Moto) -> None:
        settings: dict[str, Any] = {"SSEAlgorithm": "AES256"}
        if with_key:
            encryption_key(rotated=rotated)(moto)
            kms = moto.client("kms")
            settings = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": kms.list_keys()["Keys"][0]["KeyArn"]}
        rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": settings}]}
        moto.client("s3").put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration=rules)

    return make


def endpoint(moto: Moto) -> None:
    """A private endpoint for S3."""
    ec2 = moto.client("ec2")
    network = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    ec2.create_vpc_endpoint(VpcId=network, ServiceName=f"com.amazonaws.{REGION}.s3", VpcEndpointType="Gateway")


def logged(kind: str) -> Callable[[Moto], None]:
    """A trail that logs what is done to objects: "All" of it, or "WriteOnly"."""

    def make(moto: Moto) -> None:
        bucket("cedar-trail")(moto)
        trails = moto.client("cloudtrail")
        trails.create_trail(Name="all", S3BucketName="cedar-trail")
        trails.start_logging(Name="all")
        objects = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]
        chosen = [{"ReadWriteType": kind, "IncludeManagementEvents": True, "DataResources": objects}]
        trails.put_event_selectors(TrailName="all", EventSelectors=chosen)

    return make


def copied(*, locked: bool, restored: float | None) -> Callable[[Moto], None]:
    """The bucket is in a vault, and was restored so many days ago."""

    def make(moto: Moto) -> None:
        moto.client("backup").create_backup_vault(BackupVaultName="safe")
        moto.say("backup.DescribeBackupVault", {"BackupVaultName": "safe", "BackupVaultArn": VAULT, "Locked": locked})
        row = {"ResourceArn": ARN, "ResourceType": "S3", "LastBackupVaultArn": VAULT}
        moto.say("backup.ListProtectedResources", {"Results": [row]})
        if restored is not None:
            took = {"CreationDate": days_ago(restored + 0.1), "CompletionDate": days_ago(restored)}
            job = {"RestoreJobId": "1", "Status": "COMPLETED", "SourceResourceArn": ARN, **took}
            moto.say("backup.ListRestoreJobs", {"RestoreJobs": [job]})

    return make


def expiring(days: int, *, locked_years: int | None = None) -> Callable[[Moto], None]:
    """A bucket of health data whose objects end, some of them locked before."""

    def make(moto: Moto) -> None:
        s3 = moto.client("s3")
        s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=locked_years is not None)
        s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "data-class", "Value": "phi"}]})
        if locked_years is not None:
            kept = {"Mode": "COMPLIANCE", "Years": locked_years}
            lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": kept}}
            s3.put_object_lock_configuration(Bucket=BUCKET, ObjectLockConfiguration=lock)
        rule = {"ID": "end", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": days}}
        s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]})

    return make


def group(**policy: Any) -> Callable[[Moto], None]:
    """A group of machines, with a policy where one is given."""

    def make(moto: Moto) -> None:
        scaling = moto.client("autoscaling")
        scaling.create_launch_configuration(LaunchConfigurationName="old", ImageId=IMAGE, InstanceType="t3.micro")
        sizes = {"MinSize": 0, "MaxSize": 4, "AvailabilityZones": [f"{REGION}a"]}
        scaling.create_auto_scaling_group(AutoScalingGroupName="web", LaunchConfigurationName="old", **sizes)
        if policy:
            scaling.put_scaling_policy(AutoScalingGroupName="web", PolicyName="more", **policy)

    return make


HALF_BUSY = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}, "TargetValue": 50.0}


def front(moto: Moto) -> None:
    """A load balancer for the internet."""
    subnets = [one["SubnetId"] for one in moto.client("ec2").describe_subnets()["Subnets"][:2]]
    moto.client("elbv2").create_load_balancer(Name="front", Subnets=subnets, Scheme="internet-facing")


def limited(moto: Moto) -> None:
    """A rule that limits the rate of everything."""
    shown = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "shop"}
    limit = {"RateBasedStatement": {"Limit": 500, "AggregateKeyType": "IP"}}
    rule = {"Name": "rate", "Priority": 1, "Statement": limit, "Action": {"Block": {}}, "VisibilityConfig": shown}
    moto.client("wafv2").create_web_acl(
        Name="shop", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=shown, Rules=[rule]
    )


def orders(moto: Moto) -> None:
    moto.client("sqs").create_queue(QueueName="orders")


def replica(moto: Moto) -> None:
    moto.client("rds").create_db_instance_read_replica(
        DBInstanceIdentifier="orders-2", SourceDBInstanceIdentifier="orders"
    )


def proxy(moto: Moto) -> None:
    rds, subnets = moto.client("rds"), moto.client("ec2").describe_subnets()["Subnets"]
    rds.create_db_proxy(
        DBProxyName="pool", EngineFamily="POSTGRESQL", Auth=[], RoleArn=ROLE, VpcSubnetIds=[subnets[0]["SubnetId"]]
    )
    rds.register_db_proxy_targets(DBProxyName="pool", DBInstanceIdentifiers=["orders"])


def edge(
    origin: str = "shop.example.com",
    *,
    price_class: str = "PriceClass_All",
    **behaviour: Any,
) -> Callable[[Moto], None]:
    """A distribution with one origin, served in this way."""

    def make(moto: Moto) -> None:
        own: dict[str, Any] = {"Id": "web", "DomainName": origin}
        if origin.endswith("amazonaws.com"):
            own["S3OriginConfig"] = {"OriginAccessIdentity": ""}
        else:
            own["CustomOriginConfig"] = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}
        served = {"TargetOriginId": "web", "ViewerProtocolPolicy": "https-only", **behaviour}
        moto.client("cloudfront").create_distribution(
            DistributionConfig={
                "CallerReference": "1",
                "Comment": "",
                "Enabled": True,
                "PriceClass": price_class,
                "Origins": {"Quantity": 1, "Items": [own]},
                "DefaultCacheBehavior": served,
            }
        )

    return make


def controlled(moto: Moto) -> None:
    """The one origin has an access control, which moto does not keep."""
    listed = moto.client("cloudfront").list_distributions()["DistributionList"]
    listed["Items"][0]["Staging"] = False
    listed["Items"][0]["Origins"]["Items"][0]["OriginAccessControlId"] = "E1"
    moto.say("cloudfront.ListDistributions", {"DistributionList": listed})


def values(cookies: str = "none", *, query: bool = False, kept: int = 40 * DAY) -> dict[str, Any]:
    """How a path was served before there were policies."""
    said = {"QueryString": query, "Cookies": {"Forward": cookies}}
    return {"ForwardedValues": said, "MinTTL": 0, "DefaultTTL": kept, "MaxTTL": 365 * DAY}


def hits(percent: float) -> Callable[[Moto], Any]:
    """What CloudWatch says of the one distribution: how much of what was asked for on a day was kept at the edge."""
    at, figures = days_ago(1), {"q0_0_0": ("Requests.Sum", 100.0), "q0_0_1": ("CacheHitRate.Average", percent)}
    found = [
        {"Id": id, "Label": label, "StatusCode": "Complete", "Timestamps": [at], "Values": [value]}
        for id, (label, value) in figures.items()
    ]
    return lambda moto: moto.say("cloudwatch.GetMetricData", {"MetricDataResults": found})


def served(**regions: int) -> Callable[[Moto], Any]:
    """How many requests were served in each region of the edge."""
    groups = [
        {
            "Keys": [f"{region}-Requests-Tier2-HTTPS"],
            "Metrics": {"UsageQuantity": {"Amount": str(count), "Unit": "N/A"}},
        }
        for region, count in regions.items()
    ]
    month = {"TimePeriod": {"Start": "2026-11-01", "End": "2026-12-01"}, "Groups": groups}
    return lambda moto: moto.say("ce.GetCostAndUsage", {"ResultsByTime": [month]})


FILES = f"{BUCKET}.s3.{REGION}.amazonaws.com"
# A policy of Amazon's that compresses to both formats.
OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
READERS = {"Effect": "Allow", "Action": "s3:GetObject"}
SHARED = policy(**{**READERS, "Principal": "*"})
CLINICAL = policy(**{**READERS, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/clinical"}})
UNMASKED = {"data_class": "phi", "environment": "test"}


def snapshot(**tags: str) -> Callable[[Moto], None]:
    """A copy of a database with these tags."""

    def make(moto: Moto) -> None:
        database()(moto)
        pairs = [{"Key": key.replace("_", "-"), "Value": value} for key, value in tags.items()]
        moto.client("rds").create_db_snapshot(
            DBSnapshotIdentifier="orders-1", DBInstanceIdentifier="orders", Tags=pairs
        )

    return make


HEALTH: tuple[Row, ...] = (
    ("TC-PHI-01", PASS, each(PHI, found(BUCKET, 30))),
    ("TC-PHI-01", WARNING, each(bucket(), found(BUCKET, 2))),
    ("TC-PHI-01", FAIL, each(bucket(), found(BUCKET, 30))),
    ("TC-PHI-02", PASS, each(PHI, agreed(effectiveStart=days_ago(400)))),
    ("TC-PHI-02", WARNING, each(PHI, agreed())),
    ("TC-PHI-02", FAIL, PHI),
    ("TC-PHI-03", PASS, each(PHI, keyed(with_key=True, rotated=True))),
    ("TC-PHI-03", WARNING, each(PHI, keyed(with_key=False))),
    ("TC-PHI-03", FAIL, database(tags={"data-class": "phi"}, StorageEncrypted=False)),
    ("TC-PHI-04", PASS, each(PHI, blocked(4), endpoint)),
    ("TC-PHI-04", WARNING, each(PHI, blocked(4))),
    ("TC-PHI-04", FAIL, each(PHI, blocked(3))),
    ("TC-PHI-05", PASS, each(PHI, logged("All"))),
    ("TC-PHI-05", WARNING, each(PHI, logged("WriteOnly"))),
    ("TC-PHI-05", FAIL, PHI),
    ("TC-PHI-06", PASS, each(PHI, CLINICAL)),
    ("TC-PHI-06", FAIL, each(PHI, SHARED)),
    ("TC-PHI-07", PASS, each(PHI, copied(locked=True, restored=30))),
    ("TC-PHI-07", WARNING, each(PHI, copied(locked=True, restored=120))),
    ("TC-PHI-07", FAIL, each(PHI, copied(locked=False, restored=30))),
    ("TC-PHI-08", PASS, PHI),
    ("TC-PHI-08", WARNING, expiring(400, locked_years=6)),
    ("TC-PHI-08", FAIL, expiring(400)),
    ("TC-PHI-09", PASS, snapshot(data_class="phi", environment="production")),
    ("TC-PHI-09", WARNING, snapshot(**UNMASKED, masked="true")),
    ("TC-PHI-09", FAIL, snapshot(**UNMASKED)),
)
SHOPS: tuple[Row, ...] = (
    ("PS-TRF-04", PASS, group(PolicyType="TargetTrackingScaling", TargetTrackingConfiguration=HALF_BUSY)),
    ("PS-TRF-04", WARNING, group(AdjustmentType="ChangeInCapacity", ScalingAdjustment=1)),
    ("PS-TRF-04", FAIL, group()),
    ("PS-TRF-05", PASS, each(front, limited, orders)),
    ("PS-TRF-05", WARNING, each(front, orders)),
    ("PS-TRF-05", FAIL, front),
    ("PS-TRF-06", PASS, each(database(), replica, proxy)),
    ("PS-TRF-06", WARNING, each(database(), replica)),
    ("PS-TRF-06", FAIL, database()),
    ("PS-CDN-01", PASS, each(edge(FILES, **values()), hits(95))),
    ("PS-CDN-01", WARNING, each(edge(FILES, **values()), hits(80))),
    ("PS-CDN-01", FAIL, each(edge(FILES, **values()), hits(70))),
    ("PS-CDN-02", PASS, edge(**values())),
    ("PS-CDN-02", WARNING, edge(FILES, **values(query=True))),
    ("PS-CDN-02", FAIL, edge(**values("all"))),
    ("PS-CDN-04", PASS, edge(Compress=True, CachePolicyId=OPTIMIZED)),
    ("PS-CDN-04", WARNING, edge(Compress=True, **values())),
    ("PS-CDN-04", FAIL, edge(Compress=False, **values())),
    ("PS-CDN-05", PASS, each(edge(**values()), served(US=80, AU=20))),
    ("PS-CDN-05", WARNING, each(edge(price_class="PriceClass_200", **values()), served(US=98, IN=2))),
    ("PS-CDN-05", FAIL, each(edge(**values()), served(US=98, AU=2))),
    ("PS-CDN-07", PASS, each(bucket(), edge(FILES, **values()), controlled)),
    ("PS-CDN-07", WARNING, each(bucket(), edge(FILES, **values()))),
    ("PS-CDN-07", FAIL, each(bucket(), SHARED)),
    ("PS-CDN-08", PASS, edge(FILES, **values())),
    ("PS-CDN-08", WARNING, edge(FILES, **values(kept=7 * DAY))),
    ("PS-CDN-08", FAIL, edge(FILES, **values(kept=60))),
)
ROWS = (*HEALTH, *SHOPS)
