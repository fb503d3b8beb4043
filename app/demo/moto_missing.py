"""What moto does not know how to answer, answered as an account would in which there is nothing of it."""

from functools import cache
from typing import Any

from app.demo import aws_wire

# moto 5.2.5
EMPTY: dict[str, dict[str, Any]] = {
    "accessanalyzer.ListAnalyzers": {"analyzers": []},
    "account.ListRegions": {"Regions": []},
    "artifact.ListCustomerAgreements": {"customerAgreements": []},
    "artifact.ListReports": {"reports": []},
    "ce.GetAnomalyMonitors": {"AnomalyMonitors": []},
    "ce.GetReservationPurchaseRecommendation": {"Recommendations": []},
    "ce.GetReservationUtilization": {"UtilizationsByTime": []},
    "ce.GetSavingsPlansCoverage": {"SavingsPlansCoverages": []},
    "ce.GetSavingsPlansPurchaseRecommendation": {"Metadata": {"RecommendationId": "none"}},
    "ce.GetSavingsPlansUtilization": {"Total": {"Utilization": {}}},
    "cloudfront.ListCachePolicies": {"CachePolicyList": {"MaxItems": 100, "Quantity": 0}},
    "cloudtrail.LookupEvents": {"Events": []},
    "compute-optimizer.GetAutoScalingGroupRecommendations": {"autoScalingGroupRecommendations": []},
    "compute-optimizer.GetEBSVolumeRecommendations": {"volumeRecommendations": []},
    "compute-optimizer.GetEC2InstanceRecommendations": {"instanceRecommendations": []},
    "compute-optimizer.GetECSServiceRecommendations": {"ecsServiceRecommendations": []},
    "compute-optimizer.GetEnrollmentStatus": {"status": "Active"},
    "compute-optimizer.GetIdleRecommendations": {"idleRecommendations": []},
    "compute-optimizer.GetLambdaFunctionRecommendations": {"lambdaFunctionRecommendations": []},
    "compute-optimizer.GetLicenseRecommendations": {"licenseRecommendations": []},
    "compute-optimizer.GetRDSDatabaseRecommendations": {"rdsDBRecommendations": []},
    "cost-optimization-hub.ListEnrollmentStatuses": {"items": [{"status": "Active"}]},
    "cost-optimization-hub.ListRecommendations": {"items": []},
    "guardduty.ListMalwareProtectionPlans": {"MalwareProtectionPlans": []},
    "macie2.GetAutomatedDiscoveryConfiguration": {"status": "DISABLED"},
    "macie2.ListFindings": {"findingIds": []},
    "savingsplans.DescribeSavingsPlans": {"savingsPlans": []},
    "service-quotas.ListServiceQuotas": {"Quotas": []},
    "backup.ListProtectedResources": {"Results": []},
    "backup.ListRestoreJobs": {"RestoreJobs": []},
    "backup.ListRestoreTestingPlans": {"RestoreTestingPlans": []},
    "ec2.DescribeReservedInstances": {"ReservedInstances": []},
    "lambda.ListProvisionedConcurrencyConfigs": {"ProvisionedConcurrencyConfigs": []},
    "rds.DescribeDBEngineVersions": {"DBEngineVersions": []},
    "ssm.DescribeInstanceInformation": {"InstanceInformationList": []},
}


def answer(environ: dict[str, Any]) -> tuple[bytes, dict[str, str]] | None:
    """Body and headers for a request that moto cannot answer; None for all others."""
    operation = aws_wire.operation_of(environ)
    return _made(operation) if operation in EMPTY else None


@cache
def _made(operation: str) -> tuple[bytes, dict[str, str]]:
    service, _, action = operation.partition(".")
    return aws_wire.answered(service, action, EMPTY[operation])
