"""One thing in a cloud account, as a sync last saw it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class ResourceKind(StrEnum):
    """Provider, service and thing; the value is stored and sent as it stands."""

    AWS_ACCOUNT = "AWS_ACCOUNT"
    AWS_S3_BUCKET = "AWS_S3_BUCKET"
    AWS_EC2_INSTANCE = "AWS_EC2_INSTANCE"
    AWS_EBS_VOLUME = "AWS_EBS_VOLUME"
    AWS_EC2_ADDRESS = "AWS_EC2_ADDRESS"
    AWS_SECURITY_GROUP = "AWS_SECURITY_GROUP"
    AWS_IAM_USER = "AWS_IAM_USER"
    AWS_IAM_ACCESS_KEY = "AWS_IAM_ACCESS_KEY"
    AWS_CLOUDTRAIL_TRAIL = "AWS_CLOUDTRAIL_TRAIL"


class Resource(BaseModel):
    """`native_id` is the id the provider bills and logs by (an ARN where there is one), unique within an account.

    `config` holds the provider's own field names and values, JSON types only; `region` is None for global things.
    """

    model_config = ConfigDict(frozen=True)

    kind: ResourceKind
    native_id: str
    name: str
    region: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    config: dict[str, Any] = Field(default_factory=dict)
    created_at: datetime | None = None
