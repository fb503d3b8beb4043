"""Whose a key of AWS is: the customer's own, or AWS's."""

from typing import Any

from domain.compliance.answers import Answers

DESCRIBE_KEY = "kms.describe_key"


class CustomerKeys:
    """The keys of one account, as KMS describes them. Raises as `Answers.calls`."""

    def __init__(self, answers: Answers) -> None:
        described = [page["KeyMetadata"] for call in answers.calls(DESCRIBE_KEY) for page in call.pages]
        self._account = answers.account
        self._own = {name: key for key in described for name in (key["Arn"], key["KeyId"])}

    def has(self, key: str | None) -> bool:
        """Whether it is a key of the customer's. `key` is an id, an ARN or an alias; None is a key of AWS's.

        A key of another account is one, since AWS shares none of its own; so is an alias that does not begin with
        alias/aws/, which AWS keeps for itself. Source: KMS developer guide, "AWS managed keys", "Aliases".
        """
        if not key:
            return False
        if "alias/" in key:
            return "alias/aws/" not in key
        found: dict[str, Any] | None = self._own.get(key)
        if found is not None:
            return bool(found["KeyManager"] == "CUSTOMER")
        return key.startswith("arn:") and key.split(":")[4] != self._account
