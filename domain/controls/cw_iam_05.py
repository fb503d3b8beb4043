"""Long-lived keys and tokens rotate."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from domain.compliance.answers import listed
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.instants import age, instant
from domain.facts.compliance import EvidenceKind, Frequency, Integration, Verdict
from domain.facts.severity import Severity

KEYS, USED = "iam.list_access_keys", "iam.get_access_key_last_used"
ACCOUNTS, ACCOUNT_KEYS = "iam.v1:projects.serviceAccounts.list", "iam.v1:projects.serviceAccounts.keys.list"
TOKENS, DEPLOY_KEYS = "GET /orgs/{org}/personal-access-tokens", "GET /repos/{owner}/{repo}/keys"
# Days of the catalogue that nobody tightens.
IDLE_KEY_DAYS, SOON_DAYS, IDLE_TOKEN_DAYS = 45, 14, 30


def _aws(case: Case) -> Iterator[Item]:
    case.answers.calls("iam.list_users")
    used = case.answers.by(USED, "AccessKeyId")
    for key in case.answers.items(KEYS, "AccessKeyMetadata"):
        if key["Status"] != "Active":
            yield passed(key["AccessKeyId"], f"a key of {key['UserName']} that is not active")
        else:
            yield _access_key(key, used.get(key["AccessKeyId"], ()), case)


def _access_key(key: Any, answers: Sequence[Any], case: Case) -> Item:
    """A key that was never used has no LastUsedDate: its idle days count from when it was made."""
    last = [page["AccessKeyLastUsed"].get("LastUsedDate") for page in answers]
    days, idle = _days(key["CreateDate"], case), _days((last and last[0]) or key["CreateDate"], case)
    observed = f"a key of {key['UserName']}, {days} days old"
    if days < case.parameters["warn_days"] and idle >= IDLE_KEY_DAYS:
        return warned(key["AccessKeyId"], f"{observed}, not used for {idle} days", "no key that is not used")
    return _by_age(key["AccessKeyId"], observed, age(key["CreateDate"], case.now), case)


def _days(moment: str, case: Case) -> int:
    return age(moment, case.now).days


def _by_age(resource: str, observed: str, old: timedelta, case: Case) -> Item:
    """`max_days` to the second are still allowed, `warn_days` are not young any more."""
    most = case.parameters["max_days"]
    if old > timedelta(days=most):
        return failed(resource, observed, f"at most {most} days old")
    if old >= timedelta(days=case.parameters["warn_days"]):
        return warned(resource, observed, f"replaced before it is {most} days old")
    return passed(resource, observed)


def _azure(case: Case) -> Iterator[Item]:
    for application in case.answers.items("GRAPH GET /v1.0/applications", "value"):
        for secret in application["passwordCredentials"]:
            yield _client_secret(secret, application["displayName"], case)
        if not application["passwordCredentials"]:
            yield passed(application["id"], f"{application['displayName']} has no client secret")


def _client_secret(secret: Any, owner: str, case: Case) -> Item:
    ends, most = instant(secret["endDateTime"]), case.parameters["secret_max_days"]
    lasts, left = ends - instant(secret["startDateTime"]), ends - case.now
    observed = f"a secret of {owner} lasts {lasts.days} days, until {ends:%Y-%m-%d}"
    if left < timedelta(0):
        return failed(secret["keyId"], observed, "no secret that has ended")
    if lasts > timedelta(days=most):
        return failed(secret["keyId"], observed, f"at most {most} days")
    if left <= timedelta(days=SOON_DAYS):
        return warned(secret["keyId"], observed, "replaced before it ends")
    return passed(secret["keyId"], observed)


def _gcp(case: Case) -> Iterator[Item]:
    """Keys that people made; Google replaces its own by itself. A disabled key opens nothing."""
    by_account = case.answers.by(ACCOUNT_KEYS, "parent")
    for account in case.answers.items(ACCOUNTS, "accounts"):
        keys = [one for page in by_account[account["name"]] for one in listed(page, "keys")]
        made = [one for one in keys if one["keyType"] == "USER_MANAGED"]
        for key in made:
            observed = f"a key of {account['email']}, {_days(key['validAfterTime'], case)} days old"
            # False is left out of answers.
            if key.get("disabled", False):
                yield passed(key["name"], f"{observed}, disabled")
            else:
                yield _by_age(key["name"], observed, age(key["validAfterTime"], case.now), case)
        if not made:
            yield passed(account["name"], f"{account['email']} has no key")


def _github(case: Case) -> Iterator[Item]:
    for token in case.answers.items(TOKENS):
        yield _personal_token(token, case)
    for call in case.answers.calls(DEPLOY_KEYS):
        where = f"{call.arguments['owner']}/{call.arguments['repo']}"
        for key in (one for page in call.pages for one in page):
            yield _deploy_key(key, where, case)


def _personal_token(token: Any, case: Case) -> Item:
    resource, ends = f"personal-access-token/{token['id']}", token["token_expires_at"]
    name, most = token["token_name"], case.parameters["max_days"]
    if token["token_expired"]:
        return passed(resource, f"{name} has ended")
    if ends is None:
        return failed(resource, f"{name} never ends", f"ends within {most} days")
    left = instant(ends) - case.now
    if left > timedelta(days=most):
        return warned(resource, f"{name} ends in {left.days} days", f"ends within {most} days")
    return passed(resource, f"{name} ends in {left.days} days")


def _deploy_key(key: Any, where: str, case: Case) -> Item:
    resource, most = f"key/{key['id']}", case.parameters["max_days"]
    observed = (
        f"a key of {where} to {'read' if key['read_only'] else 'write'}, {_days(key['created_at'], case)} days old"
    )
    if age(key["created_at"], case.now) > timedelta(days=most):
        return failed(resource, observed, f"at most {most} days old")
    return passed(resource, observed) if key["read_only"] else warned(resource, observed, "a key that only reads")


def _okta(case: Case) -> Iterator[Item]:
    """Okta writes down when a token was last used as when it was last updated."""
    most = case.parameters["max_days"]
    for token in case.answers.items("GET /api/v1/api-tokens"):
        days, idle = _days(token["created"], case), _days(token["lastUpdated"], case)
        observed = f"{token['name']}: {days} days old, used {idle} days ago"
        # Without a condition a token is taken from anywhere.
        connection = (token.get("network") or {}).get("connection")
        if age(token["created"], case.now) > timedelta(days=most) and idle >= IDLE_TOKEN_DAYS:
            yield failed(token["id"], observed, f"used, or at most {most} days old")
        elif idle >= IDLE_TOKEN_DAYS:
            yield warned(token["id"], observed, f"used within {IDLE_TOKEN_DAYS} days")
        elif connection != "ZONE":
            yield warned(token["id"], f"{observed}, from anywhere", "bound to a network zone")
        else:
            yield passed(token["id"], f"{observed}, bound to a network zone")


def _digitalocean(case: Case) -> Iterator[Item]:
    """A key is for all of Spaces unless every grant of it names a bucket."""
    for key in case.answers.items("GET /v2/spaces/keys", "keys"):
        days, grants = _days(key["created_at"], case), key["grants"]
        observed = f"{key['name']}: {days} days old"
        item = _by_age(key["access_key"], observed, age(key["created_at"], case.now), case)
        if item.verdict is Verdict.PASS and not (grants and all(one["bucket"] for one in grants)):
            yield warned(key["access_key"], f"{observed}, for every bucket", "grants for named buckets")
        else:
            yield item


CONTROL = Control(
    id="CW-IAM-05",
    name="Long-lived keys and tokens rotate",
    category="identity",
    severity=Severity.HIGH,
    frequency=Frequency.DAILY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC6.1", "CC6.3"),
    objective="Anything that works like a password for a program has an age limit.",
    owner_role="security",
    parameters={"warn_days": 75, "max_days": 90, "secret_max_days": 180},
    remediations=("aws.iam.deactivate_old_key", "gcp.iam.disable_sa_key", "okta.revoke_api_token"),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="identity",
            operations=(
                "iam.list_users",
                "iam.list_access_keys",
                "iam.get_access_key_last_used",
            ),
            passes="Every active access key is younger than warn_days and in use.",
            warns="An active key is between warn_days and max_days old, or has not been used for 45 days.",
            fails="An active key is older than max_days.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="identity",
            operations=("GRAPH GET /v1.0/applications",),
            passes="No client secret lasts longer than secret_max_days, and none has ended.",
            warns="A client secret ends within 14 days.",
            fails="A client secret lasts longer than secret_max_days, or has ended.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="identity",
            operations=(
                "iam.v1:projects.serviceAccounts.list",
                "iam.v1:projects.serviceAccounts.keys.list",
            ),
            passes="No key that people made for a service account is older than warn_days.",
            warns="Such a key is between warn_days and max_days old.",
            fails="Such a key is older than max_days.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.GITHUB,
            scope="organization",
            operations=(
                "GET /orgs/{org}/personal-access-tokens",
                "GET /repos/{owner}/{repo}/keys",
            ),
            passes=(
                "Every personal token ends within max_days, and every deploy key only reads and is at most max_days "
                "old."
            ),
            warns="A deploy key can write, or a personal token ends later than in max_days.",
            fails="A personal token never ends, or a deploy key is older than max_days.",
            judge=_github,
        ),
        Procedure(
            integration=Integration.OKTA,
            scope="organization",
            operations=("GET /api/v1/api-tokens",),
            passes="Every API token was used in the last 30 days and is bound to a network zone.",
            warns="An API token is taken from anywhere, or was not used for 30 days.",
            fails="An API token is older than max_days and was not used for 30 days.",
            judge=_okta,
        ),
        Procedure(
            integration=Integration.DIGITALOCEAN,
            scope="team",
            operations=("GET /v2/spaces/keys",),
            passes="Every Spaces key is younger than warn_days and names the buckets it is for.",
            warns="A Spaces key is for every bucket, or between warn_days and max_days old.",
            fails="A Spaces key is older than max_days.",
            judge=_digitalocean,
        ),
    ),
)
