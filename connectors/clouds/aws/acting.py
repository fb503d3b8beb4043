"""Calls to AWS that change something. Their names are methods of boto3's clients, so that no list of them is kept."""

from functools import cache

import botocore.session
from botocore import xform_name

from connectors.clouds.aws import fields, keys
from connectors.reading.listing import Operation

# Prefixes of IAM actions that are not the client's name. Source: Service Authorization Reference.
PREFIXES = {
    "accessanalyzer": "access-analyzer",
    "ce": "ce",
    "cloudwatch": "cloudwatch",
    "compute-optimizer": "compute-optimizer",
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "resourcegroupstaggingapi": "tag",
    "s3control": "s3",
}
# Whoever tags through the tagging interface must be allowed to by each service too. Source: TagResources.
TAGGING = (
    *("dynamodb:TagResource", "ec2:CreateTags", "eks:TagResource", "elasticfilesystem:TagResource"),
    *("elasticloadbalancing:AddTags", "lambda:TagResource", "rds:AddTagsToResource", "redshift:CreateTags"),
    *("s3:GetBucketTagging", "s3:PutBucketTagging"),
)
UNTAGGING = (
    *("dynamodb:UntagResource", "ec2:DeleteTags", "eks:UntagResource", "elasticfilesystem:UntagResource"),
    *("elasticloadbalancing:RemoveTags", "lambda:UntagResource", "rds:RemoveTagsFromResource", "redshift:DeleteTags"),
    *("s3:GetBucketTagging", "s3:PutBucketTagging"),
)
# Actions that are not called as the operation is, or that an operation needs besides. Source: the same.
PERMISSIONS: dict[str, tuple[str, ...]] = {
    # Of logs that go to a bucket. Source: VPC user guide, "Publish flow logs to Amazon S3".
    "ec2.create_flow_logs": (
        "ec2:CreateFlowLogs",
        "logs:CreateLogDelivery",
        "s3:GetBucketPolicy",
        "s3:PutBucketPolicy",
    ),
    "ec2.delete_flow_logs": ("ec2:DeleteFlowLogs", "logs:DeleteLogDelivery"),
    "budgets.create_budget": ("budgets:ModifyBudget",),
    "budgets.create_notification": ("budgets:ModifyBudget",),
    "budgets.delete_budget": ("budgets:ModifyBudget",),
    "budgets.delete_notification": ("budgets:ModifyBudget",),
    "ec2.allocate_address": ("ec2:AllocateAddress", "ec2:CreateTags"),
    "ec2.create_image": ("ec2:CreateImage", "ec2:CreateTags"),
    "ec2.create_nat_gateway": ("ec2:CreateNatGateway", "ec2:CreateTags"),
    "ec2.create_snapshot": ("ec2:CreateSnapshot", "ec2:CreateTags"),
    "ec2.create_volume": ("ec2:CreateVolume", "ec2:CreateTags"),
    "resourcegroupstaggingapi.tag_resources": ("tag:TagResources", *TAGGING),
    "resourcegroupstaggingapi.untag_resources": ("tag:UntagResources", *UNTAGGING),
    "accessanalyzer.create_analyzer": ("access-analyzer:CreateAnalyzer", "iam:CreateServiceLinkedRole"),
    "config.put_configuration_recorder": ("config:PutConfigurationRecorder", "iam:PassRole"),
    "guardduty.create_detector": ("guardduty:CreateDetector", "iam:CreateServiceLinkedRole"),
    "ec2.create_vpc_endpoint": ("ec2:CreateVpcEndpoint", "ec2:CreateTags"),
    "ec2.run_instances": ("ec2:RunInstances", "ec2:CreateTags", "iam:PassRole"),
    "rds.create_db_snapshot": ("rds:CreateDBSnapshot", "rds:AddTagsToResource"),
    "rds.restore_db_instance_from_db_snapshot": ("rds:RestoreDBInstanceFromDBSnapshot", "rds:AddTagsToResource"),
    "rds.stop_db_instance": ("rds:StopDBInstance", "rds:CreateDBSnapshot"),
    "s3.delete_bucket_encryption": ("s3:PutEncryptionConfiguration",),
    "s3.delete_bucket_lifecycle": ("s3:PutLifecycleConfiguration",),
    "s3.put_bucket_encryption": ("s3:PutEncryptionConfiguration",),
    "s3.put_bucket_lifecycle_configuration": ("s3:PutLifecycleConfiguration",),
    "s3.put_public_access_block": ("s3:PutBucketPublicAccessBlock",),
    "s3.delete_public_access_block": ("s3:PutBucketPublicAccessBlock",),
    "secretsmanager.rotate_secret": ("lambda:InvokeFunction", "secretsmanager:RotateSecret"),
    "securityhub.enable_security_hub": ("iam:CreateServiceLinkedRole", "securityhub:EnableSecurityHub"),
    "s3control.put_public_access_block": ("s3:PutAccountPublicAccessBlock",),
    "s3control.delete_public_access_block": ("s3:PutAccountPublicAccessBlock",),
    "scheduler.create_schedule": ("scheduler:CreateSchedule", "iam:PassRole"),
}


@cache
def action(name: str) -> Operation:
    """`<client>.<method>`, as boto3 names them. Raises KeyError for one that AWS does not have."""
    service, _, method = name.partition(".")
    operations = _operations(service)
    if method not in operations:
        raise KeyError(name)
    permissions = PERMISSIONS.get(name) or (f"{PREFIXES.get(service, service)}:{operations[method]}",)
    # Most answers that say "done" have no field at all.
    return fields.call(name, *permissions, may_be_empty=True)


@cache
def _operations(service: str) -> dict[str, str]:
    library = botocore.session.get_session()
    library.register_component("data_loader", keys.SERVICE_MODELS)
    if service not in library.get_available_services():
        raise KeyError(service)
    return {xform_name(one): one for one in library.get_service_model(service).operation_names}
