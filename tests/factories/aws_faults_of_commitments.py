"""Faults that moto shows only when it is told what to say, and cannot mend: commitments, and some of other services."""

from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.clouds.aws import purchase
from connectors.reading.listing import Place
from tests.factories.aws_faults_of_platform import ROLE, large_function, measured
from tests.factories.fault import Fault
from tests.fakes.aws import ACCOUNT, REGION, Moto

LEASE = "0b1c2d3e-1111-2222-3333-444455556666"
OFFER = "438012d3-4967-4ba9-aa40-c33c3c1f0a2c"
YEAR = 31_536_000
# Rules are tried so long after the account was made; see `Play.later`.
LATER = timedelta(days=400)
TERMS = {"TermInYears": "ONE_YEAR", "PaymentOption": "NO_UPFRONT", "LookbackPeriodInDays": "THIRTY_DAYS"}
NO_CALL = "moto answers none of the calls that change it"


def plan_to_buy(moto: Moto) -> str:
    advice = {
        "HourlyCommitmentToPurchase": "2.5",
        "EstimatedAverageUtilization": "99.1",
        "EstimatedMonthlySavingsAmount": "400.5",
        "CurrencyCode": "USD",
        "SavingsPlansDetails": {"OfferingId": OFFER},
    }
    whole = {**TERMS, "SavingsPlansType": "COMPUTE_SP", "SavingsPlansPurchaseRecommendationDetails": [advice]}
    moto.say("ce.GetSavingsPlansPurchaseRecommendation", {"SavingsPlansPurchaseRecommendation": whole})
    offered = {"offeringId": OFFER, "planType": "Compute", "paymentOption": "No Upfront", "durationSeconds": YEAR}
    moto.say("savingsplans.DescribeSavingsPlansOfferings", {"searchResults": [{**offered, "currency": "USD"}]})
    return f"ce.savings-plan/COMPUTE_SP/{ACCOUNT}/{OFFER}"


def ending_plan(moto: Moto) -> str:
    arn = f"arn:aws:savingsplans::{ACCOUNT}:savingsplan/{LEASE}"
    end = datetime.now(UTC) + LATER + timedelta(days=30)
    plan = {
        "savingsPlanId": LEASE,
        "savingsPlanArn": arn,
        "offeringId": OFFER,
        "state": "active",
        "savingsPlanType": "Compute",
        "paymentOption": "No Upfront",
        "commitment": "1.5",
        "start": f"{end - timedelta(days=365):%Y-%m-%dT%H:%M:%S.000Z}",
        "end": f"{end:%Y-%m-%dT%H:%M:%S.000Z}",
        "termDurationInSeconds": YEAR,
    }
    moto.say("savingsplans.DescribeSavingsPlans", {"savingsPlans": [plan]})
    return arn


def to_reserve(moto: Moto, details: str, what: dict[str, Any]) -> str:
    """AWS recommends to reserve three of them."""
    advice = {
        "InstanceDetails": {details: what},
        "RecommendedNumberOfInstancesToPurchase": "3",
        "EstimatedMonthlySavingsAmount": "80.5",
        "EstimatedBreakEvenInMonths": "7.5",
        "CurrencyCode": "USD",
    }
    found = {"Recommendations": [{**TERMS, "RecommendationDetails": [advice]}]}
    moto.say("ce.GetReservationPurchaseRecommendation", found)
    item = {"InstanceDetails": advice["InstanceDetails"]}
    place = Place(account_id=ACCOUNT, region=None, now=datetime.now(UTC))
    return purchase.parse_reservation_purchase(item, {}, place).native_id


OFFERED = {"OfferingType": "No Upfront", "CurrencyCode": "USD", "Duration": YEAR, "FixedPrice": 0.0}


def machines_to_reserve(moto: Moto) -> str:
    what = {"InstanceType": "m5.large", "Region": REGION, "Platform": "Linux/UNIX", "Tenancy": "shared"}
    offer = {
        **OFFERED,
        "ReservedInstancesOfferingId": OFFER,
        "InstanceType": "m5.large",
        "ProductDescription": "Linux/UNIX",
        "InstanceTenancy": "default",
        "OfferingClass": "standard",
        "Scope": "Region",
        "Marketplace": False,
        "RecurringCharges": [{"Amount": 0.06, "Frequency": "Hourly"}],
    }
    moto.say("ec2.DescribeReservedInstancesOfferings", {"ReservedInstancesOfferings": [offer]})
    return to_reserve(moto, "EC2InstanceDetails", what)


def databases_to_reserve(moto: Moto) -> str:
    what = {"InstanceType": "db.r5.large", "Region": REGION, "DatabaseEngine": "PostgreSQL"}
    offer = {
        **OFFERED,
        "ReservedDBInstancesOfferingId": OFFER,
        "DBInstanceClass": "db.r5.large",
        "ProductDescription": "postgresql",
        "MultiAZ": False,
        "RecurringCharges": [{"RecurringChargeAmount": 0.1, "RecurringChargeFrequency": "Hourly"}],
    }
    moto.say("rds.DescribeReservedDBInstancesOfferings", {"ReservedDBInstancesOfferings": [offer]})
    return to_reserve(moto, "RDSInstanceDetails", {**what, "DeploymentOption": "Single-AZ"})


def unused_reservation(moto: Moto) -> str:
    held = {
        "ReservedInstancesId": LEASE,
        "State": "active",
        "Scope": "Availability Zone",
        "AvailabilityZone": f"{REGION}a",
        "InstanceCount": 4,
        "InstanceType": "m5.large",
    }
    moto.say("ec2.DescribeReservedInstances", {"ReservedInstances": [held]})
    use = {"UtilizationPercentage": "50", "TotalAmortizedFee": "300"}
    group = {"Key": "SUBSCRIPTION_ID", "Value": "1234567", "Attributes": {"leaseId": LEASE}, "Utilization": use}
    moto.say("ce.GetReservationUtilization", {"UtilizationsByTime": [{"Groups": [group]}]})
    return LEASE


def ready_for_nothing(moto: Moto) -> str:
    arn = f"{large_function(moto)}:1"
    moto.client("lambda").publish_version(FunctionName="resize")
    kept = {"FunctionArn": arn, "RequestedProvisionedConcurrentExecutions": 5, "Status": "READY"}
    moto.say("lambda.ListProvisionedConcurrencyConfigs", {"ProvisionedConcurrencyConfigs": [kept]})
    named = {"FunctionName": "resize", "Resource": "resize:1"}
    measured(moto, "AWS/Lambda", "ProvisionedConcurrencyUtilization", 0.01, 14, **named)
    return arn


def idle_cache(moto: Moto) -> str:
    made = moto.client("elasticache").create_replication_group(
        ReplicationGroupId="sessions",
        ReplicationGroupDescription="of the shop",
        CacheNodeType="cache.t4g.small",
        NumCacheClusters=1,
    )
    group = made["ReplicationGroup"]
    for node in group["MemberClusters"]:
        measured(moto, "AWS/ElastiCache", "CurrConnections", 2, 14, CacheClusterId=node)
    return str(group["ARN"])


def old_cluster(moto: Moto) -> str:
    made = moto.client("eks").create_cluster(name="shop", version="1.30", roleArn=ROLE, resourcesVpcConfig={})
    return str(made["cluster"]["arn"])


def unwatched(_: Moto) -> str:
    return ACCOUNT


FAULTS = [
    Fault(rule_id="aws-savings-plan-purchase", make=plan_to_buy, unplayed=NO_CALL),
    Fault(rule_id="aws-commitment-expiring", make=ending_plan, unplayed=NO_CALL),
    Fault(rule_id="aws-ec2-reserved-purchase", make=machines_to_reserve, unplayed=NO_CALL),
    Fault(rule_id="aws-rds-reserved-purchase", make=databases_to_reserve, unplayed=NO_CALL),
    Fault(rule_id="aws-reservation-underused", make=unused_reservation, unplayed=NO_CALL),
    Fault(rule_id="aws-lambda-provisioned-idle", make=ready_for_nothing, unplayed=NO_CALL),
    Fault(
        rule_id="aws-elasticache-idle",
        make=idle_cache,
        unplayed="moto keeps no last snapshot, and a deleted group stays for ever",
    ),
    Fault(rule_id="aws-eks-extended-support", make=old_cluster, unplayed=NO_CALL),
    Fault(
        rule_id="aws-cost-anomaly-monitor",
        make=unwatched,
        parameters={"emails": ("costs@example.com",)},
        unplayed=NO_CALL,
    ),
]
