"""How CloudWatcher gets into an AWS account: with keys, or by assuming a role."""

import re
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from domain.errors import Invalid

ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,576}")
REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d{1,2}")
# Source: STS AssumeRole, parameter ExternalId.
EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}")


class AwsCredentials(BaseModel):
    """Either keys alone, or a role with its external id, assumed with the keys given or else with the process's own.

    `regions` empty means every region enabled in the account. `endpoint_url` replaces AWS's own endpoints; check it
    with `domain.endpoint.check_endpoint` first. Raises Invalid for a combination that cannot work.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    access_key_id: str | None = Field(default=None, min_length=1, max_length=128)
    secret_access_key: SecretStr | None = Field(default=None, max_length=256)
    session_token: SecretStr | None = Field(default=None, max_length=4096)
    role_arn: str | None = None
    external_id: str | None = None
    regions: tuple[str, ...] = Field(default=(), max_length=100)
    endpoint_url: str | None = Field(default=None, max_length=2048)

    @model_validator(mode="after")
    def _can_work(self) -> Self:
        self._check_keys()
        self._check_role()
        for region in self.regions:
            if not REGION.fullmatch(region):
                raise Invalid(f"{region!r} is not an AWS region; write it like eu-west-1.", path=("regions",))
        return self

    def _check_keys(self) -> None:
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise Invalid("Give the access key id and the secret access key together.", path=("access_key_id",))
        if self.access_key_id is None and self.role_arn is None:
            raise Invalid("Give an access key, or a role with its external id.", path=("access_key_id",))

    def _check_role(self) -> None:
        if (self.role_arn is None) != (self.external_id is None):
            raise Invalid("Give the role and its external id together.", path=("role_arn",))
        if self.role_arn is not None and not ROLE_ARN.fullmatch(self.role_arn):
            raise Invalid("The role must be an ARN like arn:aws:iam::123456789012:role/NAME.", path=("role_arn",))
        if self.external_id is not None and not EXTERNAL_ID.fullmatch(self.external_id):
            raise Invalid("The external id must have 2 to 1224 letters, digits or +=,.@:/-", path=("external_id",))

    def revealed(self) -> dict[str, Any]:
        """All fields as plain JSON values, secrets included: only for encrypted storage. `model_validate` reads it."""
        fields = self.model_dump(mode="json")
        for name in ("secret_access_key", "session_token"):
            secret: SecretStr | None = getattr(self, name)
            fields[name] = secret.get_secret_value() if secret else None
        return fields
