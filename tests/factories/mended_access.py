"""Who gets in, and what networks let in, before and after it is mended."""

from typing import Any

from tests.factories.answers import call
from tests.factories.mended import (
    DATABASE,
    DAYS_AGO,
    NETWORK_CARDS,
    Asked,
    Change,
    azure,
    droplet,
    listed,
    pages,
    sql,
)


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


def google_key(**told: Any) -> dict[str, Any]:
    name = f"projects/shop-1/serviceAccounts/{ROBOT}/keys/4f2a"
    return {"keys": [{"name": name, "keyType": "USER_MANAGED", "validAfterTime": DAYS_AGO[400], **told}]}


ROBOT = "deploy@shop-1.iam.gserviceaccount.com"

ROBOTS = ("iam.v1:projects.serviceAccounts.list", {"accounts": [{"name": "robot", "email": ROBOT}]})

GOOGLE_KEYS = pages(
    "iam.v1:projects.serviceAccounts.keys.list", google_key(), google_key(disabled=True), ROBOTS, parent="robot"
)

GROUPS, SERVERS = "ec2.describe_security_groups", "GET Microsoft.Sql/servers"

FIREWALL = {
    "name": "let-in",
    "selfLink": "https://www.googleapis.com/compute/v1/projects/shop-1/global/firewalls/let-in",
}

GOOGLE_RULE = {**FIREWALL, "direction": "INGRESS", "sourceRanges": ["0.0.0.0/0"], "allowed": [{"IPProtocol": "tcp"}]}


def nsg(access: str) -> dict[str, Any]:
    rule = {"direction": "Inbound", "access": access, "protocol": "Tcp", "sourceAddressPrefix": "Internet"}
    return {"securityRules": [{"properties": {**rule, "destinationPortRange": "22"}}], "subnets": [{"id": "one"}]}


def firewall(*ports: str) -> dict[str, Any]:
    opened = [{"protocol": "tcp", "ports": port, "sources": {"addresses": ["0.0.0.0/0"]}} for port in ports]
    return {"id": "fw-1", "droplet_ids": [7], "inbound_rules": opened}


NSG = "/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.Network/networkSecurityGroups/front"

TOKEN = {"id": "00T1", "name": "ci", "created": DAYS_AGO[400], "lastUpdated": DAYS_AGO[100]}

PERSON = {
    "id": "00u1",
    "status": "ACTIVE",
    "created": DAYS_AGO[400],
    "lastLogin": DAYS_AGO[400],
    "profile": {"login": "ann"},
}

MEMBERS = call("GET /orgs/{org}/members", [{"login": "ann"}, {"login": "bob"}], role="admin")

NO_SIGN_ON = call("GET /api/v1/policies", [], type="OKTA_SIGN_ON")


def sign_on(mode: str) -> dict[str, Any]:
    action = {"access": "ALLOW", "verificationMethod": {"type": "ASSURANCE", "factorMode": mode}}
    return {"id": "rule-1", "name": "Everybody", "status": "ACTIVE", "actions": {"appSignOn": action}}


def session(idle: int) -> dict[str, Any]:
    action = {"access": "ALLOW", "session": {"maxSessionIdleMinutes": idle}}
    return {"id": "rule-1", "name": "Everybody", "status": "ACTIVE", "actions": {"signon": action}}


def passwords(length: int) -> list[dict[str, Any]]:
    settings = {"password": {"complexity": {"minLength": length}, "lockout": {"maxAttempts": 10}}}
    return [{"id": "policy-1", "name": "Staff", "status": "ACTIVE", "settings": settings}]


def weak_or_not(length: int) -> dict[str, Any]:
    return {"PasswordPolicy": {"MinimumPasswordLength": length, "PasswordReusePrevention": 24}}


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
        "GET /api/v1/policies", passwords(8), passwords(14), NO_SIGN_ON, type="PASSWORD"
    ),
    ("CW-IAM-04", "okta-session-lifetime"): pages(
        "GET /api/v1/policies/{policyId}/rules",
        [session(720)],
        [session(60)],
        call("GET /api/v1/policies", [], type="PASSWORD"),
        call("GET /api/v1/policies", [{"id": "policy-1", "status": "ACTIVE"}], type="OKTA_SIGN_ON"),
        policyId="policy-1",
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
}
