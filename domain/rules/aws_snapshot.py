"""What EBS snapshots are kept for. No rules here."""

from domain.facts.resource import Resource, ResourceKind
from domain.rules.rule import RuleContext

# Words in a tag by which people and services say how long a snapshot is kept: retention, Retain-Until, DeleteAfter.
KEPT = ("retention", "retain", "keep", "deleteafter", "delete-after", "delete_after")
# Of AWS Backup and of Data Lifecycle Manager, which delete what they made by themselves.
# Source: AWS Backup developer guide, "Tags on backups"; Amazon EBS user guide, "Data Lifecycle Manager tags".
MANAGED = ("aws:backup:", "aws:dlm:", "dlm:")


def is_kept_on_purpose(snapshot: Resource) -> bool:
    """Whether a tag says that somebody decides how long it is kept."""
    return is_managed(snapshot) or any(word in key.lower() for key in snapshot.tags for word in KEPT)


def is_managed(snapshot: Resource) -> bool:
    """Whether a service of AWS made it and will delete it."""
    return any(key.startswith(MANAGED) for key in snapshot.tags)


def is_in_image(snapshot: Resource, context: RuleContext) -> bool:
    """Whether a machine image of one's own starts from it."""
    mappings = [
        mapping
        for image in context.every(ResourceKind.AWS_AMI)
        if image.region == snapshot.region
        for mapping in image.config.get("BlockDeviceMappings") or []
    ]
    return any((mapping.get("Ebs") or {}).get("SnapshotId") == snapshot.native_id for mapping in mappings)
