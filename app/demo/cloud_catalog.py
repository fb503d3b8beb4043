"""The made-up bill of the demo: what three clouds sell, at what price, and how its use rises and falls."""

from dataclasses import dataclass
from decimal import Decimal

# What everybody pays for together.
SUPPORT = "AWS Support (Business)"


@dataclass(frozen=True, slots=True)
class Offer:
    """One service as sold. `quantity` is a weekday's use by one production resource in `unit`s, before growth.

    `growth` is the change a month (0.01 is one percent more), `weekend` the share of use on Saturday and Sunday,
    `month_end` the factor on the last two days of a month. `resources` is how many production runs.
    """

    service: str
    category: str
    subcategory: str
    resource_type: str
    resource_id: str
    meter: str
    unit: str
    price: Decimal
    quantity: float
    growth: float = 0.01
    weekend: float = 0.9
    month_end: float = 1.0
    resources: int = 1
    is_committed: bool = False


@dataclass(frozen=True, slots=True)
class Cloud:
    """`sub_account_id` and the offers' `resource_id` are patterns; `discount` is what the contract takes off list.

    `support` is a fee charged on the first of each month; `team_tag` is how people write teams there.
    """

    provider: str
    publisher: str
    code: str
    billing_account_type: str
    sub_account_type: str
    sub_account_id: str
    regions: tuple[tuple[str, str], ...]
    discount: Decimal
    tax: Decimal
    credit: Decimal
    offers: tuple[Offer, ...]
    commitment_id: str = ""
    commitment_per_day: Decimal = Decimal(0)
    support: Decimal = Decimal(0)
    team_tag: str = "{team}"


AWS = Cloud(
    provider="AWS",
    publisher="Amazon Web Services, Inc.",
    code="aws",
    billing_account_type="Payer account",
    sub_account_type="Linked account",
    sub_account_id="{digits}",
    regions=(("us-east-1", "US East (N. Virginia)"), ("eu-central-1", "Europe (Frankfurt)")),
    discount=Decimal("0.04"),
    tax=Decimal("0.085"),
    credit=Decimal(150),
    commitment_id="arn:aws:savingsplans::{account}:savingsplan/{hex}",
    commitment_per_day=Decimal("66.00"),
    support=Decimal(900),
    offers=(
        Offer("Amazon Elastic Compute Cloud", "Compute", "Virtual Machines", "Instance",
              "arn:aws:ec2:{region}:{account}:instance/i-{hex}", "BoxUsage:m6i.2xlarge", "Hours",
              Decimal("0.3840"), 24, growth=0.012, weekend=0.75, resources=6, is_committed=True),
        Offer("Amazon Relational Database Service", "Databases", "Relational Databases", "DB instance",
              "arn:aws:rds:{region}:{account}:db:db-{hex}", "InstanceUsage:db.r6g.large", "Hours",
              Decimal("0.2250"), 24, growth=0.0, weekend=1.0, resources=3),
        Offer("Amazon Simple Storage Service", "Storage", "Object Storage", "Bucket",
              "arn:aws:s3:::bucket-{hex}", "TimedStorage-ByteHrs", "GB-Months",
              Decimal("0.0230"), 410, growth=0.028, weekend=1.0, resources=3),
        Offer("AWS Lambda", "Compute", "Serverless Compute", "Function",
              "arn:aws:lambda:{region}:{account}:function:fn-{hex}", "Lambda-GB-Second", "GB-Seconds",
              Decimal("0.0000166667"), 640_000, growth=0.02, weekend=0.45, resources=2),
        Offer("Amazon Virtual Private Cloud", "Networking", "Network Infrastructure", "NAT gateway",
              "arn:aws:ec2:{region}:{account}:natgateway/nat-{hex}", "NatGateway-Bytes", "GB",
              Decimal("0.0450"), 320, growth=0.01, weekend=0.6),
        Offer("Amazon CloudFront", "Networking", "Content Delivery", "Distribution",
              "arn:aws:cloudfront::{account}:distribution/{hex}", "DataTransfer-Out-Bytes", "GB",
              Decimal("0.0850"), 280, growth=0.015, weekend=1.25),
        Offer("AmazonCloudWatch", "Management and Governance", "Observability", "Log group",
              "arn:aws:logs:{region}:{account}:log-group:lg-{hex}", "DataProcessing-Bytes", "GB",
              Decimal("0.5000"), 18, growth=0.02, weekend=0.7),
        Offer("Amazon Bedrock", "AI and Machine Learning", "Generative AI", "Model",
              "arn:aws:bedrock:{region}:{account}:inference-profile/ip-{hex}", "OutputTokenCount", "1K tokens",
              Decimal("0.0150"), 900, growth=0.09, weekend=0.3),
    ),
)  # fmt: skip

_AZURE_ID = "/subscriptions/{account}/resourcegroups/rg-{team}/providers/"

AZURE = Cloud(
    provider="Microsoft",
    publisher="Microsoft",
    code="azure",
    billing_account_type="Billing profile",
    sub_account_type="Subscription",
    sub_account_id="{uuid}",
    regions=(("westeurope", "West Europe"), ("eastus2", "East US 2")),
    discount=Decimal("0.06"),
    tax=Decimal("0.19"),
    credit=Decimal(0),
    team_tag="{TEAM}",
    offers=(
        Offer("Virtual Machines", "Compute", "Virtual Machines", "Virtual machine",
              _AZURE_ID + "microsoft.compute/virtualmachines/vm-{hex}", "D4s v5", "Hours",
              Decimal("0.2300"), 24, growth=0.008, weekend=0.8, resources=4),
        Offer("Azure Kubernetes Service", "Compute", "Containers", "Managed cluster",
              _AZURE_ID + "microsoft.containerservice/managedclusters/aks-{hex}", "Standard vCPU", "Hours",
              Decimal("0.0960"), 192, growth=0.015, weekend=0.85, resources=2),
        Offer("SQL Database", "Databases", "Relational Databases", "SQL database",
              _AZURE_ID + "microsoft.sql/servers/sql-{hex}", "General Purpose vCore", "Hours",
              Decimal("0.2520"), 96, growth=0.0, weekend=1.0, month_end=1.6),
        Offer("Storage Accounts", "Storage", "Object Storage", "Storage account",
              _AZURE_ID + "microsoft.storage/storageaccounts/st{hex}", "Hot LRS data stored", "GB-Months",
              Decimal("0.0196"), 530, growth=0.022, weekend=1.0, resources=2),
        Offer("Log Analytics", "Management and Governance", "Observability", "Workspace",
              _AZURE_ID + "microsoft.operationalinsights/workspaces/log-{hex}", "Analytics logs ingestion", "GB",
              Decimal("2.7600"), 5.5, growth=0.02, weekend=0.55),
        Offer("Azure App Service", "Web", "Application Platforms", "App service plan",
              _AZURE_ID + "microsoft.web/serverfarms/asp-{hex}", "P1 v3", "Hours",
              Decimal("0.1130"), 48, growth=0.0, weekend=1.0),
        Offer("Bandwidth", "Networking", "Network Infrastructure", "Virtual network",
              _AZURE_ID + "microsoft.network/virtualnetworks/vnet-{hex}", "Data transfer out", "GB",
              Decimal("0.0870"), 140, growth=0.01, weekend=0.7),
    ),
)  # fmt: skip

GCP = Cloud(
    provider="Google Cloud",
    publisher="Google Cloud",
    code="gcp",
    billing_account_type="Cloud Billing account",
    sub_account_type="Project",
    sub_account_id="prj-{team}-{short}",
    regions=(("europe-west1", "Belgium"), ("us-central1", "Iowa")),
    discount=Decimal("0.03"),
    tax=Decimal(0),
    credit=Decimal(80),
    team_tag="{team}_team",
    offers=(
        Offer("Compute Engine", "Compute", "Virtual Machines", "Instance",
              "//compute.googleapis.com/projects/{account}/zones/{region}-b/instances/vm-{hex}",
              "N2 Instance Core", "hour",
              Decimal("0.0316"), 192, growth=0.01, weekend=0.8, resources=3),
        Offer("BigQuery", "Databases", "Data Warehouses", "Dataset",
              "//bigquery.googleapis.com/projects/{account}/datasets/ds_{hex}", "Analysis", "tebibyte",
              Decimal("6.2500"), 6.2, growth=0.02, weekend=0.35, month_end=2.4),
        Offer("Cloud Storage", "Storage", "Object Storage", "Bucket",
              "//storage.googleapis.com/projects/_/buckets/bkt-{hex}", "Standard Storage", "gibibyte month",
              Decimal("0.0200"), 360, growth=0.025, weekend=1.0, resources=2),
        Offer("Cloud SQL", "Databases", "Relational Databases", "Instance",
              "//cloudsql.googleapis.com/projects/{account}/instances/sql-{hex}", "Enterprise vCPU", "hour",
              Decimal("0.0413"), 192, growth=0.0, weekend=1.0),
        Offer("Cloud Run", "Compute", "Serverless Compute", "Service",
              "//run.googleapis.com/projects/{account}/locations/{region}/services/run-{hex}", "CPU Allocation Time",
              "second", Decimal("0.0000240000"), 310_000, growth=0.03, weekend=0.5, resources=2),
        Offer("Networking", "Networking", "Network Infrastructure", "Network",
              "//compute.googleapis.com/projects/{account}/global/networks/net-{hex}", "Internet Data Transfer Out",
              "gibibyte", Decimal("0.0850"), 90, growth=0.01, weekend=0.8),
        Offer("Vertex AI", "AI and Machine Learning", "AI Platforms", "Endpoint",
              "//aiplatform.googleapis.com/projects/{account}/locations/{region}/endpoints/{hex}", "Online Prediction",
              "hour", Decimal("0.7500"), 14, growth=0.05, weekend=0.6),
    ),
)  # fmt: skip

CLOUDS = (AWS, AZURE, GCP)


@dataclass(frozen=True, slots=True)
class Environment:
    """One sub account per cloud. `share` is its use next to production."""

    name: str
    team: str
    share: float
    regions: int
    has_all_resources: bool


ENVIRONMENTS = (
    Environment("production", "platform", 1.0, regions=2, has_all_resources=True),
    Environment("staging", "web", 0.3, regions=1, has_all_resources=False),
    Environment("development", "data", 0.2, regions=1, has_all_resources=False),
)
PRODUCTS = ("storefront", "search", "billing", "insights")


@dataclass(frozen=True, slots=True)
class Incident:
    """A stated anomaly: use of a service in production is `factor` times itself for `days` days from `days_ago` on."""

    service: str
    days_ago: int
    days: int
    factor: float


# Where the demo's charts break on purpose.
INCIDENTS = (
    Incident("Amazon Virtual Private Cloud", days_ago=6, days=2, factor=7.0),
    Incident("BigQuery", days_ago=24, days=1, factor=9.0),
    Incident("Log Analytics", days_ago=75, days=4, factor=5.0),
    Incident("Amazon Bedrock", days_ago=3, days=3, factor=3.5),
)
