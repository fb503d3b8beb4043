"""The account as a whole and each of its regions: what is set once for all that is in them."""

from connectors.clouds.aws import fields, session
from connectors.reading.listing import Detail, Listing, first
from domain.facts.resource import ResourceKind

ACCOUNT = Listing(
    operation=session.WHO_AM_I,
    items=lambda answer: [{"Account": answer["Account"]}],
    kind=ResourceKind.AWS_ACCOUNT,
    parse=fields.resource(ResourceKind.AWS_ACCOUNT, "Account", is_global=True),
)
REGION = Listing(
    operation=session.REGIONS,
    arguments=lambda place: {"RegionNames": [place.region]},
    items=lambda answer: answer["Regions"],
    kind=ResourceKind.AWS_REGION,
    parse=fields.resource(ResourceKind.AWS_REGION, "RegionName"),
    is_regional=True,
)
ACCOUNT_DETAILS = (
    Detail(
        key="PublicAccessBlockConfiguration",
        operation=fields.call(
            "s3control.get_public_access_block",
            "s3:GetAccountPublicAccessBlock",
            absent=("NoSuchPublicAccessBlockConfiguration",),
        ),
        arguments=lambda _, place: {"AccountId": place.account_id},
        pick=first("PublicAccessBlockConfiguration"),
    ),
)
REGION_DETAILS = (
    Detail(
        key="EbsEncryptionByDefault",
        operation=fields.call("ec2.get_ebs_encryption_by_default", "ec2:GetEbsEncryptionByDefault"),
        arguments=lambda _, __: {},
        pick=first("EbsEncryptionByDefault"),
    ),
)
