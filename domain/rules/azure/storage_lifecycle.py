"""Blobs that stay on the dearest tier however old they are."""

from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.azure_metric import series
from domain.rules.azure_resource import on
from domain.rules.list_price import AZURE_COOL_BLOB, AZURE_HOT_BLOB, usd
from domain.rules.rule import Observation, Parameter, Rule, RuleContext, fires, quiet

BYTES_PER_GIB = 1024**3
# The part of what lies on the hot tier that is old enough. Source: the catalogue of rules.
OLD_ENOUGH = Decimal("0.6")
# Accounts of other redundancy have no archive. Source: "Access tiers for blob data", archive access tier.
WITH_ARCHIVE = ("Standard_LRS", "Standard_GRS", "Standard_RAGRS")
POLICY = "Microsoft.Storage/storageAccounts/{accountName}/managementPolicies/{managementPolicyName}"


def keeps_all_hot(account: Resource, context: RuleContext) -> Observation | None:
    """Fires on an account with much in it and no policy that moves what is old."""
    # The key is there without a value when Azure says that there is no policy.
    is_without = "managementPolicy" in account.config and account.config["managementPolicy"] is None
    if account.config.get("kind") != "StorageV2" or not is_without:
        return None
    by_tier = _gib_by_tier(account)
    total = sum(by_tier.values(), Decimal(0))
    if total <= context.parameters["min_gib"]:
        return None
    hot, cheaper = by_tier.get("hot", Decimal(0)), AZURE_HOT_BLOB.usd - AZURE_COOL_BLOB.usd
    return Observation(
        reason=f"Storage account {account.name} holds {total:.0f} GiB and moves nothing of it to a cheaper tier.",
        observed={"gib": {tier: round(float(gib), 1) for tier, gib in by_tier.items()}},
        estimated_monthly_saving=usd(OLD_ENOUGH * hot * cheaper),
        saving_formula=f"{OLD_ENOUGH} * {hot:.1f} GiB hot * ({AZURE_HOT_BLOB.usd} - {AZURE_COOL_BLOB.usd} USD)",
    )


def tier_by_age(account: Resource, context: RuleContext) -> tuple[Step, ...]:
    """The account's one policy, with one rule for all block blobs."""
    cool, archive = context.parameters["cool_days"], context.parameters["archive_days"]
    moved: dict[str, Any] = {"tierToCool": {"daysAfterModificationGreaterThan": cool}}
    then = ""
    if (account.config.get("sku") or {}).get("name") in WITH_ARCHIVE:
        moved["tierToArchive"] = {"daysAfterModificationGreaterThan": archive}
        then = f", and to archive after {archive} days, from where reading takes hours"
    rule = {
        "name": "tier-by-age",
        "enabled": True,
        "type": "Lifecycle",
        "definition": {"filters": {"blobTypes": ["blockBlob"]}, "actions": {"baseBlob": moved}},
    }
    gone = Step(
        name="delete-policy",
        says=f"Delete the policy of {account.name}. What was moved stays where it is.",
        call=on(f"DELETE {POLICY}", account.native_id),
        gone=("ManagementPolicyNotFound", "ResourceNotFound"),
    )
    return (
        Step(
            name="policy",
            says=f"Move blobs of {account.name} to cool {cool} days after their last change{then}.",
            call=on(f"PUT {POLICY}", account.native_id, properties={"policy": {"rules": [rule]}}),
            undo=(gone,),
        ),
    )


def _gib_by_tier(account: Resource) -> dict[str, Decimal]:
    """What the account held when last measured."""
    found: dict[str, Decimal] = {}
    for one in series(account, "BlobCapacity"):
        tier = next((str(named.get("value")).lower() for named in one.get("metadatavalues") or ()), "")
        known = [point["average"] for point in one.get("data") or () if point.get("average") is not None]
        if known:
            found[tier] = found.get(tier, Decimal(0)) + Decimal(str(known[-1])) / BYTES_PER_GIB
    return found


def _held(tier: str, *gib: int | None) -> dict[str, Any]:
    data: list[dict[str, Any]] = [{"average": None if one is None else one * BYTES_PER_GIB} for one in gib]
    return {"metadatavalues": [{"name": {"value": "blobtier"}, "value": tier}], "data": data}


def _account(*held: dict[str, Any], sku: str = "Standard_LRS", kind: str = "StorageV2", **details: Any) -> Resource:
    return Resource(
        kind=ResourceKind.AZURE_STORAGE_ACCOUNT,
        native_id="/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.Storage/storageAccounts/cedarlogs",
        name="cedarlogs",
        config={
            "kind": kind,
            "sku": {"name": sku},
            "metrics": [{"name": {"value": "BlobCapacity"}, "timeseries": list(held)}],
            "managementPolicy": None,
            **details,
        },
    )


_DEFAULTS = {"min_gib": 100, "cool_days": 30, "archive_days": 180}

LIFECYCLE = Rule(
    id="azure-storage-lifecycle",
    title="Storage account never moves old blobs",
    description="What nobody changes for a month costs about half on the cool tier.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.LOW,
    applies_to=ResourceKind.AZURE_STORAGE_ACCOUNT,
    permissions=(
        "Microsoft.Insights/metrics/read",
        "Microsoft.Storage/storageAccounts/managementPolicies/read",
        "Microsoft.Storage/storageAccounts/read",
    ),
    source="Management Policies - Get; Azure Monitor, BlobCapacity; Azure Blob Storage pricing",
    blind_spots="How much really is old is not known: three fifths are taken for it. Reading what was moved costs "
    "more, and deleting the policy moves nothing back.",
    parameters=(
        Parameter(name="min_gib", default=100, meaning="GiB an account may hold without a policy."),
        Parameter(name="cool_days", default=30, meaning="Days without a change after which a blob is cool.", least=1),
        Parameter(name="archive_days", default=180, meaning="Days without a change until it is archived.", least=1),
    ),
    needs=("managementPolicy", "metrics"),
    check=keeps_all_hot,
    group="storage-tier",
    remedy=Remedy(
        says="Adds a policy that moves old blobs to cheaper tiers.",
        plan=tier_by_age,
        reversible=Reversible.YES,
        permissions=(
            "Microsoft.Storage/storageAccounts/managementPolicies/delete",
            "Microsoft.Storage/storageAccounts/managementPolicies/write",
        ),
    ),
    examples=(
        # 0.6 * 1000 GiB * 0.0084 USD = 5.04 USD.
        fires(_account(_held("Hot", 900, 1000, None), _held("Cool", 50)), parameters=_DEFAULTS),
        fires(_account(_held("Hot", 1000), sku="Standard_ZRS"), parameters=_DEFAULTS),
        quiet(_account(_held("Hot", 100)), parameters=_DEFAULTS),
        quiet(_account(_held("Hot", None)), parameters=_DEFAULTS),
        quiet(_account(_held("Hot", 1000), managementPolicy={"id": "p1"}), parameters=_DEFAULTS),
        quiet(_account(_held("Hot", 1000), kind="BlobStorage"), parameters=_DEFAULTS),
    ),
)
