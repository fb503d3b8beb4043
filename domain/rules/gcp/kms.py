"""Keys of Cloud KMS that are not made anew often enough."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.gcp_example import PROJECT
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

# Ninety days. Source: CIS Google Cloud Foundation 1.10.
LONGEST = 7776000
PERIOD = f"{LONGEST}s"


def is_rarely_rotated(key: Resource, _: RuleContext) -> Observation | None:
    """Fires on a key for encryption that is never made anew, or less often than every ninety days."""
    if key.config.get("purpose") != "ENCRYPT_DECRYPT":
        return None
    period = key.config.get("rotationPeriod")
    if period is not None and float(period.removesuffix("s")) <= LONGEST:
        return None
    often = "never" if period is None else f"every {float(period.removesuffix('s')) / 86400:.0f} days only"
    return Observation(
        reason=f"Key {key.name} ({key.native_id}) is made anew {often}.", observed={"rotationPeriod": period}
    )


def rotate(key: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Ninety days. What was encrypted stays readable, as the older versions of the key are kept."""
    if key.config.get("importOnly") or _level(key).startswith("EXTERNAL"):
        raise NoPlan(f"{key.name} is made outside of Google, which cannot make it anew.")
    former = {name: key.config[name] for name in ("rotationPeriod", "nextRotationTime") if key.config.get(name)}
    back = _patched(key, "restore", f"Make {key.name} anew as often as before.", former)
    says = f"Make {key.name} anew every ninety days. Older versions stay, and each is billed."
    wanted = {**former, "rotationPeriod": PERIOD}
    return (_patched(key, "rotate", says, wanted, undo=(back,)),)


def _level(key: Resource) -> str:
    return str((key.config.get("versionTemplate") or {}).get("protectionLevel", ""))


def _patched(key: Resource, name: str, says: str, change: dict[str, Any], undo: tuple[Step, ...] = ()) -> Step:
    arguments = {"name": key.config["name"], "change": change}
    call = Call(operation="cloudkms.projects.locations.keyRings.cryptoKeys.patch", arguments=arguments)
    return Step(name=name, says=says, call=call, undo=undo)


def _key(**config: Any) -> Resource:
    name = f"projects/{PROJECT}/locations/europe-west1/keyRings/main/cryptoKeys/disk"
    plain = {"name": name, "purpose": "ENCRYPT_DECRYPT", "versionTemplate": {"protectionLevel": "SOFTWARE"}}
    return Resource(
        kind=ResourceKind.GCP_CRYPTO_KEY,
        native_id=f"//cloudkms.googleapis.com/{name}",
        name="disk",
        region="europe-west1",
        config={**plain, **config},
    )


RARELY_ROTATED = Rule(
    id="gcp-kms-rotation",
    title="Key is not made anew every ninety days",
    description="The longer a key is used, the more is lost with it.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.LOW,
    applies_to=ResourceKind.GCP_CRYPTO_KEY,
    permissions=("cloudkms.locations.list", "cloudkms.keyRings.list", "cloudkms.cryptoKeys.list"),
    source="Cloud KMS, cryptoKeys.list; CIS Google Cloud Foundation 1.10",
    blind_spots="Keys that people make anew by hand in time look as if they never were.",
    needs=("purpose",),
    check=is_rarely_rotated,
    group="encryption",
    remedy=Remedy(
        says="Has the key made anew every ninety days.",
        plan=rotate,
        reversible=Reversible.YES,
        permissions=("cloudkms.cryptoKeys.get", "cloudkms.cryptoKeys.update"),
    ),
    examples=(
        fires(_key()),
        fires(_key(rotationPeriod="31536000s", nextRotationTime="2027-01-01T00:00:00Z")),
        fires(_key(versionTemplate={"protectionLevel": "EXTERNAL"})),
        quiet(_key(rotationPeriod=PERIOD)),
        quiet(_key(purpose="ASYMMETRIC_SIGN")),
    ),
)
