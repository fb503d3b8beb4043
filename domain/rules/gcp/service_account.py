"""Keys of service accounts that have been in use for too long."""

from datetime import timedelta
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.gcp_example import PROJECT
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet


def is_old(key: Resource, context: RuleContext) -> Observation | None:
    """Fires on a key that a person has made, past the age and still good."""
    if key.config.get("keyType") != "USER_MANAGED" or key.config.get("disabled") or key.created_at is None:
        return None
    age = context.now - key.created_at
    if age <= context.days("max_age_days"):
        return None
    return Observation(
        reason=f"Key {key.name} of the service account {_account(key)} is {age // timedelta(days=1)} days old.",
        observed={"validAfterTime": key.created_at.isoformat(), "keyType": "USER_MANAGED"},
    )


def disable(key: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The key is refused from then on, and can be let in again."""
    back = _switched(key, "enable", f"Let the key {key.name} of {_account(key)} in again.")
    says = f"Disable the key {key.name} of {_account(key)}. Whoever uses it is refused."
    return (_switched(key, "disable", says, undo=(back,)),)


def _switched(key: Resource, verb: str, says: str, undo: tuple[Step, ...] = ()) -> Step:
    call = Call(operation=f"iam.projects.serviceAccounts.keys.{verb}", arguments={"name": key.config["name"]})
    return Step(name=verb, says=says, call=call, undo=undo)


def _account(key: Resource) -> str:
    return str(key.config["name"]).split("/")[3]


def _key(age_days: int, **config: Any) -> Resource:
    name = f"projects/{PROJECT}/serviceAccounts/deploy@{PROJECT}.iam.gserviceaccount.com/keys/4f2a"
    return Resource(
        kind=ResourceKind.GCP_SERVICE_ACCOUNT_KEY,
        native_id=f"//iam.googleapis.com/{name}",
        name="4f2a",
        created_at=EXAMPLE_NOW - timedelta(days=age_days),
        config={"name": name, "keyType": "USER_MANAGED", "validAfterTime": "", **config},
    )


AGE = {"max_age_days": 90}

OLD_KEY = Rule(
    id="gcp-sa-key-old",
    title="Key of a service account is old",
    description="A key lies in files, pipelines and laptops. The older it is, the more of them nobody remembers.",
    category=FindingCategory.SECOPS,
    severity=Severity.HIGH,
    risk=Risk.HIGH,
    applies_to=ResourceKind.GCP_SERVICE_ACCOUNT_KEY,
    permissions=("iam.serviceAccounts.list", "iam.serviceAccountKeys.list"),
    source="IAM, projects.serviceAccounts.keys.list; CIS Google Cloud Foundation 1.7",
    blind_spots="Who uses the key, and when last, is not read here. The key CloudWatcher acts with is never disabled.",
    parameters=(Parameter(name="max_age_days", default=90, meaning="Days a key may be in use."),),
    needs=("keyType", "validAfterTime"),
    check=is_old,
    group="identity",
    remedy=Remedy(
        says="Disables the key.",
        plan=disable,
        reversible=Reversible.YES,
        permissions=("iam.serviceAccountKeys.disable", "iam.serviceAccountKeys.enable"),
    ),
    examples=(
        fires(_key(91), parameters=AGE),
        quiet(_key(90), parameters=AGE),
        quiet(_key(91, keyType="SYSTEM_MANAGED"), parameters=AGE),
        quiet(_key(91, disabled=True), parameters=AGE),
    ),
)
