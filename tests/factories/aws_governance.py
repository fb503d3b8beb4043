"""An AWS account that is governed: people, keys, watchers, an organization; and what AWS says of its costs."""

import json
from datetime import UTC, datetime
from typing import Any

from tests.fakes.aws import Moto

ACCOUNT = "123456789012"
REGION = "us-east-1"
BUCKET = "cedar-audit"
EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
WHEN = datetime(2026, 11, 1, 12, tzinfo=UTC)
QUEUE_ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"
ANALYZER = f"arn:aws:access-analyzer:{REGION}:{ACCOUNT}:analyzer/outside"
MONITOR = f"arn:aws:ce::{ACCOUNT}:anomalymonitor/services"
SAVED = {"savingsOpportunityPercentage": 40.0, "estimatedMonthlySavings": {"currency": "USD", "value": 12.5}}
OF_ACCOUNT = {"accountId": ACCOUNT, "lookBackPeriodInDays": 14.0}


def fill_governance(moto: Moto) -> None:
    """One of each thing that moto can hold, and the rest by what AWS's models allow it to say."""
    for part in (people, trails, guards, watchers, messages, organization, budgets):
        part(moto)
    for operation, body in SAID.items():
        moto.say(operation, body)


def people(moto: Moto) -> None:
    iam = moto.client("iam")
    iam.create_user(UserName="ops", Tags=[{"Key": "team", "Value": "platform"}])
    iam.create_login_profile(UserName="ops", Password="Stand-in-only-1")
    iam.create_access_key(UserName="ops")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="ops")["VirtualMFADevice"]["SerialNumber"]
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    iam.enable_mfa_device(UserName="ops", SerialNumber=device, **codes)
    iam.put_user_policy(UserName="ops", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
    iam.create_group(GroupName="people")
    iam.add_user_to_group(GroupName="people", UserName="ops")
    iam.create_role(RoleName="open", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.create_role(RoleName="break-glass", AssumeRolePolicyDocument=json.dumps(TRUST))
    made = iam.create_policy(PolicyName="wild", PolicyDocument=json.dumps(EVERYTHING))
    iam.attach_role_policy(RoleName="open", PolicyArn=made["Policy"]["Arn"])
    iam.attach_user_policy(UserName="ops", PolicyArn=made["Policy"]["Arn"])
    iam.create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com", ThumbprintList=["0" * 40], ClientIDList=["sts.amazonaws.com"]
    )
    iam.update_account_password_policy(MinimumPasswordLength=14, PasswordReusePrevention=24)
    moto.client("kms").create_key(Description="data")
    moto.client("secretsmanager").create_secret(Name="database", SecretString="never-read")
    store = moto.client("sso-admin").list_instances()["Instances"][0]["IdentityStoreId"]
    moto.client("identitystore").create_user(
        IdentityStoreId=store,
        UserName="ada",
        DisplayName="Ada",
        Name={"GivenName": "Ada", "FamilyName": "L"},
        PhoneNumbers=[{"Value": "+49 30 1234567", "Type": "work"}],
    )


def trails(moto: Moto) -> None:
    moto.client("s3").create_bucket(Bucket=BUCKET)
    client = moto.client("cloudtrail")
    client.create_trail(Name="everywhere", S3BucketName=BUCKET, IsMultiRegionTrail=True)
    client.create_trail(Name="here", S3BucketName=BUCKET)
    client.start_logging(Name="everywhere")
    recorder = moto.client("config")
    role = f"arn:aws:iam::{ACCOUNT}:role/open"
    group = {"allSupported": True, "includeGlobalResourceTypes": True}
    recorder.put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": role, "recordingGroup": group}
    )
    recorder.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": BUCKET})
    recorder.start_configuration_recorder(ConfigurationRecorderName="default")


def guards(moto: Moto) -> None:
    moto.client("guardduty").create_detector(Enable=True)
    moto.client("securityhub").enable_security_hub()
    moto.client("inspector2").enable(accountIds=[ACCOUNT], resourceTypes=["EC2", "ECR", "LAMBDA"])
    shown = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "shop"}
    for scope in ("REGIONAL", "CLOUDFRONT"):
        acl = moto.client("wafv2").create_web_acl(
            Name=f"shop-{scope.lower()}", Scope=scope, DefaultAction={"Allow": {}}, VisibilityConfig=shown, Rules=[]
        )["Summary"]
    log = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:aws-waf-logs-shop"
    moto.client("wafv2").put_logging_configuration(
        LoggingConfiguration={"ResourceArn": acl["ARN"], "LogDestinationConfigs": [log]}
    )


def watchers(moto: Moto) -> None:
    moto.client("cloudwatch").put_metric_alarm(
        AlarmName="root used",
        MetricName="root",
        Namespace="audit",
        Period=300,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        Statistic="Sum",
    )
    logs = moto.client("logs")
    logs.create_log_group(logGroupName="/trail")
    logs.put_metric_filter(
        logGroupName="/trail",
        filterName="root",
        filterPattern='{ $.userIdentity.type = "Root" }',
        metricTransformations=[{"metricName": "root", "metricNamespace": "audit", "metricValue": "1"}],
    )
    events = moto.client("events")
    events.put_rule(Name="console", EventPattern=json.dumps({"detail-type": ["AWS Console Sign In via CloudTrail"]}))
    events.put_targets(Rule="console", Targets=[{"Id": "1", "Arn": QUEUE_ARN, "Input": '{"key": "secret-word"}'}])


def messages(moto: Moto) -> None:
    moto.client("sqs").create_queue(QueueName="jobs")
    sns = moto.client("sns")
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="https", Endpoint="https://hooks.example.com/services/secret-word")
    definition = json.dumps({"StartAt": "one", "States": {"one": {"Type": "Pass", "End": True}}})
    role = f"arn:aws:iam::{ACCOUNT}:role/open"
    moto.client("stepfunctions").create_state_machine(name="nightly", definition=definition, roleArn=role)


def organization(moto: Moto) -> None:
    client = moto.client("organizations")
    client.create_organization(FeatureSet="ALL")
    client.create_account(AccountName="shop", Email="shop@example.com")


def budgets(moto: Moto) -> None:
    budget = {"BudgetName": "all", "BudgetType": "COST", "TimeUnit": "MONTHLY"}
    limit = {"Amount": "1000", "Unit": "USD"}
    warning = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
    people = [{"SubscriptionType": "EMAIL", "Address": "ops@example.com"}]
    moto.client("budgets").create_budget(
        AccountId=ACCOUNT,
        Budget={**budget, "BudgetLimit": limit},
        NotificationsWithSubscribers=[{"Notification": warning, "Subscribers": people}],
    )


def _arn(service: str, path: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{path}"


INSTANCE, VOLUME = _arn("ec2", "instance/i-0123456789abcdef0"), _arn("ec2", "volume/vol-0123456789abcdef0")
FUNCTION, DATABASE = _arn("lambda", "function:thumbs"), _arn("rds", "db:orders")
SERVICE, GROUP = _arn("ecs", "service/web/web"), _arn("autoscaling", "autoScalingGroup:1:autoScalingGroupName/web")
USED = {"UtilizationPercentage": "62.5", "PurchasedHours": "720", "TotalActualHours": "450", "UnusedHours": "270"}
PERIOD = {"Start": "2026-10-27", "End": "2026-11-26"}
EC2_RESERVED = {
    "Family": "m5",
    "InstanceType": "m5.large",
    "Region": REGION,
    "Platform": "Linux/UNIX",
    "Tenancy": "shared",
}
RDS_RESERVED = {
    "Family": "r5",
    "InstanceType": "db.r5.large",
    "Region": REGION,
    "DatabaseEngine": "PostgreSQL",
    "DeploymentOption": "Multi-AZ",
}
BOUGHT = {"AccountId": ACCOUNT, "CurrencyCode": "USD", "UpfrontCost": "0"}
ARBITRARY = {"ArbitraryPatternLimits": {"MaxMembers": 1}}
# By operation; what moto lacks.
SAID: dict[str, dict[str, Any]] = {
    "account.ListRegions": {"Regions": [{"RegionName": REGION, "RegionOptStatus": "ENABLED_BY_DEFAULT"}]},
    "artifact.ListCustomerAgreements": {
        "customerAgreements": [
            {
                "name": "AWS Business Associate Addendum",
                "awsAccountId": ACCOUNT,
                "state": "ACTIVE",
                "type": "DEFAULT",
                "effectiveStart": WHEN,
            }
        ]
    },
    "artifact.ListReports": {
        "reports": [
            {
                "id": "report-1",
                "name": "SOC 2 Type 2",
                "series": "SOC",
                "category": "Certifications And Attestations",
                "periodEnd": WHEN,
                "state": "PUBLISHED",
                "version": 1,
            }
        ]
    },
    "cloudtrail.LookupEvents": {
        "Events": [
            {
                "EventId": "e-1",
                "EventName": "AssumeRole",
                "EventTime": WHEN,
                "Username": "ops",
                "CloudTrailEvent": '{"requestParameters": "secret-word"}',
            }
        ]
    },
    "shield.DescribeSubscription": {
        "Subscription": {
            "AutoRenew": "ENABLED",
            "SubscriptionLimits": {
                "ProtectionLimits": {"ProtectedResourceTypeLimits": []},
                "ProtectionGroupLimits": {"MaxProtectionGroups": 1, "PatternTypeLimits": ARBITRARY},
            },
        }
    },
    "service-quotas.ListServiceQuotas": {
        "Quotas": [{"ServiceCode": "ec2", "QuotaCode": "L-1216C47A", "QuotaName": "Running instances", "Value": 64.0}]
    },
    "accessanalyzer.ListAnalyzers": {
        "analyzers": [
            {"arn": ANALYZER, "name": "outside", "type": "ACCOUNT", "createdAt": WHEN, "status": "ACTIVE", "tags": {}}
        ]
    },
    "accessanalyzer.ListFindingsV2": {
        "findings": [
            {
                "id": "f-1",
                "status": "ACTIVE",
                "analyzedAt": WHEN,
                "createdAt": WHEN,
                "updatedAt": WHEN,
                "resourceOwnerAccount": ACCOUNT,
                "resourceType": "AWS::IAM::Role",
                "findingType": "ExternalAccess",
            }
        ]
    },
    "guardduty.ListMalwareProtectionPlans": {"MalwareProtectionPlans": [{"MalwareProtectionPlanId": "plan-1"}]},
    "macie2.GetMacieSession": {"status": "ENABLED", "createdAt": WHEN},
    "macie2.GetAutomatedDiscoveryConfiguration": {"status": "ENABLED"},
    "macie2.ListFindings": {"findingIds": ["m-1", "m-2"]},
    "macie2.GetFindings": {
        "findings": [
            {
                "id": "m-1",
                "type": "SensitiveData:S3Object/Personal",
                "createdAt": WHEN,
                "resourcesAffected": {"s3Bucket": {"name": BUCKET}},
            }
        ]
    },
    "stepfunctions.ListExecutions": {
        "executions": [
            {
                "executionArn": _arn("states", "execution:nightly:1"),
                "stateMachineArn": _arn("states", "stateMachine:nightly"),
                "name": "1",
                "status": "FAILED",
                "startDate": WHEN,
                "stopDate": WHEN,
            }
        ]
    },
    "ec2.DescribeReservedInstances": {
        "ReservedInstances": [
            {
                "ReservedInstancesId": "0b1c2d3e-1111-2222-3333-444455556666",
                "InstanceType": "m5.large",
                "InstanceCount": 2,
                "State": "active",
                "Start": WHEN,
                "End": datetime(2027, 11, 1, 12, tzinfo=UTC),
            }
        ]
    },
    "ec2.DescribeReservedInstancesOfferings": {
        "ReservedInstancesOfferings": [{"ReservedInstancesOfferingId": "offer-1", "InstanceType": "m5.large"}]
    },
    "rds.DescribeReservedDBInstancesOfferings": {
        "ReservedDBInstancesOfferings": [{"ReservedDBInstancesOfferingId": "offer-2", "DBInstanceClass": "db.r5.large"}]
    },
    "savingsplans.DescribeSavingsPlans": {
        "savingsPlans": [
            {
                "savingsPlanId": "sp-1",
                "savingsPlanArn": f"arn:aws:savingsplans::{ACCOUNT}:savingsplan/sp-1",
                "start": "2026-01-01T00:00:00.000Z",
                "end": "2026-12-31T23:59:59.000Z",
                "state": "active",
                "savingsPlanType": "Compute",
                "commitment": "1.5",
                "tags": {"team": "platform"},
            }
        ]
    },
    "savingsplans.DescribeSavingsPlansOfferings": {"searchResults": [{"offeringId": "offer-3", "planType": "Compute"}]},
    "ce.GetAnomalyMonitors": {
        "AnomalyMonitors": [
            {
                "MonitorArn": MONITOR,
                "MonitorName": "services",
                "MonitorType": "DIMENSIONAL",
                "MonitorDimension": "SERVICE",
            }
        ]
    },
    "ce.GetAnomalySubscriptions": {
        "AnomalySubscriptions": [
            {
                "MonitorArnList": [MONITOR],
                "Subscribers": [{"Address": "ops@example.com", "Type": "EMAIL", "Status": "CONFIRMED"}],
                "Frequency": "DAILY",
                "SubscriptionName": "ops",
            }
        ]
    },
    "ce.GetReservationUtilization": {
        "UtilizationsByTime": [
            {
                "TimePeriod": PERIOD,
                "Groups": [
                    {
                        "Key": "SUBSCRIPTION_ID",
                        "Value": "1234567",
                        "Attributes": {"leaseId": "0b1c2d3e-1111-2222-3333-444455556666", "region": REGION},
                        "Utilization": USED,
                    }
                ],
            }
        ]
    },
    "ce.GetSavingsPlansUtilization": {
        "Total": {"Utilization": {"TotalCommitment": "1080", "UsedCommitment": "1026", "UtilizationPercentage": "95"}}
    },
    "ce.GetSavingsPlansCoverage": {
        "SavingsPlansCoverages": [{"TimePeriod": PERIOD, "Coverage": {"CoveragePercentage": "71.2"}}]
    },
    "ce.GetSavingsPlansPurchaseRecommendation": {
        "SavingsPlansPurchaseRecommendation": {
            "SavingsPlansType": "COMPUTE_SP",
            "TermInYears": "ONE_YEAR",
            "PaymentOption": "NO_UPFRONT",
            "LookbackPeriodInDays": "THIRTY_DAYS",
            "SavingsPlansPurchaseRecommendationDetails": [
                {
                    **BOUGHT,
                    "SavingsPlansDetails": {"OfferingId": "offer-3"},
                    "HourlyCommitmentToPurchase": "0.9",
                    "EstimatedAverageUtilization": "97",
                    "EstimatedMonthlySavingsAmount": "181.44",
                }
            ],
            "SavingsPlansPurchaseRecommendationSummary": {"EstimatedMonthlySavingsAmount": "181.44"},
        }
    },
    "ce.GetReservationPurchaseRecommendation": {
        "Recommendations": [
            {
                "TermInYears": "ONE_YEAR",
                "RecommendationDetails": [
                    {
                        **BOUGHT,
                        "InstanceDetails": {"EC2InstanceDetails": EC2_RESERVED},
                        "EstimatedMonthlySavingsAmount": "60.1",
                        "EstimatedBreakEvenInMonths": "7",
                    },
                    {
                        **BOUGHT,
                        "InstanceDetails": {"RDSInstanceDetails": RDS_RESERVED},
                        "EstimatedMonthlySavingsAmount": "90",
                    },
                ],
            }
        ]
    },
    "compute-optimizer.GetEnrollmentStatus": {"status": "Active"},
    "compute-optimizer.GetEC2InstanceRecommendations": {
        "instanceRecommendations": [
            {
                **OF_ACCOUNT,
                "instanceArn": INSTANCE,
                "finding": "Overprovisioned",
                "recommendationOptions": [
                    {"instanceType": "t3.small", "performanceRisk": 1.0, "rank": 1, "savingsOpportunity": SAVED}
                ],
            },
            {**OF_ACCOUNT, "instanceArn": f"{INSTANCE}1", "finding": "Optimized"},
        ]
    },
    "compute-optimizer.GetEBSVolumeRecommendations": {
        "volumeRecommendations": [
            {
                **OF_ACCOUNT,
                "volumeArn": VOLUME,
                "finding": "NotOptimized",
                "volumeRecommendationOptions": [{"rank": 1, "savingsOpportunity": SAVED}],
            }
        ]
    },
    "compute-optimizer.GetAutoScalingGroupRecommendations": {
        "autoScalingGroupRecommendations": [
            {**OF_ACCOUNT, "autoScalingGroupArn": GROUP, "finding": "NotOptimized", "recommendationOptions": []}
        ]
    },
    "compute-optimizer.GetLambdaFunctionRecommendations": {
        "lambdaFunctionRecommendations": [
            {
                "functionArn": FUNCTION,
                "accountId": ACCOUNT,
                "finding": "NotOptimized",
                "findingReasonCodes": ["MemoryOverprovisioned"],
                "memorySizeRecommendationOptions": [{"rank": 1, "memorySize": 256, "savingsOpportunity": SAVED}],
            }
        ]
    },
    "compute-optimizer.GetRDSDatabaseRecommendations": {
        "rdsDBRecommendations": [
            {
                "resourceArn": DATABASE,
                "accountId": ACCOUNT,
                "instanceFinding": "Overprovisioned",
                "storageFinding": "Optimized",
                "instanceRecommendationOptions": [{"rank": 1, "savingsOpportunity": SAVED}],
            }
        ]
    },
    "compute-optimizer.GetECSServiceRecommendations": {
        "ecsServiceRecommendations": [
            {
                "serviceArn": SERVICE,
                "accountId": ACCOUNT,
                "finding": "Overprovisioned",
                "serviceRecommendationOptions": [{"memory": 512, "cpu": 256, "savingsOpportunity": SAVED}],
            }
        ]
    },
    "compute-optimizer.GetLicenseRecommendations": {
        "licenseRecommendations": [
            {
                "resourceArn": INSTANCE,
                "accountId": ACCOUNT,
                "finding": "NotOptimized",
                "licenseRecommendationOptions": [{"rank": 1, "savingsOpportunity": SAVED}],
            }
        ]
    },
    "compute-optimizer.GetIdleRecommendations": {
        "idleRecommendations": [
            {
                "resourceArn": VOLUME,
                "resourceType": "EBSVolume",
                "accountId": ACCOUNT,
                "finding": "Unattached",
                "savingsOpportunity": SAVED,
            }
        ]
    },
    "cost-optimization-hub.ListEnrollmentStatuses": {"items": [{"accountId": ACCOUNT, "status": "Active"}]},
    "cost-optimization-hub.ListRecommendations": {
        "items": [
            {
                "recommendationId": "r-1",
                "accountId": ACCOUNT,
                "region": "eu-west-1",
                "resourceArn": VOLUME,
                "actionType": "Delete",
                "estimatedMonthlySavings": 8.25,
                "currencyCode": "USD",
                "source": "ComputeOptimizer",
            }
        ]
    },
}
