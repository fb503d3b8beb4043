"""Which rules mend what a control finds wrong: those that do what the control names among its remediations."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from domain.compliance.registry import all_controls

# By the action that a control names (facts/soc2_controls.json): rules whose remedy makes the same call.
_RULES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "aws.cloudtrail.create_trail": ("aws-cloudtrail-multiregion",),
        "aws.cloudtrail.enable_validation": ("aws-cloudtrail-validation",),
        "aws.cloudtrail.start_logging": ("aws-cloudtrail-stopped",),
        "aws.dynamodb.enable_pitr": ("aws-dynamodb-pitr",),
        "aws.ec2.enable_ebs_default_encryption": ("aws-ebs-default-encryption",),
        "aws.ec2.require_imdsv2": ("aws-ec2-imdsv2",),
        "aws.ec2.revoke_open_admin_rule": ("aws-sg-admin-open",),
        "aws.ec2.strip_default_sg": ("aws-sg-default-open",),
        "aws.ecr.scan_on_push": ("aws-ecr-scan-on-push",),
        "aws.iam.set_password_policy": ("aws-iam-password-policy",),
        "aws.kms.enable_rotation": ("aws-kms-rotation",),
        "aws.rds.disable_public_access": ("aws-rds-public",),
        "aws.rds.enable_backups": ("aws-rds-backup-retention",),
        "aws.s3.block_public_access_account": ("aws-s3-account-public-block", "aws-s3-bucket-public"),
        "aws.s3.enable_versioning": ("aws-s3-versioning",),
        "aws.s3.require_tls": ("aws-s3-tls-only",),
        "github.protect_branch": ("github-branch-protection",),
        "github.enable_secret_scanning": ("github-secret-scanning",),
    }
)


def rules_that_mend(control_id: str) -> frozenset[str]:
    """Ids of the rules that mend what this control finds wrong; empty where there are none, or no such control."""
    return _by_control().get(control_id, frozenset())


@cache
def _by_control() -> Mapping[str, frozenset[str]]:
    return {
        control.id: frozenset(rule for action in control.remediations for rule in _RULES.get(action, ()))
        for control in all_controls()
    }
