"""What is in the stand-in AWS account: a company some years old, with the faults such accounts have."""

from dataclasses import dataclass, field

US, EU = "us-east-1", "eu-west-1"
REGIONS = (US, EU)
AGE_DAYS = 1100
Disk = tuple[str, int]  # volume type, GiB
ANYONE, ANYONE_V6 = "0.0.0.0/0", "::/0"


@dataclass(frozen=True)
class Machine:
    """`stopped_days` 0: it runs. The first disk is the root."""

    name: str
    region: str
    type: str
    group: str
    age_days: int
    disks: tuple[Disk, ...]
    stopped_days: int = 0


@dataclass(frozen=True)
class LooseVolume:
    name: str
    region: str
    disk: Disk
    age_days: int
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Door:
    """One ingress permission: protocol, first and last port, source network."""

    protocol: str
    first: int
    last: int
    source: str


@dataclass(frozen=True)
class Bucket:
    """`is_blocked`: all four public access block settings are on."""

    name: str
    age_days: int
    region: str = US
    is_blocked: bool = True
    has_public_policy: bool = False
    acl: str = "private"


@dataclass(frozen=True)
class User:
    """`key_days`: ages of its access keys; a negative age is an inactive key."""

    name: str
    age_days: int
    has_password: bool = False
    has_mfa: bool = False
    key_days: tuple[int, ...] = ()
    policy: str = "cedar-read"


@dataclass(frozen=True)
class Trail:
    """`stopped_days` 0: it records."""

    name: str
    region: str
    is_multi_region: bool
    age_days: int
    stopped_days: int = 0


MACHINES = (
    Machine("web-1", US, "t3.medium", "web", 410, (("gp3", 30),)),
    Machine("web-2", US, "t3.medium", "web", 410, (("gp3", 30),)),
    Machine("web-3", US, "t3.medium", "web", 120, (("gp3", 30),)),
    Machine("api-1", US, "m6i.large", "api", 380, (("gp3", 40), ("gp2", 100))),
    Machine("api-2", US, "m6i.large", "api", 380, (("gp3", 40), ("gp2", 100))),
    Machine("orders-db", US, "r6i.xlarge", "db", 520, (("gp3", 50), ("gp3", 500), ("gp2", 300))),
    Machine("batch-old", US, "c5.2xlarge", "api", 900, (("gp2", 50), ("gp2", 200)), stopped_days=95),
    Machine("migration-source", US, "m5.xlarge", "windows-admin", 700, (("gp3", 100),), stopped_days=210),
    Machine("reporting", US, "m5.large", "db", 640, (("gp3", 30), ("gp3", 150)), stopped_days=41),
    Machine("staging-web", US, "t3.small", "web", 200, (("gp3", 30),), stopped_days=4),
    Machine("web-eu-1", EU, "t3.medium", "web-eu", 300, (("gp3", 30),)),
    Machine("web-eu-2", EU, "t3.medium", "web-eu", 300, (("gp3", 30),)),
    Machine("worker-eu", EU, "c6i.large", "worker-eu", 260, (("gp3", 30), ("gp2", 80))),
    Machine("search-trial", EU, "m5.large", "worker-eu", 400, (("gp2", 120),), stopped_days=130),
)
LOOSE_VOLUMES = (
    LooseVolume("orders-restore", US, ("gp2", 500), 64),
    LooseVolume("old-logs", US, ("gp3", 200), 310),
    LooseVolume("resize-target", US, ("gp3", 50), 3),
    LooseVolume("legal-hold", US, ("gp3", 100), 400, {"remediation-exempt": "*"}),
    LooseVolume("import-scratch", EU, ("gp2", 250), 33),
)
# name, region, the machine it belongs to
ADDRESSES = (
    ("web-1", US, "web-1"),
    ("api-1", US, "api-1"),
    ("old-vpn", US, None),
    ("partner-test", US, None),
    ("web-eu-1", EU, "web-eu-1"),
    ("launch-page", EU, None),
)
GROUPS: dict[tuple[str, str], tuple[Door, ...]] = {
    ("web", US): (Door("tcp", 80, 80, ANYONE), Door("tcp", 443, 443, ANYONE), Door("tcp", 443, 443, ANYONE_V6)),
    ("api", US): (Door("tcp", 8443, 8443, "10.0.0.0/8"),),
    ("db", US): (Door("tcp", 5432, 5432, "10.0.0.0/8"),),
    ("bastion", US): (Door("tcp", 22, 22, "203.0.113.0/24"),),
    ("jump-legacy", US): (Door("tcp", 22, 22, ANYONE),),
    ("windows-admin", US): (Door("tcp", 3389, 3389, ANYONE_V6),),
    ("vendor-any", US): (Door("-1", -1, -1, ANYONE),),
    ("web-eu", EU): (Door("tcp", 443, 443, ANYONE),),
    ("worker-eu", EU): (Door("tcp", 9000, 9100, "10.0.0.0/8"),),
    ("ftp-old", EU): (Door("tcp", 20, 25, ANYONE),),
}
BUCKETS = (
    Bucket("cedar-cloudtrail", 900),
    Bucket("cedar-invoices", 880),
    Bucket("cedar-backups", 870),
    Bucket("cedar-data-lake", 610),
    Bucket("cedar-models", 330),
    Bucket("cedar-website", 900, is_blocked=False, has_public_policy=True),
    Bucket("cedar-downloads", 500, is_blocked=False, acl="public-read"),
    Bucket("cedar-partner-drop", 240, is_blocked=False, acl="authenticated-read"),
    Bucket("cedar-archive", 820, is_blocked=False),
    Bucket("cedar-eu-exports", 290, EU, has_public_policy=True),
    Bucket("cedar-eu-contracts", 280, EU),
    Bucket("cedar-eu-logs", 280, EU),
)
# name, the action it allows on everything
POLICIES = {"cedar-admin": "*", "cedar-read": "s3:Get*"}
USERS = (
    User("break-glass", 900, has_password=True, has_mfa=True, policy="cedar-admin"),
    User("ops-oncall", 620, has_password=True, has_mfa=True, key_days=(45,)),
    User("finance-console", 480, has_password=True),
    User("support-desk", 350, has_password=True),
    User("audit-2024", 700, has_password=True),
    User("data-analyst", 260, has_password=True, has_mfa=True),
    User("ci-deploy", 800, key_days=(400, 20)),
    User("backup-agent", 870, key_days=(780,)),
    User("mobile-upload", 390, key_days=(130, -390)),
    User("reporting-job", 210, key_days=(60,)),
)
TRAILS = (
    Trail("cedar-main", US, is_multi_region=True, age_days=880),
    Trail("cedar-data-events", US, is_multi_region=False, age_days=300, stopped_days=12),
    Trail("cedar-eu-audit", EU, is_multi_region=False, age_days=280),
)
TRAIL_BUCKET = "cedar-cloudtrail"
