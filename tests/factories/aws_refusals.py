"""The calls that a stand-in AWS account refuses for want of a permission, and what it has while it does."""

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.factories.aws_changes import joined, key, nothing, people
from tests.factories.aws_changes_of_bundles import PHI, edge, found, front, group, keyed, logged, values
from tests.factories.aws_changes_of_data import BUCKET, bucket, database, each, encryption_key, protected, queue, secret
from tests.factories.aws_changes_of_networks import balancer, interface, machine, open_door, public_database
from tests.factories.aws_changes_of_watchers import detector, scanned, trail
from tests.fakes.aws import Moto


class Refused(NamedTuple):
    """`make` is what the account has. Then this `operation` is refused, for which one needs the `permission`."""

    control: str
    operation: str
    make: Callable[[Moto], Any]
    permission: str


OF_DATA = (
    Refused("CW-AVL-01", "backup.ListProtectedResources", database(), "backup:ListProtectedResources"),
    Refused("CW-AVL-02", "backup.ListRestoreJobs", protected(2), "backup:ListRestoreJobs"),
    Refused("CW-AVL-03", "elbv2.DescribeLoadBalancers", database(), "elasticloadbalancing:DescribeLoadBalancers"),
    Refused("CW-DAT-01", "s3control.GetPublicAccessBlock", bucket(), "s3:GetAccountPublicAccessBlock"),
    Refused("CW-DAT-02", "ec2.DescribeVolumes", bucket(), "ec2:DescribeVolumes"),
    Refused("CW-DAT-03", "s3.GetBucketPolicy", bucket(), "s3:GetBucketPolicy"),
    Refused("CW-DAT-04", "kms.GetKeyRotationStatus", encryption_key(), "kms:GetKeyRotationStatus"),
    Refused("CW-DAT-05", "lambda.ListFunctions", secret, "lambda:ListFunctions"),
    Refused("CW-DAT-06", "rds.DescribeDBInstances", bucket(), "rds:DescribeDBInstances"),
    Refused(
        "CW-DAT-07", "s3.GetBucketLifecycleConfiguration", bucket(data_class="pii"), "s3:GetLifecycleConfiguration"
    ),
    Refused("CW-PIN-02", "sqs.GetQueueAttributes", queue(with_path=True), "sqs:GetQueueAttributes"),
    Refused("CW-PIN-03", "s3.GetBucketVersioning", bucket(), "s3:GetBucketVersioning"),
    Refused("CW-VUL-03", "rds.DescribeDBInstances", secret, "rds:DescribeDBInstances"),
)
OF_PEOPLE = (
    Refused("CW-CHG-05", "resourcegroupstaggingapi.GetResources", nothing, "tag:GetResources"),
    Refused("CW-IAM-01", "iam.GetAccountSummary", nothing, "iam:GetAccountSummary"),
    Refused("CW-IAM-02", "iam.GetCredentialReport", people(1), "iam:GetCredentialReport"),
    Refused("CW-IAM-03", "iam.GetLoginProfile", people(1), "iam:GetLoginProfile"),
    Refused("CW-IAM-04", "iam.GetAccountPasswordPolicy", nothing, "iam:GetAccountPasswordPolicy"),
    Refused("CW-IAM-05", "iam.GetAccessKeyLastUsed", key(10), "iam:GetAccessKeyLastUsed"),
    Refused("CW-IAM-06", "iam.GetCredentialReport", key(10), "iam:GetCredentialReport"),
    Refused("CW-IAM-07", "accessanalyzer.ListAnalyzers", nothing, "access-analyzer:ListAnalyzers"),
    Refused("CW-IAM-11", "iam.ListRoles", nothing, "iam:ListRoles"),
    Refused("CW-RSK-02", "account.ListRegions", joined(1), "account:ListRegions"),
)
OF_NETWORKS = (
    Refused("CW-NET-01", "ec2.DescribeNetworkInterfaces", open_door, "ec2:DescribeNetworkInterfaces"),
    Refused("CW-NET-02", "ec2.DescribeSecurityGroups", public_database(open_door), "ec2:DescribeSecurityGroups"),
    Refused("CW-NET-03", "ec2.DescribeSubnets", nothing, "ec2:DescribeSubnets"),
    Refused("CW-NET-04", "wafv2.GetWebACLForResource", balancer, "wafv2:GetWebACLForResource"),
    Refused("CW-PIN-01", "apigateway.GetRequestValidators", interface(), "apigateway:GET"),
)
OF_WATCHERS = (
    Refused("CW-AVL-04", "budgets.DescribeBudgets", nothing, "budgets:ViewBudget"),
    Refused("CW-LOG-01", "cloudtrail.GetTrailStatus", each(bucket(), trail()), "cloudtrail:GetTrailStatus"),
    Refused(
        "CW-LOG-02",
        "s3.GetObjectLockConfiguration",
        each(bucket(), trail()),
        "s3:GetBucketObjectLockConfiguration",
    ),
    Refused("CW-LOG-03", "ec2.DescribeFlowLogs", machine, "ec2:DescribeFlowLogs"),
    Refused("CW-LOG-04", "guardduty.ListDetectors", machine, "guardduty:ListDetectors"),
    Refused("CW-LOG-05", "events.ListRules", nothing, "events:ListRules"),
    Refused("CW-LOG-06", "config.DescribeConfigurationRecorders", machine, "config:DescribeConfigurationRecorders"),
    Refused(
        "CW-PRV-03",
        "macie2.GetAutomatedDiscoveryConfiguration",
        nothing,
        "macie2:GetAutomatedDiscoveryConfiguration",
    ),
    Refused("CW-VUL-01", "inspector2.ListFindings", each(machine, scanned()), "inspector2:ListFindings"),
    Refused(
        "CW-VUL-04",
        "guardduty.ListMalwareProtectionPlans",
        each(machine, detector()),
        "guardduty:ListMalwareProtectionPlans",
    ),
)
OF_BUNDLES = (
    Refused("PS-CDN-01", "cloudwatch.GetMetricData", edge(**values()), "cloudwatch:GetMetricData"),
    Refused("PS-CDN-02", "cloudfront.ListCachePolicies", edge(**values()), "cloudfront:ListCachePolicies"),
    Refused("PS-CDN-04", "cloudfront.ListDistributions", edge(**values()), "cloudfront:ListDistributions"),
    Refused("PS-CDN-05", "ce.GetCostAndUsage", edge(**values()), "ce:GetCostAndUsage"),
    Refused("PS-CDN-07", "s3.GetBucketPolicyStatus", PHI, "s3:GetBucketPolicyStatus"),
    Refused("PS-CDN-08", "cloudfront.ListCachePolicies", edge(**values()), "cloudfront:ListCachePolicies"),
    Refused("PS-TRF-04", "autoscaling.DescribePolicies", group(), "autoscaling:DescribePolicies"),
    Refused("PS-TRF-05", "wafv2.ListWebACLs", front, "wafv2:ListWebACLs"),
    Refused("PS-TRF-06", "rds.DescribeDBProxies", database(), "rds:DescribeDBProxies"),
    Refused("TC-PHI-01", "macie2.GetFindings", each(PHI, found(BUCKET, 30)), "macie2:GetFindings"),
    Refused("TC-PHI-02", "artifact.ListCustomerAgreements", PHI, "artifact:ListCustomerAgreements"),
    Refused("TC-PHI-03", "kms.GetKeyRotationStatus", each(PHI, keyed(with_key=True)), "kms:GetKeyRotationStatus"),
    Refused("TC-PHI-04", "ec2.DescribeVpcEndpoints", PHI, "ec2:DescribeVpcEndpoints"),
    Refused("TC-PHI-05", "cloudtrail.GetEventSelectors", each(PHI, logged("All")), "cloudtrail:GetEventSelectors"),
    Refused("TC-PHI-06", "s3.GetBucketPolicy", PHI, "s3:GetBucketPolicy"),
    Refused("TC-PHI-07", "backup.ListRestoreJobs", PHI, "backup:ListRestoreJobs"),
    Refused("TC-PHI-08", "s3.GetBucketLifecycleConfiguration", PHI, "s3:GetLifecycleConfiguration"),
    Refused("TC-PHI-09", "rds.DescribeDBSnapshots", database(), "rds:DescribeDBSnapshots"),
)
REFUSED = (*OF_DATA, *OF_PEOPLE, *OF_NETWORKS, *OF_WATCHERS, *OF_BUNDLES)
