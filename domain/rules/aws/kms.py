"""Keys of KMS that are never renewed."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

# Of these KMS can renew the material by itself. Source: KMS developer guide, "Rotate AWS KMS keys".
RENEWABLE = {"KeyManager": "CUSTOMER", "KeySpec": "SYMMETRIC_DEFAULT", "KeyState": "Enabled", "Origin": "AWS_KMS"}


def is_never_renewed(key: Resource, _: RuleContext) -> Observation | None:
    """Fires on an own key that KMS could renew every year and does not. Replicas follow their primary key."""
    if key.config.get("KeyRotationEnabled") is not False:
        return None
    if any(key.config.get(field) != wanted for field, wanted in RENEWABLE.items()):
        return None
    if (key.config.get("MultiRegionConfiguration") or {}).get("MultiRegionKeyType") == "REPLICA":
        return None
    return Observation(
        reason=f"Key {key.name} is never renewed: all that it ever sealed opens with one piece of material.",
        observed={**RENEWABLE, "KeyRotationEnabled": False},
    )


def renew(key: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Once a year from now on. What was sealed before stays readable."""
    back = _switched(key, "back", "disable_key_rotation", f"Renew key {key.name} no more.", ())
    says = f"Renew key {key.name} every year. What was sealed before stays readable."
    return (_switched(key, "renew", "enable_key_rotation", says, (back,)),)


def _switched(key: Resource, name: str, method: str, says: str, undo: tuple[Step, ...]) -> Step:
    call = Call(operation=f"kms.{method}", region=key.region, arguments={"KeyId": key.native_id})
    return Step(name=name, says=says, call=call, undo=undo)


def _key(**config: Any) -> Resource:
    return Resource(
        kind=ResourceKind.AWS_KMS_KEY,
        native_id="arn:aws:kms:us-east-1:123456789012:key/1",
        name="1",
        region="us-east-1",
        config={**RENEWABLE, "KeyRotationEnabled": False, **config},
    )


ROTATION = Rule(
    id="aws-kms-rotation",
    title="KMS key is never renewed",
    description="A key that is renewed every year limits what one piece of key material opens.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_KMS_KEY,
    permissions=("kms:DescribeKey", "kms:GetKeyRotationStatus", "kms:ListKeys"),
    source="CIS AWS Foundations Benchmark 3.6; KMS GetKeyRotationStatus",
    blind_spots="Keys that are asymmetric, imported or kept in a store of one's own are renewed by hand, which is not "
    "seen. Data that was sealed before is not sealed anew.",
    needs=("KeyRotationEnabled", "KeyState"),
    check=is_never_renewed,
    group="encryption",
    remedy=Remedy(
        says="Lets KMS renew the key every year.",
        plan=renew,
        reversible=Reversible.YES,
        permissions=("kms:DisableKeyRotation", "kms:EnableKeyRotation"),
    ),
    examples=(
        fires(_key()),
        quiet(_key(KeyRotationEnabled=True)),
        quiet(_key(KeySpec="RSA_2048")),
        quiet(_key(Origin="EXTERNAL")),
        quiet(_key(MultiRegionConfiguration={"MultiRegionKeyType": "REPLICA"})),
    ),
)
