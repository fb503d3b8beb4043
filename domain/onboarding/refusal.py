"""What is told of credentials that did not open an account: which field is meant, and what to do."""

from pydantic import BaseModel

from domain.errors import CredentialsRejected, Invalid, Misshapen, PermissionMissing, ProviderError, Unavailable
from domain.facts.provider import Provider

# Per vendor: the fields a rejection can be about, the first one that is filled in is named; and what to do.
FIELDS: dict[Provider, tuple[str, ...]] = {
    Provider.AWS: ("role_arn", "access_key_id"),
    Provider.AZURE: ("client_secret",),
    Provider.GCP: ("service_account_key",),
    Provider.DIGITALOCEAN: ("token",),
    Provider.GITHUB: ("token", "private_key"),
    Provider.OKTA: ("token", "private_key"),
    Provider.JIRA: ("token",),
    Provider.SLACK: ("token",),
}
FIXES: dict[Provider, str] = {
    Provider.AWS: "Check the key, or the role with its trust policy: `accountSetup` shows both as they must be.",
    Provider.AZURE: "Make a new client secret under Certificates & secrets, and check tenant, client and subscription.",
    Provider.GCP: "Make a new key of the service account, and check that the account is not disabled.",
    Provider.DIGITALOCEAN: "Make a new token under API, Tokens, and copy it whole.",
    Provider.GITHUB: "Make a new token, or check the app's id, installation and private key.",
    Provider.OKTA: "Make a new token under Security, API, or check the app's client id, key and scopes.",
    Provider.JIRA: "Make a new API token, and check that the e-mail address is that of its user.",
    Provider.SLACK: "Install the app anew and copy its bot token, which begins with xoxb-.",
}
# What AWS says when the two clocks differ. Source: "Common error types" of the API references, STS and S3.
CLOCKS = ("RequestTimeTooSkewed", "RequestExpired", "Signature expired", "Signature not yet current")
CLOCK_FIX = "The clock of the machine CloudWatcher runs on is wrong: set it, for example with NTP."
ADDRESS_FIX = "Check the address, and whether the provider is reachable from here."


def refusal(error: ProviderError, provider: Provider, credentials: BaseModel) -> Invalid:
    """The refusal to show, with the name of the field of the credentials that it is about where there is one."""
    if any(sign in error.message for sign in CLOCKS):
        return Invalid(f"{error.message} {CLOCK_FIX}")
    if isinstance(error, CredentialsRejected):
        return Invalid(f"{error.message} {FIXES[provider]}", path=_filled(credentials, FIELDS[provider]))
    if isinstance(error, PermissionMissing):
        return Invalid(f"{error.message} Without it nothing can be read.", path=_filled(credentials, FIELDS[provider]))
    if isinstance(error, Unavailable | Misshapen):
        return Invalid(f"{error.message} {ADDRESS_FIX}", path=_filled(credentials, _addresses(credentials)))
    return Invalid(f"{error.message} {error.advice}".strip())


def _addresses(credentials: BaseModel) -> tuple[str, ...]:
    return tuple(name for name in type(credentials).model_fields if name.endswith("_url"))


def _filled(credentials: BaseModel, names: tuple[str, ...]) -> tuple[str, ...]:
    return next(((name,) for name in names if getattr(credentials, name) is not None), ())
