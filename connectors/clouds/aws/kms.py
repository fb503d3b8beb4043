"""Keys of KMS: what they are, who may use them, and whether they are renewed."""

from connectors.clouds.aws import fields
from connectors.reading.listing import Detail, Listing, at, first
from domain.facts.resource import ResourceKind

KIND = ResourceKind.AWS_KMS_KEY
GONE = ("NotFoundException",)
# Keys that are asymmetric, imported or kept elsewhere are never renewed by KMS.
NEVER_RENEWED = ("UnsupportedOperationException", "KMSInvalidStateException")

LISTINGS = (
    Listing(
        operation=fields.call("kms.list_keys", "kms:ListKeys"),
        items=at("Keys"),
        kind=KIND,
        parse=fields.merged(
            "Key", fields.merged("Rotation", fields.resource(KIND, "KeyArn", name="KeyId", created="CreationDate"))
        ),
        details=(
            Detail(
                key="Key",
                operation=fields.call("kms.describe_key", "kms:DescribeKey", absent=GONE),
                arguments=fields.asks(KeyId="KeyArn"),
                pick=first("KeyMetadata"),
            ),
            Detail(
                key="Policy",
                operation=fields.call("kms.get_key_policy", "kms:GetKeyPolicy", absent=GONE),
                arguments=lambda key, _: {"KeyId": key["KeyArn"], "PolicyName": "default"},
                pick=first("Policy"),
            ),
            Detail(
                key="Rotation",
                operation=fields.call(
                    "kms.get_key_rotation_status", "kms:GetKeyRotationStatus", absent=(*GONE, *NEVER_RENEWED)
                ),
                arguments=fields.asks(KeyId="KeyArn"),
            ),
        ),
        is_regional=True,
    ),
)
