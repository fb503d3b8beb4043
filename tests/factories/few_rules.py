"""The rules by which tests judge that count findings, whatever other rules there are."""

RULES = (
    "aws-cloudtrail-stopped",
    "aws-ebs-gp2-to-gp3",
    "aws-ebs-unattached",
    "aws-ebs-volume-on-stopped-instance",
    "aws-ec2-stopped-long",
    "aws-eip-unassociated",
    "aws-iam-key-rotation",
    "aws-iam-user-mfa",
    "aws-s3-bucket-public",
    "aws-sg-admin-open",
)
