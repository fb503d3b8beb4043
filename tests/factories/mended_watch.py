"""Records, scans and changes before and after they are mended."""

from domain.compliance.mending import Named
from tests.factories.answers import call
from tests.factories.mended import ACCOUNT, HERE, NETWORK_CARDS, Change, listed, pages

TRAIL = {
    "TrailARN": "arn:all",
    "Name": "all",
    "IsMultiRegionTrail": True,
    "IncludeGlobalServiceEvents": True,
}

USED = (
    call("ec2.describe_regions", {"Regions": [{"RegionName": HERE}]}, at=HERE),
    call("lambda.list_functions", {"Functions": [{"FunctionArn": "f"}]}, at=HERE),
)

RECORDER = call(
    "config.describe_configuration_recorders",
    {"ConfigurationRecorders": [{"name": "all", "recordingGroup": {"allSupported": True}}]},
    at=HERE,
)

INSTANCE = {"InstanceId": "i-1", "State": {"Name": "running"}}

MANAGED = (
    ("ssm.describe_instance_information", {"InstanceInformationList": [{"InstanceId": "i-1", "PingStatus": "Online"}]}),
    (
        "ssm.describe_instance_patch_states",
        {
            "InstancePatchStates": [
                {"InstanceId": "i-1", "CriticalNonCompliantCount": 0, "MissingCount": 0, "FailedCount": 0}
            ]
        },
    ),
)

SHOP = {
    "full_name": "octo-org/shop",
    "name": "shop",
    "owner": {"login": "octo-org"},
    "default_branch": "main",
    "archived": False,
    "topics": [],
}

BRANCH = {"owner": "octo-org", "repo": "shop", "branch": "main"}

GUARD = {
    "required_pull_request_reviews": {"required_approving_review_count": 1},
    "required_status_checks": {"contexts": ["test"]},
    "enforce_admins": {"enabled": False},
}


CHANGES: dict[tuple[str, str], Change] = {
    ("CW-LOG-01", "aws-cloudtrail-multiregion"): listed(
        "cloudtrail.describe_trails",
        "trailList",
        {**TRAIL, "IsMultiRegionTrail": False},
        TRAIL,
        call("cloudtrail.get_trail_status", {"IsLogging": True}, Name="arn:all"),
        call("cloudtrail.get_event_selectors", {"EventSelectors": [{"ReadWriteType": "All"}]}, TrailName="arn:all"),
    ),
    ("CW-LOG-03", "aws-s3-access-logging"): pages(
        "s3.get_bucket_logging",
        {},
        {"LoggingEnabled": {"TargetBucket": "logs"}},
        call("s3.get_bucket_tagging", {"TagSet": [{"Key": "data-class", "Value": "pii"}]}, Bucket="invoices"),
        Bucket="invoices",
    ),
    ("CW-LOG-03", "aws-vpc-flow-logs"): listed(
        "ec2.describe_flow_logs",
        "FlowLogs",
        {"ResourceId": "other", "TrafficType": "ALL", "FlowLogStatus": "ACTIVE"},
        {"ResourceId": "vpc-1", "TrafficType": "REJECT", "FlowLogStatus": "ACTIVE"},
        NETWORK_CARDS,
        ("ec2.describe_vpcs", {"Vpcs": [{"VpcId": "vpc-1"}]}),
    ),
    ("CW-LOG-04", "aws-guardduty-off"): Change(
        (),
        (call("guardduty.get_detector", {"Status": "ENABLED"}, at=HERE),),
        USED,
    ),
    ("CW-LOG-06", "aws-config-recorder"): Change(
        *(
            (
                call(
                    "config.describe_configuration_recorder_status",
                    {"ConfigurationRecordersStatus": [state]},
                    at=HERE,
                ),
            )
            for state in (
                {"name": "all", "recording": False, "lastStatus": "PENDING"},
                {"name": "all", "recording": True, "lastStatus": "PENDING"},
            )
        ),
        (*USED, RECORDER),
    ),
    ("CW-VUL-01", "azure-defender-off"): listed(
        "GET Microsoft.Security/pricings",
        "value",
        {"name": "VirtualMachines", "properties": {"pricingTier": "Free"}},
        {"name": "VirtualMachines", "properties": {"pricingTier": "Standard"}},
    )._replace(
        resource=Named(
            "/subscriptions/s1/providers/Microsoft.Security/pricings/VirtualMachines", "VirtualMachines", ACCOUNT
        )
    ),
    ("CW-VUL-02", "github-dependabot-alerts"): Change(
        (call("GET /repos/{owner}/{repo}/vulnerability-alerts", owner="octo-org", repo="shop"),),
        (call("GET /repos/{owner}/{repo}/vulnerability-alerts", None, owner="octo-org", repo="shop"),),
        (
            ("GET /orgs/{org}/repos", [{**SHOP, "full_name": "octo-org/Shop"}]),
            call(
                "GET /repos/{owner}/{repo}/code-scanning/default-setup",
                {"state": "configured"},
                owner="octo-org",
                repo="shop",
            ),
        ),
    ),
    ("CW-VUL-03", "aws-ec2-imdsv2"): listed(
        "ec2.describe_instances",
        "Reservations",
        {"Instances": [{**INSTANCE, "MetadataOptions": {"HttpTokens": "optional"}}]},
        {"Instances": [{**INSTANCE, "MetadataOptions": {"HttpTokens": "required"}}]},
        *MANAGED,
    ),
    ("CW-CHG-01", "github-branch-protection"): pages(
        "GET /repos/{owner}/{repo}/branches/{branch}/protection",
        {**GUARD, "allow_force_pushes": {"enabled": True}},
        {**GUARD, "allow_force_pushes": {"enabled": False}},
        ("GET /orgs/{org}/repos", [SHOP]),
        **BRANCH,
    ),
}
