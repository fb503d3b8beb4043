"""Which service category of FOCUS the clouds' services belong to. What is not listed is Other."""

from collections.abc import Mapping

from domain.costs.native import How, worked

# Service to (category, subcategory), or to the category alone where the native name says no more than that.
Services = Mapping[str, tuple[str, str]]

_OTHER = ("Other", "Other (Other)")


def category_of(name: str, services: Services) -> How:
    """ServiceCategory by the service in a native column."""
    return worked(lambda row: services.get(row[name].casefold(), _OTHER)[0], name, words=f"by {name}, else Other")


def subcategory_of(name: str, services: Services) -> How:
    """ServiceSubcategory by the service in a native column."""
    return worked(
        lambda row: services.get(row[name].casefold(), _OTHER)[1], name, words=f"by {name}, else Other (Other)"
    )


def _by_name(table: Mapping[tuple[str, str], str]) -> dict[str, tuple[str, str]]:
    return {name.strip().casefold(): pair for pair, names in table.items() for name in names.split(",")}


_MACHINES = ("Compute", "Virtual Machines")
_CONTAINERS = ("Compute", "Containers")
_SERVERLESS = ("Compute", "Serverless Compute")
_OBJECTS = ("Storage", "Object Storage")
_FILES = ("Storage", "File Storage")
_BLOCKS = ("Storage", "Block Storage")
_RELATIONAL = ("Databases", "Relational Databases")
_NOSQL = ("Databases", "NoSQL Databases")
_CACHES = ("Databases", "Caching")
_WAREHOUSES = ("Databases", "Data Warehouses")
_NETWORKS = ("Networking", "Network Infrastructure")
_DELIVERY = ("Networking", "Content Delivery")
_ROUTING = ("Networking", "Network Routing")
_BALANCERS = ("Networking", "Application Networking")
_CONNECTIONS = ("Networking", "Network Connectivity")
_SECRETS = ("Security", "Secret Management")
_THREATS = ("Security", "Threat Detection and Response")
_POSTURE = ("Security", "Security Posture Management")
_OBSERVING = ("Management and Governance", "Observability")
_SUPPORT = ("Management and Governance", "Support")
_MESSAGES = ("Integration", "Messaging")
_FLOWS = ("Integration", "Workflow Orchestration")
_APIS = ("Integration", "API Management")
_DATA = ("Analytics", "Data Processing")
_STREAMS = ("Analytics", "Streaming Analytics")
_SEARCH = ("Analytics", "Search")
_INSIGHT = ("Analytics", "Business Intelligence")
_GENERATIVE = ("AI and Machine Learning", "Generative AI")
_LEARNING = ("AI and Machine Learning", "AI Platforms")
_IDENTITY = ("Identity", "Identity and Access Management")
_DELIVERIES = ("Developer Tools", "Continuous Integration and Deployment")
_BACKUPS = ("Storage", "Backup Storage")

# By lineItem/ProductCode.
AWS_SERVICES = _by_name(
    {
        _MACHINES: "AmazonEC2, AmazonLightsail, AWSElasticBeanstalk",
        _CONTAINERS: "AmazonECS, AmazonEKS, AmazonECR, AWSAppRunner",
        _SERVERLESS: "AWSLambda",
        _OBJECTS: "AmazonS3, AmazonGlacier",
        _FILES: "AmazonEFS, AmazonFSx",
        _BACKUPS: "AWSBackup",
        _RELATIONAL: "AmazonRDS",
        _NOSQL: "AmazonDynamoDB, AmazonDocDB, AmazonNeptune",
        _CACHES: "AmazonElastiCache, AmazonDAX, AmazonMemoryDB",
        _WAREHOUSES: "AmazonRedshift",
        _NETWORKS: "AmazonVPC, AWSDataTransfer",
        _DELIVERY: "AmazonCloudFront, AWSGlobalAccelerator",
        _ROUTING: "AmazonRoute53",
        _BALANCERS: "AWSELB",
        _CONNECTIONS: "AWSDirectConnect",
        _SECRETS: "awskms, AWSSecretsManager, AWSCloudHSM",
        _THREATS: "AmazonGuardDuty, AmazonInspectorV2, AmazonMacie, awswaf, AWSShield",
        _POSTURE: "AWSSecurityHub, AWSConfig",
        _OBSERVING: "AmazonCloudWatch, AWSCloudTrail, AWSXRay",
        _SUPPORT: "AWSSupportBusiness, AWSSupportEnterprise, AWSDeveloperSupport, AWSPremiumSupport",
        _MESSAGES: "AWSQueueService, AmazonSNS, AWSEvents, AmazonMQ, AmazonSES",
        _FLOWS: "AmazonStates, AmazonMWAA",
        _APIS: "AmazonApiGateway, AWSAppSync",
        _DATA: "AWSGlue, ElasticMapReduce, AmazonAthena",
        _STREAMS: "AmazonKinesis, AmazonKinesisFirehose, AmazonMSK",
        _SEARCH: "AmazonES",
        _INSIGHT: "AmazonQuickSight",
        _GENERATIVE: "AmazonBedrock",
        _LEARNING: "AmazonSageMaker",
        _IDENTITY: "AmazonCognito, AWSDirectoryService",
        _DELIVERIES: "CodeBuild, AWSCodePipeline, AWSCodeArtifact",
    }
)

# By the names Cost Explorer prints.
AWS_SERVICE_NAMES = _by_name(
    {
        _MACHINES: "Amazon Elastic Compute Cloud - Compute, EC2 - Other, Amazon Lightsail",
        _CONTAINERS: "Amazon Elastic Container Service, Amazon Elastic Container Service for Kubernetes, "
        "Amazon EC2 Container Registry (ECR)",
        _SERVERLESS: "AWS Lambda",
        _OBJECTS: "Amazon Simple Storage Service, Amazon Glacier",
        _FILES: "Amazon Elastic File System, Amazon FSx",
        _RELATIONAL: "Amazon Relational Database Service",
        _NOSQL: "Amazon DynamoDB",
        _CACHES: "Amazon ElastiCache",
        _WAREHOUSES: "Amazon Redshift",
        _NETWORKS: "Amazon Virtual Private Cloud, AWS Data Transfer",
        _DELIVERY: "Amazon CloudFront",
        _ROUTING: "Amazon Route 53",
        _BALANCERS: "Amazon Elastic Load Balancing",
        _SECRETS: "AWS Key Management Service, AWS Secrets Manager",
        _THREATS: "Amazon GuardDuty, AWS WAF",
        _POSTURE: "AWS Config, AWS Security Hub",
        _OBSERVING: "AmazonCloudWatch, AWS CloudTrail",
        _MESSAGES: "Amazon Simple Queue Service, Amazon Simple Notification Service",
        _DATA: "AWS Glue, Amazon Athena",
        _LEARNING: "Amazon SageMaker",
        _GENERATIVE: "Amazon Bedrock",
    }
)

# By MeterCategory (ServiceName of the query).
AZURE_SERVICES = _by_name(
    {
        _MACHINES: "Virtual Machines, Virtual Machines Licenses",
        _CONTAINERS: "Container Instances, Container Registry, Azure Kubernetes Service, Azure Container Apps",
        _SERVERLESS: "Functions",
        _OBJECTS: "Storage",
        _FILES: "Azure NetApp Files, Azure Files",
        _BACKUPS: "Backup",
        _RELATIONAL: "SQL Database, SQL Managed Instance, Azure Database for MySQL, Azure Database for PostgreSQL",
        _NOSQL: "Azure Cosmos DB",
        _CACHES: "Redis Cache",
        _WAREHOUSES: "Azure Synapse Analytics",
        _NETWORKS: "Virtual Network, Bandwidth, NAT Gateway",
        _DELIVERY: "Content Delivery Network, Azure Front Door Service",
        _ROUTING: "Azure DNS",
        _BALANCERS: "Load Balancer, Application Gateway",
        _CONNECTIONS: "VPN Gateway, ExpressRoute",
        _SECRETS: "Key Vault",
        _THREATS: "Sentinel, Azure Firewall",
        _POSTURE: "Microsoft Defender for Cloud, Advanced Threat Protection",
        _OBSERVING: "Azure Monitor, Log Analytics, Application Insights",
        _MESSAGES: "Service Bus, Event Grid",
        _FLOWS: "Logic Apps",
        _APIS: "API Management",
        _DATA: "Azure Data Factory v2, Azure Databricks, HDInsight",
        _STREAMS: "Event Hubs, Stream Analytics",
        _SEARCH: "Azure Cognitive Search",
        _LEARNING: "Azure Machine Learning",
        _GENERATIVE: "Azure OpenAI, Foundry Models",
        _DELIVERIES: "Azure DevOps",
        ("Web", "Application Platforms"): "Azure App Service",
    }
)

# By service.description.
GCP_SERVICES = _by_name(
    {
        _MACHINES: "Compute Engine",
        _CONTAINERS: "Kubernetes Engine, Artifact Registry",
        _SERVERLESS: "Cloud Run, Cloud Run Functions, Cloud Functions",
        _OBJECTS: "Cloud Storage",
        _FILES: "Cloud Filestore, Filestore",
        _RELATIONAL: "Cloud SQL, Cloud Spanner, AlloyDB",
        _NOSQL: "Cloud Bigtable, Cloud Firestore",
        _CACHES: "Cloud Memorystore for Redis",
        _WAREHOUSES: "BigQuery",
        _NETWORKS: "Networking",
        _ROUTING: "Cloud DNS",
        _SECRETS: "Cloud Key Management Service (KMS), Secret Manager",
        _THREATS: "Security Command Center",
        _OBSERVING: "Cloud Logging, Cloud Monitoring",
        _SUPPORT: "Support",
        _MESSAGES: "Cloud Pub/Sub",
        _DATA: "Cloud Dataflow, Cloud Dataproc",
        _LEARNING: "Vertex AI",
        _DELIVERIES: "Cloud Build",
        ("Web", "Application Platforms"): "App Engine",
    }
)

# By product/service of the cost report.
OCI_SERVICES = _by_name(
    {
        _MACHINES: "COMPUTE",
        _CONTAINERS: "CONTAINERS, REGISTRY",
        _SERVERLESS: "FUNCTIONS",
        _BLOCKS: "BLOCK_STORAGE",
        _OBJECTS: "OBJECT_STORAGE, OBJECTSTORE",
        _FILES: "FILE_STORAGE, FILESYSTEM",
        _RELATIONAL: "DATABASE, MYSQL, POSTGRESQL",
        _NOSQL: "NOSQL",
        _NETWORKS: "NETWORK",
        _BALANCERS: "LOAD_BALANCER",
        _OBSERVING: "TELEMETRY, LOGGING, MONITORING",
        _SECRETS: "KMS, VAULT",
        _STREAMS: "STREAMING",
        _INSIGHT: "ANALYTICS, OAC",
    }
)

# By the product of an invoice item.
DIGITALOCEAN_SERVICES = _by_name(
    {
        _MACHINES: "Droplets, Droplet",
        _CONTAINERS: "Kubernetes Clusters, Container Registry",
        _SERVERLESS: "Functions",
        _BLOCKS: "Volumes, Block Storage",
        _OBJECTS: "Spaces, Spaces Subscription",
        _BACKUPS: "Backups, Snapshots, Droplet Snapshots, Volume Snapshots",
        ("Databases", "Other (Databases)"): "Managed Databases, Database Clusters, Databases",
        _BALANCERS: "Load Balancers",
        _NETWORKS: "Floating IPs, Reserved IPs, Bandwidth",
        _OBSERVING: "Uptime",
        _SUPPORT: "Support, Support Plans",
        ("Web", "Application Platforms"): "App Platform, Apps",
    }
)
