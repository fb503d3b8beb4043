"""App Service: plans that nothing runs on, and web apps that take weak connections."""

from decimal import Decimal
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import Step
from domain.rules.azure_resource import GONE, kept, on, own, whole_bill
from domain.rules.list_price import usd
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

UNBILLED = ("Free", "Shared", "Dynamic")
# What of a plan can be given. Source: App Service Plans - Create Or Update.
GIVEN = (
    *("reserved", "isXenon", "hyperV", "isSpot", "perSiteScaling", "elasticScaleEnabled", "maximumElasticWorkerCount"),
    *("targetWorkerCount", "targetWorkerSizeId", "zoneRedundant", "workerTierName", "hostingEnvironmentProfile"),
    *("kubeEnvironmentProfile", "asyncScalingEnabled", "spotExpirationTime"),
)
WEAK_TLS, ANY_FTP = ("1.0", "1.1"), "AllAllowed"
SITE, SETTINGS = "PATCH Microsoft.Web/sites/{name}", "PATCH Microsoft.Web/sites/{name}/config/web"


def is_empty(plan: Resource, context: RuleContext) -> Observation | None:
    """Fires on a plan that is billed and runs nothing."""
    tier = (plan.config.get("sku") or {}).get("tier")
    if own(plan).get("numberOfSites") != 0 or not tier or tier in UNBILLED:
        return None
    return Observation(
        reason=f"App Service plan {plan.name} ({tier}) runs no app and is billed as if it did.",
        observed={"numberOfSites": 0, "tier": tier},
        **whole_bill(plan, context),
    )


def delete_plan(plan: Resource, _: RuleContext) -> tuple[Step, ...]:
    """The plan goes; undone by one of the same name and size."""
    again = Step(
        name="create",
        says=f"Make the App Service plan {plan.name} again.",
        call=on(
            "PUT Microsoft.Web/serverfarms/{name}",
            plan.native_id,
            **kept(plan.config, ("location", "kind", "sku", "tags", "extendedLocation")),
            properties=kept(own(plan), GIVEN),
        ),
    )
    return (
        Step(
            name="delete",
            says=f"Delete the App Service plan {plan.name}.",
            call=on("DELETE Microsoft.Web/serverfarms/{name}", plan.native_id),
            gone=GONE,
            undo=(again,),
        ),
    )


def answers_plain_http(site: Resource, _: RuleContext) -> Observation | None:
    """Fires where plain HTTP is answered."""
    if own(site).get("httpsOnly") is not False:
        return None
    return Observation(reason=f"Web app {site.name} answers plain HTTP.", observed={"httpsOnly": False})


def require_https(site: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One setting, by which callers are sent on to HTTPS."""
    back = Step(
        name="back",
        says=f"Let {site.name} answer plain HTTP again.",
        call=on(SITE, site.native_id, properties={"httpsOnly": False}),
    )
    says = f"Send callers of {site.name} that use plain HTTP to HTTPS."
    return (
        Step(name="update", says=says, call=on(SITE, site.native_id, properties={"httpsOnly": True}), undo=(back,)),
    )


def takes_weak_connections(site: Resource, _: RuleContext) -> Observation | None:
    """Fires where TLS 1.0 or 1.1, or FTP without encryption, is taken."""
    wanted = _stronger(site)
    if not wanted:
        return None
    found = [f"{name} {value}" for name, value in kept(_settings(site), wanted).items()]
    return Observation(
        reason=f"Web app {site.name} takes weak connections: {' and '.join(found)}.",
        observed=kept(_settings(site), ("minTlsVersion", "ftpsState")),
    )


def require_strong_connections(site: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Changes what is too weak, and leaves the other settings as they are."""
    wanted = _stronger(site)
    back = Step(
        name="back",
        says=f"Give the web app {site.name} its former settings back.",
        call=on(SETTINGS, site.native_id, properties=kept(_settings(site), wanted)),
    )
    says = f"Take only TLS 1.2 or newer, and no FTP without encryption, on the web app {site.name}."
    return (Step(name="update", says=says, call=on(SETTINGS, site.native_id, properties=wanted), undo=(back,)),)


def _settings(site: Resource) -> dict[str, Any]:
    return (site.config.get("webConfig") or {}).get("properties") or {}


def _stronger(site: Resource) -> dict[str, str]:
    """The settings that are too weak, with what they have to be."""
    tls = {"minTlsVersion": "1.2"} if _settings(site).get("minTlsVersion") in WEAK_TLS else {}
    ftp = {"ftpsState": "FtpsOnly"} if _settings(site).get("ftpsState") == ANY_FTP else {}
    return {**tls, **ftp}


def _plan(sites: int = 0, tier: str = "PremiumV3") -> Resource:
    return Resource(
        kind=ResourceKind.AZURE_APP_SERVICE_PLAN,
        native_id="/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.Web/serverfarms/shop",
        name="shop",
        config={
            "location": "West Europe",
            "kind": "linux",
            "sku": {"name": "P1v3", "tier": tier, "capacity": 1},
            "properties": {"numberOfSites": sites, "reserved": True, "provisioningState": "Succeeded"},
        },
    )


def _site(is_https_only: bool = True, **settings: str) -> Resource:
    return Resource(
        kind=ResourceKind.AZURE_WEB_APP,
        native_id="/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.Web/sites/shop-web",
        name="shop-web",
        config={
            "properties": {"httpsOnly": is_https_only},
            "webConfig": {"properties": {"minTlsVersion": "1.2", "ftpsState": "Disabled", **settings}},
        },
    )


PLAN_EMPTY = Rule(
    id="azure-app-plan-empty",
    title="App Service plan runs nothing",
    description="A plan is billed for its machines, whether apps run on them or not.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AZURE_APP_SERVICE_PLAN,
    permissions=("Microsoft.Web/serverfarms/read",),
    source="App Service Plans - List (numberOfSites); App Service pricing",
    blind_spots="A plan that is kept for the next deployment looks the same as one that was forgotten.",
    needs=("properties", "sku"),
    check=is_empty,
    group="idle",
    remedy=Remedy(
        says="Deletes the plan.",
        plan=delete_plan,
        reversible=Reversible.YES,
        permissions=("Microsoft.Web/serverfarms/delete", "Microsoft.Web/serverfarms/write"),
    ),
    examples=(
        fires(_plan()),
        # The whole bill of 124.10 USD.
        fires(_plan(), bills={_plan().native_id: usd(Decimal("124.10"))}),
        quiet(_plan(sites=1)),
        quiet(_plan(tier="Dynamic")),
    ),
)

HTTPS = Rule(
    id="azure-app-https",
    title="Web app answers plain HTTP",
    description="Others on the way can read and change what goes over plain HTTP.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.LOW,
    applies_to=ResourceKind.AZURE_WEB_APP,
    permissions=("Microsoft.Web/sites/read",),
    source="CIS Azure Foundations, HTTPS only; Web Apps - List (httpsOnly)",
    blind_spots="Slots of an app have a setting of their own, which is not looked at.",
    needs=("properties",),
    check=answers_plain_http,
    group="encryption",
    remedy=Remedy(
        says="Sends plain HTTP to HTTPS.",
        plan=require_https,
        reversible=Reversible.YES,
        permissions=("Microsoft.Web/sites/write",),
    ),
    examples=(fires(_site(is_https_only=False)), quiet(_site())),
)

TLS = Rule(
    id="azure-app-tls",
    title="Web app takes old TLS versions or plain FTP",
    description="TLS 1.0 and 1.1 are broken, and FTP sends the deployment password in the clear.",
    category=FindingCategory.SECOPS,
    severity=Severity.MEDIUM,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AZURE_WEB_APP,
    permissions=("Microsoft.Web/sites/config/read", "Microsoft.Web/sites/read"),
    source="CIS Azure Foundations, minimum TLS version and FTP state; Web Apps - Get Configuration",
    blind_spots="Who still connects in the old way cannot be seen. Slots and the deployment site are not looked at.",
    needs=("webConfig",),
    check=takes_weak_connections,
    group="encryption",
    remedy=Remedy(
        says="Requires TLS 1.2 and encrypted FTP.",
        plan=require_strong_connections,
        reversible=Reversible.YES,
        permissions=("Microsoft.Web/sites/config/write",),
    ),
    examples=(
        fires(_site(minTlsVersion="1.0")),
        fires(_site(ftpsState="AllAllowed")),
        quiet(_site()),
    ),
)
