"""Secrets of Secrets Manager that nobody reads, or that never change."""

from datetime import datetime, timedelta
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.list_price import AWS_SECRET, usd
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

# Secrets Manager says so of a secret that is waiting for its deletion. Source: API reference, DeleteSecret.
GONE = ("ResourceNotFoundException", "InvalidRequestException: scheduled for deletion")


def _is_own(secret: Resource) -> bool:
    """Not one that another service looks after, nor a replica, which follows its primary, nor one that is going."""
    config = secret.config
    is_replica = config.get("PrimaryRegion") not in (None, secret.region)
    return not (config.get("OwningService") or config.get("DeletedDate") or is_replica)


def is_unused(secret: Resource, context: RuleContext) -> Observation | None:
    """Fires on a secret not read for `unused_days`; one never read counts from its creation."""
    read_at = secret.config.get("LastAccessedDate")
    dated = read_at or secret.config.get("CreatedDate")
    if not dated or not _is_own(secret):
        return None
    since = datetime.fromisoformat(dated)
    if context.now - since <= context.days("unused_days"):
        return None
    told = "was last read on" if read_at else "has not been read since it was made on"
    return Observation(
        reason=f"Secret {secret.name} {told} {since:%Y-%m-%d}.",
        observed={"LastAccessedDate": read_at, "since": since.isoformat()},
        estimated_monthly_saving=usd(AWS_SECRET.usd),
        saving_formula=f"{AWS_SECRET.usd} USD for each secret and month",
    )


def schedule_deletion(secret: Resource, context: RuleContext) -> tuple[Step, ...]:
    """The secret goes only after some days, and can be called back until then."""
    days = context.parameters["recovery_days"]
    back = Step(
        name="restore",
        says=f"Call secret {secret.name} back.",
        call=_call(secret, "restore_secret"),
    )
    return (
        Step(
            name="delete",
            says=f"Delete secret {secret.name} in {days} days. Until then it can be called back, and not read.",
            call=_call(secret, "delete_secret", RecoveryWindowInDays=days),
            # The state in which it cannot be deleted is that of waiting to be. Source: DeleteSecret, errors.
            gone=(*GONE, "InvalidRequestException"),
            undo=(back,),
        ),
    )


def is_never_changed(secret: Resource, context: RuleContext) -> Observation | None:
    """Fires on a secret that is not changed by itself and was not changed for `max_age_days`."""
    changed_at = secret.config.get("LastChangedDate")
    if not changed_at or secret.config.get("RotationEnabled") or not _is_own(secret):
        return None
    changed = datetime.fromisoformat(changed_at)
    if context.now - changed <= context.days("max_age_days"):
        return None
    return Observation(
        reason=f"Secret {secret.name} was last changed on {changed:%Y-%m-%d}, and nothing changes it by itself.",
        observed={"LastChangedDate": changed_at, "RotationEnabled": bool(secret.config.get("RotationEnabled"))},
    )


def rotate(secret: Resource, context: RuleContext) -> tuple[Step, ...]:
    """From its next date on. Not at once: the present value could not be brought back."""
    function = secret.config.get("RotationLambdaARN")
    if not function:
        raise NoPlan(f"Give secret {secret.name} a function that changes it first; none is known.")
    rules = secret.config.get("RotationRules") or {"AutomaticallyAfterDays": context.parameters["max_age_days"]}
    back = Step(
        name="cancel",
        says=f"Change secret {secret.name} by itself no more.",
        call=_call(secret, "cancel_rotate_secret"),
    )
    given = {"RotationLambdaARN": function, "RotationRules": rules, "RotateImmediately": False}
    told = ", ".join(f"{name} {value}" for name, value in sorted(rules.items()))
    says = f"Let {function} change secret {secret.name} by itself from its next date on ({told})."
    return (Step(name="rotate", says=says, call=_call(secret, "rotate_secret", **given), undo=(back,)),)


def _call(secret: Resource, method: str, **given: Any) -> Call:
    arguments = {"SecretId": secret.native_id, **given}
    return Call(operation=f"secretsmanager.{method}", region=secret.region, arguments=arguments)


def _secret(days: int = 400, read: int | None = None, changed: int | None = None, **config: Any) -> Resource:
    """A secret made, read and changed so many days ago, for the examples."""
    created = EXAMPLE_NOW - timedelta(days=days)
    dates = {"CreatedDate": days, "LastAccessedDate": read, "LastChangedDate": days if changed is None else changed}
    told = {name: (EXAMPLE_NOW - timedelta(days=age)).isoformat() for name, age in dates.items() if age is not None}
    return Resource(
        kind=ResourceKind.AWS_SECRET,
        native_id="arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf",
        name="db",
        region="us-east-1",
        created_at=created,
        config={**told, **config},
    )


_LIST = ("secretsmanager:ListSecrets",)
_FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:rotate"
_UNUSED, _AGE = {"unused_days": 90, "recovery_days": 30}, {"max_age_days": 90}
UNUSED = Rule(
    id="aws-secret-unused",
    title="Secret is read by nobody",
    description="A secret is billed whether or not it is read, and one that nobody needs can only be stolen.",
    category=FindingCategory.FINOPS,
    severity=Severity.LOW,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_SECRET,
    permissions=_LIST,
    source="AWS Secrets Manager pricing; Secrets Manager ListSecrets (LastAccessedDate)",
    blind_spots="Secrets that are read less often than unused_days look unused. Of secrets with replicas AWS deletes "
    "none until those are removed; the list does not show them. The first 30 days of a secret are free.",
    parameters=(
        Parameter(name="unused_days", default=90, meaning="Days a secret may go unread."),
        Parameter(
            name="recovery_days", default=30, meaning="Days it can be called back after deletion.", least=7, most=30
        ),
    ),
    needs=("CreatedDate",),
    check=is_unused,
    group="idle",
    remedy=Remedy(
        says="Deletes the secret after some days in which it can be called back.",
        plan=schedule_deletion,
        reversible=Reversible.YES,
        permissions=("secretsmanager:DeleteSecret", "secretsmanager:RestoreSecret"),
    ),
    examples=(
        fires(_secret(read=91), parameters=_UNUSED),
        fires(_secret(days=91), parameters=_UNUSED),
        quiet(_secret(read=89), parameters=_UNUSED),
        quiet(_secret(days=89), parameters=_UNUSED),
        quiet(_secret(OwningService="rds"), parameters=_UNUSED),
        quiet(_secret(PrimaryRegion="eu-west-1"), parameters=_UNUSED),
    ),
)

ROTATION = Rule(
    id="aws-secret-rotation",
    title="Secret is never changed",
    description="A secret that leaked long ago still opens what it is for. Changing it limits what a leak is worth.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AWS_SECRET,
    permissions=_LIST,
    source="AWS Security Hub SecretsManager.1 and SecretsManager.4; Secrets Manager ListSecrets, RotateSecret",
    blind_spots="LastChangedDate also moves when only tags or the description change. Whether a rotation that is on "
    "succeeds is not looked at. Which function could change a secret is known only where one did before.",
    parameters=(Parameter(name="max_age_days", default=90, meaning="Days a secret may stay unchanged.", least=1),),
    needs=("LastChangedDate",),
    check=is_never_changed,
    group="identity",
    remedy=Remedy(
        says="Lets the function that changed the secret before do so by itself again.",
        plan=rotate,
        reversible=Reversible.YES,
        permissions=(
            "lambda:InvokeFunction",
            "secretsmanager:CancelRotateSecret",
            "secretsmanager:RotateSecret",
        ),
    ),
    examples=(
        fires(_secret(changed=91, RotationLambdaARN=_FUNCTION), parameters=_AGE),
        fires(
            _secret(RotationLambdaARN=_FUNCTION, RotationRules={"AutomaticallyAfterDays": 30}, RotationEnabled=False),
            parameters=_AGE,
        ),
        fires(_secret(changed=91), parameters=_AGE),
        quiet(_secret(changed=89), parameters=_AGE),
        quiet(_secret(RotationEnabled=True, RotationLambdaARN=_FUNCTION), parameters=_AGE),
        quiet(_secret(OwningService="rds"), parameters=_AGE),
    ),
)
