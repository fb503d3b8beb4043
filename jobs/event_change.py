"""Which events say that something in an account is not any more what the last sync read."""

import re

from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind, ProviderEvent

_KINDS = (EventKind.API_CALL, EventKind.RESOURCE_CHANGE, EventKind.CODE)
_AWS_LOOKS = re.compile(
    r"^(?:Get|List|Describe|Head|Lookup|Search|Query|Scan|Batch(?:Get|Check)|Assume|Decrypt|Encrypt)"
)
# What syncs themselves ask for to be made, and what machines say of themselves every few minutes.
_AWS_NO_CHANGES = frozenset({"GenerateCredentialReport", "CreateLogStream", "UpdateInstanceInformation"})
_AZURE_CHANGES = re.compile(r"/(?:write|delete|action)$", re.IGNORECASE)
_GCP_LOOKS = re.compile(r"(?:^|\.)(?:get|list|search|watch|access|query|test)\w*$", re.IGNORECASE)
# Reading of what a sync reads none of: what people write in their code, and who signs in.
_OKTA_CHANGES = re.compile(
    r"\.(?:lifecycle|membership|privilege|mfa|update_profile|rule|credential)\b|^iam\.|^policy\."
)
_GITHUB_CHANGES = re.compile(
    r"^(?:repo|org|protected_branch|repository|organization|member|membership|team|deploy_key|branch_protection|"
    r"integration_installation|installation)"
)


def is_change(event: ProviderEvent) -> bool:
    """Whether a call succeeded that writes, or the provider says that a resource is another now."""
    if event.kind is EventKind.RESOURCE_CHANGE:
        return True
    if event.kind not in _KINDS or event.error is not None:
        return False
    match event.provider:
        case Provider.AWS:
            if event.name in _AWS_NO_CHANGES:
                return False
            is_read = event.raw.get("readOnly")
            return not is_read if isinstance(is_read, bool) else not _AWS_LOOKS.match(event.name)
        case Provider.AZURE:
            return bool(_AZURE_CHANGES.search(event.name))
        case Provider.GCP:
            return not _GCP_LOOKS.search(event.name)
        case Provider.OKTA:
            return bool(_OKTA_CHANGES.search(event.name))
        case _:
            return bool(_GITHUB_CHANGES.search(event.name))
