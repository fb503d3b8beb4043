"""What a control says of a thing before and after it is mended, by its own procedure: that is what the pairs promise."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from domain.compliance.answers import Call
from domain.compliance.control import Item
from domain.compliance.mending import Mend, Named, Outcome, all_mends
from domain.compliance.registry import all_controls, bundled_controls
from domain.facts.compliance import Integration, Verdict
from domain.rules.registry import get_rule
from tests.factories.answers import NOW, answers, call, judged, procedure

ACCOUNTS = {Integration.GCP: "shop-1"}
ACCOUNT, REGION, HERE = "123456789012", "us-east-1", "eu-west-1"
CONTROLS = {control.id: control for control in (*all_controls(), *bundled_controls())}
FORESEEN = {(mend.control_id, mend.rule_id): mend for mend in all_mends() if mend.becomes is not None}
DAYS_AGO = {days: (NOW - timedelta(days=days)).isoformat() for days in (1, 80, 100, 400)}
Asked = Call | tuple[Any, ...]


class Change(NamedTuple):
    """What is answered before and after a thing is mended, with what is the same at both times.

    `resource` is the thing, where it is none of the examples of the rule.
    """

    before: tuple[Asked, ...]
    after: tuple[Asked, ...]
    both: tuple[Asked, ...] = ()
    resource: Named | None = None


def listed(operation: str, key: str, before: dict[str, Any], after: dict[str, Any] | None, *both: Asked) -> Change:
    """One thing of a list, which is gone where there is nothing after."""
    return Change(((operation, {key: [before]}),), ((operation, {key: [] if after is None else [after]}),), tuple(both))


def azure(operation: str, id: str, before: dict[str, Any], after: dict[str, Any], *both: Asked) -> Change:
    """One thing of Azure by its properties."""
    named = {"id": id, "name": id.rpartition("/")[2]}
    return listed(operation, "value", {**named, "properties": before}, {**named, "properties": after}, *both)


def pages(operation: str, before: Any, after: Any, *both: Asked, **arguments: Any) -> Change:
    """A call with these arguments; None is one that is answered with nothing."""
    ways = [call(operation, *([] if page is None else [page]), **arguments) for page in (before, after)]
    return Change((ways[0],), (ways[1],), tuple(both))


def rules(*ports: int) -> list[dict[str, Any]]:
    everybody = {"IpProtocol": "tcp", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    return [{**everybody, "FromPort": port, "ToPort": port} for port in ports]


def group(*ports: int, name: str = "web") -> dict[str, Any]:
    return {"GroupId": "sg-1", "GroupName": name, "IpPermissions": rules(*ports), "IpPermissionsEgress": []}


def key(status: str = "Active", days: int = 100) -> dict[str, Any]:
    return {"AccessKeyId": "EXAMPLE-KEY-0001", "UserName": "ops", "Status": status, "CreateDate": DAYS_AGO[days]}


def keys(days: int) -> Change:
    used = call("iam.get_access_key_last_used", {"AccessKeyLastUsed": {}}, AccessKeyId="EXAMPLE-KEY-0001")
    return listed("iam.list_access_keys", "AccessKeyMetadata", key(days=days), key("Inactive", days), used)


def report(*rows: str) -> Asked:
    content = "\n".join(["user,arn,password_enabled,mfa_active", "<root_account>,root,not_supported,false", *rows])
    return "iam.get_credential_report", {"Content": content}


def user(document: Any) -> dict[str, Any]:
    statement = {"Statement": [{"Effect": "Allow", **document}]}
    return {
        "Arn": "arn:aws:iam::123456789012:user/ops",
        "UserName": "ops",
        "UserPolicyList": [{"PolicyDocument": statement}],
    }


def repository(**settings: str) -> Any:
    told = {name: {"status": status} for name, status in settings.items()}
    return {"full_name": "octo-org/Shop", "security_and_analysis": told}


def google_key(**told: Any) -> dict[str, Any]:
    name = f"projects/shop-1/serviceAccounts/{ROBOT}/keys/4f2a"
    return {"keys": [{"name": name, "keyType": "USER_MANAGED", "validAfterTime": DAYS_AGO[400], **told}]}


ROBOT = "deploy@shop-1.iam.gserviceaccount.com"
ROBOTS = ("iam.v1:projects.serviceAccounts.list", {"accounts": [{"name": "robot", "email": ROBOT}]})
GOOGLE_KEYS = pages(
    "iam.v1:projects.serviceAccounts.keys.list", google_key(), google_key(disabled=True), ROBOTS, parent="robot"
)
NETWORK_CARDS = (
    "ec2.describe_network_interfaces",
    {"NetworkInterfaces": [{"VpcId": "vpc-1", "Groups": [{"GroupId": "sg-1"}]}]},
)
BUCKET = ("s3.list_buckets", {"Buckets": [{"Name": "invoices"}]})
DENIES = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::invoices", "arn:aws:s3:::invoices/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
FLAGS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
CLOSED = {"PublicAccessBlockConfiguration": dict.fromkeys(FLAGS, True)}
DATABASE = "arn:aws:rds:us-east-1:123456789012:db:orders"
GROUPS, SERVERS = "ec2.describe_security_groups", "GET Microsoft.Sql/servers"
STORES = "GET Microsoft.Storage/storageAccounts"
OPEN_STORE = {"allowBlobPublicAccess": False, "networkAcls": {"defaultAction": "Allow"}}
FIREWALL = {
    "name": "let-in",
    "selfLink": "https://www.googleapis.com/compute/v1/projects/shop-1/global/firewalls/let-in",
}
GOOGLE_RULE = {**FIREWALL, "direction": "INGRESS", "sourceRanges": ["0.0.0.0/0"], "allowed": [{"IPProtocol": "tcp"}]}
SQL = {"name": "orders"}


def sql(address: str, **told: Any) -> dict[str, Any]:
    networks = {"ipv4Enabled": True, "authorizedNetworks": [{"value": address}] if address else [], **told}
    return {**SQL, "settings": {"ipConfiguration": networks}}


def nsg(access: str) -> dict[str, Any]:
    rule = {"direction": "Inbound", "access": access, "protocol": "Tcp", "sourceAddressPrefix": "Internet"}
    return {"securityRules": [{"properties": {**rule, "destinationPortRange": "22"}}], "subnets": [{"id": "one"}]}


def droplet(**told: Any) -> dict[str, Any]:
    usual = {"id": 7, "tags": [], "networks": {"v4": [{"type": "public"}]}, "features": [], "image": {"public": True}}
    return {**usual, **told}


def firewall(*ports: str) -> dict[str, Any]:
    opened = [{"protocol": "tcp", "ports": port, "sources": {"addresses": ["0.0.0.0/0"]}} for port in ports]
    return {"id": "fw-1", "droplet_ids": [7], "inbound_rules": opened}


def kms(rotates: bool) -> dict[str, Any]:
    return {"KeyRotationEnabled": rotates}


KMS = "arn:aws:kms:us-east-1:123456789012:key/1"
KEY = {"Arn": KMS, "KeyId": "1", "KeyManager": "CUSTOMER", "KeyState": "Enabled", "KeySpec": "SYMMETRIC_DEFAULT"}
KMS_KEY = (
    call("kms.describe_key", {"KeyMetadata": KEY}, KeyId=KMS),
    call("kms.get_key_policy", {"Policy": json.dumps({"Statement": []})}, KeyId=KMS),
)
CRYPTO_KEY = {
    "name": "projects/shop-1/locations/europe-west1/keyRings/main/cryptoKeys/disk",
    "purpose": "ENCRYPT_DECRYPT",
}
LOG_GROUP = {"arn": "arn:aws:logs:us-east-1:123456789012:log-group:/app:*", "logGroupName": "/app"}
LABELLED = (
    "resourcegroupstaggingapi.get_resources",
    {
        "ResourceTagMappingList": [
            {"ResourceARN": arn, "Tags": [{"Key": "data-class", "Value": value}]}
            for arn, value in (
                (LOG_GROUP["arn"].removesuffix(":*"), "pii"),
                (DATABASE, "phi"),
                ("arn:aws:s3:::invoices", "phi"),
            )
        ]
    },
)
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
SITE = "/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.Web/sites/shop-web"
STORE = "/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.Storage/storageAccounts/cedardata"
NSG = "/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.Network/networkSecurityGroups/front"
VAULT = "/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.KeyVault/vaults/cedar-keys"
BALANCER = ("elbv2.describe_load_balancers", {"LoadBalancers": [{"LoadBalancerArn": "lb", "Type": "application"}]})
LISTENER = {
    "ListenerArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/shop/50dc/f2f7",
    "LoadBalancerArn": "lb",
    "Protocol": "HTTPS",
}
SECRET = {"ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf", "CreatedDate": DAYS_AGO[400]}
TOKEN = {"id": "00T1", "name": "ci", "created": DAYS_AGO[400], "lastUpdated": DAYS_AGO[100]}
PERSON = {
    "id": "00u1",
    "status": "ACTIVE",
    "created": DAYS_AGO[400],
    "lastLogin": DAYS_AGO[400],
    "profile": {"login": "ann"},
}
MEMBERS = call("GET /orgs/{org}/members", [{"login": "ann"}, {"login": "bob"}], role="admin")
SNAPSHOT = {"DBSnapshotIdentifier": "orders-1", "DBSnapshotArn": "arn:aws:rds:us-east-1:123456789012:snapshot:orders-1"}
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
ENCRYPTED = {
    "ServerSideEncryptionConfiguration": {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
}


NO_SIGN_ON = call("GET /api/v1/policies", [], type="OKTA_SIGN_ON")


def sign_on(mode: str) -> dict[str, Any]:
    action = {"access": "ALLOW", "verificationMethod": {"type": "ASSURANCE", "factorMode": mode}}
    return {"id": "rule-1", "name": "Everybody", "status": "ACTIVE", "actions": {"appSignOn": action}}


def passwords(length: int) -> list[dict[str, Any]]:
    settings = {"password": {"complexity": {"minLength": length}, "lockout": {"maxAttempts": 10}}}
    return [{"id": "policy-1", "name": "Staff", "status": "ACTIVE", "settings": settings}]


def recovery(status: str) -> dict[str, Any]:
    return {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": status}}}


def shared(*values: str) -> dict[str, Any]:
    attribute = {"AttributeName": "restore", "AttributeValues": list(values)}
    return {"DBSnapshotAttributesResult": {"DBSnapshotAttributes": [attribute]}}


def volumes(by_default: bool) -> dict[str, Any]:
    return {"EbsEncryptionByDefault": by_default}


def weak_or_not(length: int) -> dict[str, Any]:
    return {"PasswordPolicy": {"MinimumPasswordLength": length, "PasswordReusePrevention": 24}}


def google_bucket(prevention: str) -> dict[str, Any]:
    return {"name": "shop-logs", "iamConfiguration": {"publicAccessPrevention": prevention}}


CHANGES: dict[tuple[str, str], Change] = {
    ("CW-IAM-02", "aws-iam-console-unused"): Change(
        (report("ops,arn:aws:iam::123456789012:user/ops,true,false"),),
        (report("ops,arn:aws:iam::123456789012:user/ops,false,false"),),
    ),
    ("CW-IAM-02", "okta-signon-mfa"): Change(
        *((call("GET /api/v1/policies/{policyId}/rules", [sign_on(mode)], policyId="p"),) for mode in ("1FA", "2FA")),
        (call("GET /api/v1/policies", [{"id": "p", "name": "Apps", "status": "ACTIVE"}], type="ACCESS_POLICY"),),
    ),
    ("CW-IAM-04", "aws-iam-password-policy"): pages("iam.get_account_password_policy", None, weak_or_not(14)),
    ("CW-IAM-04", "okta-password-policy"): pages(
        "GET /api/v1/policies", passwords(8), passwords(12), NO_SIGN_ON, type="PASSWORD"
    ),
    ("CW-IAM-05", "aws-compromised-key"): keys(400),
    ("CW-IAM-05", "aws-iam-key-rotation"): keys(100),
    ("CW-IAM-05", "aws-iam-key-unused"): keys(80),
    ("CW-IAM-05", "gcp-sa-key-old"): GOOGLE_KEYS,
    ("CW-IAM-05", "github-deploy-key-write"): pages(
        "GET /repos/{owner}/{repo}/keys",
        [{"id": 7, "read_only": False, "created_at": DAYS_AGO[400]}],
        [],
        owner="octo-org",
        repo="shop",
    ),
    ("CW-IAM-05", "okta-api-token-unused"): pages("GET /api/v1/api-tokens", [TOKEN], []),
    ("CW-IAM-06", "okta-user-inactive"): pages("GET /api/v1/users", [PERSON], [{**PERSON, "status": "SUSPENDED"}]),
    ("CW-IAM-07", "aws-iam-admin-user"): listed(
        "iam.get_account_authorization_details",
        "UserDetailList",
        user({"Action": "*", "Resource": "*"}),
        user({"Action": "s3:GetObject", "Resource": "*"}),
    ),
    ("CW-IAM-07", "aws-access-analyzer-off"): listed(
        "accessanalyzer.list_analyzers",
        "analyzers",
        {"arn": "unused", "status": "ACTIVE", "type": "ACCOUNT_UNUSED_ACCESS"},
        {"arn": "outside", "status": "ACTIVE", "type": "ACCOUNT"},
    ),
    ("CW-IAM-07", "github-org-default-permission"): pages(
        "GET /orgs/{org}",
        {"id": 1, "default_repository_permission": "write"},
        {"id": 1, "default_repository_permission": "read"},
        MEMBERS,
    ),
    ("CW-IAM-11", "gcp-sa-key-old"): GOOGLE_KEYS,
    ("CW-NET-01", "aws-sg-admin-open"): listed(GROUPS, "SecurityGroups", group(22, 443), group(443), NETWORK_CARDS),
    ("CW-NET-01", "azure-nsg-admin-open"): azure(
        "GET Microsoft.Network/networkSecurityGroups", NSG, nsg("Allow"), nsg("Deny")
    ),
    ("CW-NET-01", "digitalocean-firewall-admin-open"): listed(
        "GET /v2/firewalls", "firewalls", firewall("22", "443"), firewall("443")
    ),
    ("CW-NET-01", "digitalocean-firewall-missing"): listed(
        "GET /v2/firewalls",
        "firewalls",
        {**firewall(), "droplet_ids": []},
        firewall(),
        ("GET /v2/droplets", {"droplets": [droplet()]}),
    ),
    ("CW-NET-01", "gcp-firewall-admin-open"): listed(
        "compute.v1:firewalls.list", "items", {**GOOGLE_RULE, "disabled": False}, {**GOOGLE_RULE, "disabled": True}
    ),
    ("CW-NET-02", "aws-rds-public"): listed(
        "rds.describe_db_instances",
        "DBInstances",
        {"DBInstanceArn": DATABASE, "PubliclyAccessible": True, "VpcSecurityGroups": []},
        {"DBInstanceArn": DATABASE, "PubliclyAccessible": False, "VpcSecurityGroups": []},
    ),
    ("CW-NET-02", "digitalocean-database-open"): pages(
        "GET /v2/databases/{database_cluster_uuid}/firewall",
        {"rules": []},
        {"rules": [{"type": "droplet", "value": "7"}]},
        ("GET /v2/databases", {"databases": [{"id": "db-1"}]}),
        database_cluster_uuid="db-1",
    ),
    ("CW-NET-02", "gcp-sql-public"): listed("sqladmin.v1:instances.list", "items", sql("0.0.0.0/0"), sql("")),
    ("CW-NET-03", "aws-sg-default-open"): listed(
        GROUPS, "SecurityGroups", group(443, name="default"), group(name="default")
    ),
    ("CW-DAT-01", "aws-ami-public"): listed(
        "ec2.describe_images", "Images", {"ImageId": "ami-1", "Public": True}, {"ImageId": "ami-1", "Public": False}
    ),
    ("CW-DAT-01", "aws-ebs-snapshot-public"): pages(
        "ec2.describe_snapshot_attribute",
        {"CreateVolumePermissions": [{"Group": "all"}]},
        {"CreateVolumePermissions": []},
        SnapshotId="snap-1",
    ),
    ("CW-DAT-01", "aws-rds-snapshot-public"): pages(
        "rds.describe_db_snapshot_attributes",
        shared("all"),
        shared(),
        ("rds.describe_db_snapshots", {"DBSnapshots": [SNAPSHOT]}),
        DBSnapshotIdentifier="orders-1",
    ),
    ("CW-DAT-01", "aws-s3-account-public-block"): pages("s3control.get_public_access_block", None, CLOSED, BUCKET),
    ("CW-DAT-01", "azure-storage-public-blob"): azure(
        STORES, STORE, {**OPEN_STORE, "allowBlobPublicAccess": True}, OPEN_STORE
    ),
    ("CW-DAT-01", "azure-storage-network-open"): azure(
        STORES, STORE, OPEN_STORE, {**OPEN_STORE, "networkAcls": {"defaultAction": "Deny"}}
    ),
    ("CW-DAT-01", "gcp-bucket-public"): listed(
        "storage.v1:buckets.list",
        "items",
        google_bucket("inherited"),
        google_bucket("enforced"),
        call("storage.v1:buckets.getIamPolicy", {"bindings": [{"members": ["allUsers"]}]}, bucket="shop-logs"),
    ),
    ("CW-DAT-02", "aws-ebs-default-encryption"): Change(
        *((call("ec2.get_ebs_encryption_by_default", volumes(is_on), at=REGION),) for is_on in (False, True)),
        (call("ec2.describe_volumes", {"Volumes": [{"VolumeId": "vol-1", "Encrypted": True}]}, at=REGION),),
    ),
    ("CW-DAT-02", "aws-s3-encryption"): pages(
        "s3.get_bucket_encryption",
        None,
        ENCRYPTED,
        BUCKET,
        (
            "resourcegroupstaggingapi.get_resources",
            {
                "ResourceTagMappingList": [
                    {"ResourceARN": "arn:aws:s3:::invoices", "Tags": [{"Key": "data-class", "Value": "restricted"}]}
                ]
            },
        ),
        Bucket="invoices",
    ),
    ("CW-DAT-03", "aws-elb-old-tls"): listed(
        "elbv2.describe_listeners",
        "Listeners",
        {**LISTENER, "SslPolicy": "ELBSecurityPolicy-2016-08"},
        {**LISTENER, "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"},
        BALANCER,
    ),
    ("CW-DAT-03", "aws-s3-tls-only"): pages(
        "s3.get_bucket_policy", None, {"Policy": json.dumps({"Statement": [DENIES]})}, BUCKET, Bucket="invoices"
    ),
    ("CW-DAT-03", "azure-app-tls"): pages(
        "GET Microsoft.Web/sites/{name}/config/web",
        {"properties": {"minTlsVersion": "1.0"}},
        {"properties": {"minTlsVersion": "1.2"}},
        ("GET Microsoft.Web/sites", {"value": [{"id": SITE, "properties": {"httpsOnly": True}}]}),
        id=SITE,
    ),
    ("CW-DAT-03", "azure-storage-https"): azure(
        STORES,
        STORE,
        {"supportsHttpsTrafficOnly": False, "minimumTlsVersion": "TLS1_0"},
        {"supportsHttpsTrafficOnly": True, "minimumTlsVersion": "TLS1_2"},
    ),
    ("CW-DAT-03", "gcp-sql-public"): listed(
        "sqladmin.v1:instances.list", "items", sql("0.0.0.0/0"), sql("", sslMode="ENCRYPTED_ONLY")
    ),
    ("CW-DAT-04", "aws-kms-rotation"): pages("kms.get_key_rotation_status", kms(False), kms(True), *KMS_KEY, KeyId=KMS),
    ("CW-DAT-04", "azure-keyvault-purge-protection"): azure(
        "GET Microsoft.KeyVault/vaults",
        VAULT,
        {"enableSoftDelete": True},
        {"enableSoftDelete": True, "enablePurgeProtection": True},
    ),
    ("CW-DAT-04", "gcp-kms-rotation"): listed(
        "cloudkms.v1:projects.locations.keyRings.cryptoKeys.list",
        "cryptoKeys",
        CRYPTO_KEY,
        {**CRYPTO_KEY, "rotationPeriod": "7776000s"},
    ),
    ("CW-DAT-05", "aws-secret-unused"): listed("secretsmanager.list_secrets", "SecretList", SECRET, None),
    ("CW-DAT-05", "github-secret-scanning"): pages(
        "GET /repos/{owner}/{repo}",
        repository(secret_scanning="disabled"),
        repository(secret_scanning="enabled", secret_scanning_push_protection="enabled"),
    ),
    ("CW-DAT-07", "aws-logs-no-retention"): listed(
        "logs.describe_log_groups", "logGroups", LOG_GROUP, {**LOG_GROUP, "retentionInDays": 90}, LABELLED
    ),
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
    ("CW-AVL-01", "aws-dynamodb-pitr"): Change(
        *(
            (call("dynamodb.describe_continuous_backups", recovery(status), at=REGION, TableName="orders"),)
            for status in ("DISABLED", "ENABLED")
        )
    ),
    ("CW-AVL-01", "digitalocean-backups-off"): listed(
        "GET /v2/droplets", "droplets", droplet(), droplet(features=["backups"])
    ),
    ("CW-AVL-04", "aws-budget-missing"): Change(
        (("budgets.describe_budgets", {"Budgets": []}),),
        (("budgets.describe_budgets", {"Budgets": [{"BudgetName": "all"}]}),),
    ),
    ("CW-AVL-04", "aws-cost-anomaly-monitor"): Change(
        (("ce.get_anomaly_monitors", {"AnomalyMonitors": []}),),
        (("ce.get_anomaly_monitors", {"AnomalyMonitors": [{"MonitorType": "DIMENSIONAL"}]}),),
    ),
    ("CW-AVL-04", "azure-budget-missing"): Change(
        (("GET Microsoft.Consumption/budgets", {"value": []}),),
        (("GET Microsoft.Consumption/budgets", {"value": [{"name": "all", "properties": {"amount": 7}}]}),),
    ),
    ("CW-PIN-03", "aws-rds-deletion-protection"): listed(
        "rds.describe_db_instances",
        "DBInstances",
        {"DBInstanceArn": DATABASE, "DeletionProtection": False},
        {"DBInstanceArn": DATABASE, "DeletionProtection": True},
    ),
    ("CW-PIN-03", "aws-s3-versioning"): pages(
        "s3.get_bucket_versioning", {}, {"Status": "Enabled"}, BUCKET, Bucket="invoices"
    ),
    ("TC-PHI-03", "aws-s3-encryption"): pages("s3.get_bucket_encryption", None, ENCRYPTED, LABELLED, Bucket="invoices"),
    ("TC-PHI-04", "aws-rds-public"): listed(
        "rds.describe_db_instances",
        "DBInstances",
        {"DBInstanceArn": DATABASE, "PubliclyAccessible": True},
        {"DBInstanceArn": DATABASE, "PubliclyAccessible": False},
        LABELLED,
    ),
    ("TC-PHI-04", "aws-s3-bucket-public"): pages(
        "s3.get_public_access_block", None, CLOSED, LABELLED, Bucket="invoices"
    ),
}


def said(mend: Mend, asked: tuple[Asked, ...]) -> dict[str, Item]:
    """What the control says of things of an account that has nothing but what was asked."""
    control = CONTROLS[mend.control_id]
    named = {one.operation if isinstance(one, Call) else one[0] for one in asked}
    rest = [operation for operation in procedure(control, mend.integration).operations if operation not in named]
    found = judged(
        control, answers(mend.integration, *asked, needless=rest, account=ACCOUNTS.get(mend.integration, ACCOUNT))
    )
    assert found.problem is None, found.problem
    # The worst of what is said of it.
    return {item.resource: item for item in reversed(found.items)}


def resources(mend: Mend) -> Iterator[Named]:
    """The resources on which the rule fires in its examples."""
    for example in get_rule(mend.rule_id).examples:
        if example.is_firing:
            yield Named(example.resource.native_id, example.resource.name, ACCOUNT)


@pytest.mark.parametrize("mend", [pytest.param(one, id=" ".join(key)) for key, one in FORESEEN.items()])
def test_a_thing_that_does_not_pass_is_said_to_be_what_the_pair_promises(mend: Mend) -> None:
    change = CHANGES[mend.control_id, mend.rule_id]

    before, after = said(mend, (*change.both, *change.before)), said(mend, (*change.both, *change.after))

    things = [change.resource] if change.resource else list(resources(mend))
    named = {item for item in before for thing in things if mend.names(item, thing)}
    (item,) = (before[one] for one in named if before[one].verdict is not Verdict.PASS)
    assert mend.is_mended(item.observed), item.observed
    became = Outcome.GONE if item.resource not in after else Outcome(after[item.resource].verdict.value)
    assert became is mend.becomes


def test_every_pair_is_shown() -> None:
    assert CHANGES.keys() == FORESEEN.keys()
