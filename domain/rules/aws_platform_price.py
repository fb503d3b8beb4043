"""List prices of AWS's platform services: logs, tables, functions, files, images, clusters. No rules here."""

from decimal import Decimal

from domain.rules.list_price import ListPrice


def _aws(usd: str, unit: str, page: str) -> ListPrice:
    return ListPrice(usd=Decimal(usd), unit=unit, source=f"AWS price list, us-east-1, {page}")


AWS_LOG_STORAGE = _aws("0.03", "GiB and month", "Amazon CloudWatch pricing")
AWS_DYNAMODB_READS = _aws("0.125", "million read request units", "Amazon DynamoDB pricing")
AWS_DYNAMODB_WRITES = _aws("0.625", "million write request units", "Amazon DynamoDB pricing")
AWS_LAMBDA_PROVISIONED = _aws("0.0000041667", "GiB and second", "AWS Lambda pricing")
AWS_EFS_STANDARD = _aws("0.30", "GiB and month", "Amazon EFS pricing")
AWS_EFS_INFREQUENT = _aws("0.016", "GiB and month", "Amazon EFS pricing")
AWS_ECR_STORAGE = _aws("0.10", "GiB and month", "Amazon ECR pricing")
AWS_EKS_CLUSTER = _aws("0.10", "hour", "Amazon EKS pricing")
AWS_EKS_EXTENDED = _aws("0.60", "hour", "Amazon EKS pricing, extended support")
