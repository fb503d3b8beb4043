"""Which events say that something in an account is not any more what the last sync read, and in which service."""

import re

from connectors.reading.touching import touch
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

# CloudTrail names a service by its endpoint, permissions by another word (Service Authorization Reference).
_AWS_WORDS = {"monitoring": "cloudwatch", "sso-directory": "identitystore"}
# What is set in one region of these shows in others: trails and hubs of several regions, and what is read in two ways.
_AWS_WIDE = frozenset({"cloudtrail", "securityhub", "wafv2"})
# Tags, locks and whole groups of anything.
_AZURE_ANYTHING = "microsoft.resources"
_ARN_COLONS = 5
_GCP_WORDS = {"cloudresourcemanager": "resourcemanager"}


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


def touch_of(event: ProviderEvent) -> str | None:
    """The service a change was in, and its region where things of the service lie in one; None where it does not say.

    As `connectors.reading.touching` writes it.
    """
    match event.provider:
        case Provider.AWS:
            word = _aws_word(event)
            return None if word is None else touch(word, None if word in _AWS_WIDE else event.region)
        case Provider.AZURE:
            word = (event.service or "").casefold()
            return None if word in ("", _AZURE_ANYTHING) else touch(word)
        case Provider.GCP if event.service:
            word = event.service.removesuffix(".googleapis.com")
            return touch(_GCP_WORDS.get(word, word))
        case _:
            return None


def _aws_word(event: ProviderEvent) -> str | None:
    if event.service is not None:
        word = event.service.removesuffix(".amazonaws.com")
        return _AWS_WORDS.get(word, word)
    if event.source.startswith("aws.") and event.source != "aws.config":
        return event.source.removeprefix("aws.")
    # AWS Config says it of everything: arn:partition:service:region:account:resource.
    arn = next((one for one in event.resources if one.startswith("arn:") and one.count(":") >= _ARN_COLONS), None)
    return None if arn is None else arn.split(":")[2]
