"""Which resources of ours the entries of the catalogue of remediation rules are about."""

from domain.facts.resource import ResourceKind

KINDS = {
    "AWS::EC2::Volume": ResourceKind.AWS_EBS_VOLUME,
    "AWS::EC2::Snapshot": ResourceKind.AWS_EBS_SNAPSHOT,
    "AWS::EC2::Image": ResourceKind.AWS_AMI,
    "AWS::EC2::Instance": ResourceKind.AWS_EC2_INSTANCE,
    "AWS::EC2::NatGateway": ResourceKind.AWS_NAT_GATEWAY,
    "AWS::EC2::VPC": ResourceKind.AWS_VPC,
    "AWS::EC2::VPCEndpoint": ResourceKind.AWS_VPC_ENDPOINT,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ResourceKind.AWS_LOAD_BALANCER,
    "AWS::RDS::DBInstance": ResourceKind.AWS_RDS_INSTANCE,
    "AWS::RDS::DBSnapshot": ResourceKind.AWS_RDS_SNAPSHOT,
    "AWS::EC2::EIP": ResourceKind.AWS_EC2_ADDRESS,
    "AWS::EC2::SecurityGroup": ResourceKind.AWS_SECURITY_GROUP,
    "AWS::IAM::User": ResourceKind.AWS_IAM_USER,
    "AWS::IAM::AccessKey": ResourceKind.AWS_IAM_ACCESS_KEY,
    "AWS::EC2::Account": ResourceKind.AWS_REGION,
    "AWS::ElasticLoadBalancingV2::Listener": ResourceKind.AWS_LISTENER,
    "AWS::S3::AccountPublicAccessBlock": ResourceKind.AWS_ACCOUNT,
    "AWS::S3::Bucket": ResourceKind.AWS_S3_BUCKET,
    "AWS::CloudTrail::Trail": ResourceKind.AWS_CLOUDTRAIL_TRAIL,
    "AWS::IAM::AccountPasswordPolicy": ResourceKind.AWS_ACCOUNT,
    "AWS::IAM::Role": ResourceKind.AWS_IAM_ROLE,
    "AWS::IAM::Root": ResourceKind.AWS_ACCOUNT,
    "AWS::KMS::Key": ResourceKind.AWS_KMS_KEY,
    "AWS::SNS::Topic": ResourceKind.AWS_SNS_TOPIC,
    "AWS::SQS::Queue": ResourceKind.AWS_SQS_QUEUE,
    "AWS::SecretsManager::Secret": ResourceKind.AWS_SECRET,
    # What is missing is missing in a region.
    "AWS::AccessAnalyzer::Analyzer": ResourceKind.AWS_REGION,
    "AWS::Config::ConfigurationRecorder": ResourceKind.AWS_REGION,
    "AWS::GuardDuty::Detector": ResourceKind.AWS_REGION,
    "AWS::SecurityHub::Hub": ResourceKind.AWS_REGION,
    "AWS::Logs::LogGroup": ResourceKind.AWS_LOG_GROUP,
    "AWS::DynamoDB::Table": ResourceKind.AWS_DYNAMODB_TABLE,
    "AWS::Lambda::Function": ResourceKind.AWS_LAMBDA_FUNCTION,
    "AWS::ElastiCache::ReplicationGroup": ResourceKind.AWS_ELASTICACHE_GROUP,
    "AWS::Redshift::Cluster": ResourceKind.AWS_REDSHIFT_CLUSTER,
    "AWS::EFS::FileSystem": ResourceKind.AWS_EFS_FILE_SYSTEM,
    "AWS::ECR::Repository": ResourceKind.AWS_ECR_REPOSITORY,
    "AWS::EKS::Cluster": ResourceKind.AWS_EKS_CLUSTER,
    "AWS::SavingsPlans::SavingsPlan": ResourceKind.AWS_SAVINGS_PLAN,
    "AWS::EC2::ReservedInstances": ResourceKind.AWS_RESERVED_INSTANCES,
    "Microsoft.Authorization/roleAssignments": ResourceKind.AZURE_ROLE_ASSIGNMENT,
    # What is bought is found where it is recommended, and what is missing on the subscription.
    "Microsoft.BillingBenefits/savingsPlanOrders": ResourceKind.AZURE_RECOMMENDATION,
    "Microsoft.Capacity/reservationOrders": ResourceKind.AZURE_RECOMMENDATION,
    "Microsoft.Consumption/budgets": ResourceKind.AZURE_SUBSCRIPTION,
    "Microsoft.Insights/activityLogAlerts": ResourceKind.AZURE_SUBSCRIPTION,
    "Microsoft.Capacity/reservations": ResourceKind.AZURE_RESERVATION,
    "Microsoft.Compute/disks": ResourceKind.AZURE_DISK,
    "Microsoft.Compute/snapshots": ResourceKind.AZURE_SNAPSHOT,
    "Microsoft.Compute/virtualMachines": ResourceKind.AZURE_VIRTUAL_MACHINE,
    "Microsoft.KeyVault/vaults": ResourceKind.AZURE_KEY_VAULT,
    # Rules and settings stand in the configuration of what they belong to.
    "Microsoft.Network/networkSecurityGroups/securityRules": ResourceKind.AZURE_NETWORK_SECURITY_GROUP,
    "Microsoft.Sql/servers/firewallRules": ResourceKind.AZURE_SQL_SERVER,
    "Microsoft.Web/sites/config": ResourceKind.AZURE_WEB_APP,
    "Microsoft.Network/publicIPAddresses": ResourceKind.AZURE_PUBLIC_IP,
    "Microsoft.OperationalInsights/workspaces": ResourceKind.AZURE_LOG_WORKSPACE,
    "Microsoft.Security/pricings": ResourceKind.AZURE_DEFENDER_PLAN,
    "Microsoft.Sql/servers": ResourceKind.AZURE_SQL_SERVER,
    "Microsoft.Sql/servers/databases": ResourceKind.AZURE_SQL_DATABASE,
    "Microsoft.Storage/storageAccounts": ResourceKind.AZURE_STORAGE_ACCOUNT,
    "Microsoft.Web/serverfarms": ResourceKind.AZURE_APP_SERVICE_PLAN,
    "Microsoft.Web/sites": ResourceKind.AZURE_WEB_APP,
    "compute.googleapis.com/Snapshot": ResourceKind.GCP_SNAPSHOT,
    "compute.googleapis.com/Instance": ResourceKind.GCP_INSTANCE,
    "compute.googleapis.com/Firewall": ResourceKind.GCP_FIREWALL,
    "compute.googleapis.com/Project": ResourceKind.GCP_PROJECT,
    "storage.googleapis.com/Bucket": ResourceKind.GCP_BUCKET,
    "sqladmin.googleapis.com/Instance": ResourceKind.GCP_SQL_INSTANCE,
    "iam.googleapis.com/ServiceAccountKey": ResourceKind.GCP_SERVICE_ACCOUNT_KEY,
    "cloudkms.googleapis.com/CryptoKey": ResourceKind.GCP_CRYPTO_KEY,
    # Its policy is a resource of its own.
    "cloudresourcemanager.googleapis.com/Project": ResourceKind.GCP_IAM_POLICY,
    "digitalocean droplet": ResourceKind.DIGITALOCEAN_DROPLET,
    "digitalocean volume": ResourceKind.DIGITALOCEAN_VOLUME,
    "digitalocean snapshot": ResourceKind.DIGITALOCEAN_SNAPSHOT,
    "digitalocean reserved_ip": ResourceKind.DIGITALOCEAN_RESERVED_IP,
    "digitalocean load_balancer": ResourceKind.DIGITALOCEAN_LOAD_BALANCER,
    "digitalocean database": ResourceKind.DIGITALOCEAN_DATABASE,
    "digitalocean registry": ResourceKind.DIGITALOCEAN_REGISTRY,
    "digitalocean firewall": ResourceKind.DIGITALOCEAN_FIREWALL,
    "github repository": ResourceKind.GITHUB_REPOSITORY,
    "github organization": ResourceKind.GITHUB_ORGANIZATION,
    "github deploy_key": ResourceKind.GITHUB_DEPLOY_KEY,
    "okta policy": ResourceKind.OKTA_POLICY,
    "okta policy_rule": ResourceKind.OKTA_POLICY_RULE,
    "okta user": ResourceKind.OKTA_USER,
    "okta user_role": ResourceKind.OKTA_ADMIN,
    "okta api_token": ResourceKind.OKTA_API_TOKEN,
}
# What the catalogue looks for in something that is not there yet, or in many things, is found in what they are part of.
OTHER_KINDS = {
    # A trail that is missing is missing in the account.
    "aws-cloudtrail-multiregion": ResourceKind.AWS_ACCOUNT,
    "aws-budget-missing": ResourceKind.AWS_ACCOUNT,
    "aws-cost-anomaly-monitor": ResourceKind.AWS_ACCOUNT,
    "aws-ec2-reserved-purchase": ResourceKind.AWS_RECOMMENDATION,
    "aws-lambda-provisioned-idle": ResourceKind.AWS_PROVISIONED_CONCURRENCY,
    "aws-rds-reserved-purchase": ResourceKind.AWS_RECOMMENDATION,
    "aws-savings-plan-purchase": ResourceKind.AWS_RECOMMENDATION,
    "aws-untagged-resource": ResourceKind.AWS_ACCOUNT,
}
# What only the customer can know, and nothing is planned without.
OWN_PARAMETERS = {
    "azure-budget-missing": {"monthly_amount"},
    "azure-hybrid-benefit": {"licensed_machines"},
    "aws-ec2-offhours": {"start_time", "time_zone"},
    "gcp-vm-offhours": {"start_time", "stop_time", "time_zone"},
    "azure-vm-offhours": {"shutdown_time", "time_zone", "on_hours_week"},
    # The catalogue speaks of an allow-list and gives it no name.
    "github-repo-public": {"allowed"},
    "aws-budget-missing": {"emails", "limit_usd"},
    "aws-cost-anomaly-monitor": {"emails"},
    "aws-eks-public-endpoint": {"allowed_cidrs"},
    "aws-untagged-resource": {"values"},
}
# What the catalogue calls the providers in ids.
SHORT = {"azure": "az", "digitalocean": "do", "github": "gh"}


def id_there(rule_id: str) -> str:
    """The id by which the catalogue knows a rule of ours."""
    provider, _, rest = rule_id.partition("-")
    return f"{SHORT.get(provider, provider)}-{rest}"


def kind_of(rule_id: str, entry: dict) -> ResourceKind:
    """The kind a rule must apply to."""
    if rule_id in OTHER_KINDS:
        return OTHER_KINDS[rule_id]
    # Rules that follow Google's recommendations judge those, wherever they point.
    if entry["service"] == "recommender":
        of_billing = entry["resource_type"] == "cloudbilling.googleapis.com/BillingAccount"
        return ResourceKind.GCP_BILLING_RECOMMENDATION if of_billing else ResourceKind.GCP_RECOMMENDATION
    kind = entry["resource_type"]
    return KINDS.get(kind) or KINDS[f"{entry['provider']} {kind}"]
