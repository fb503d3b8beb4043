"""Capacity, health and spend are watched."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from domain.compliance.answers import Unread
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

QUOTAS, MEASURES = "service-quotas.list_service_quotas", "cloudwatch.get_metric_data"
GROUPS, AWS_BUDGETS = "autoscaling.describe_auto_scaling_groups", "budgets.describe_budgets"
MONITORS, PROBES = "ce.get_anomaly_monitors", "route53.list_health_checks"
BALANCERS = "elbv2.describe_load_balancers"
USAGES, AZURE_BUDGETS = "GET Microsoft.Compute/locations/usages", "GET Microsoft.Consumption/budgets"
SCALING = "GET Microsoft.Insights/autoscaleSettings"
REGIONS, UPTIME = "compute.v1:regions.list", "monitoring.v3:projects.uptimeCheckConfigs.list"
GCP_BUDGETS = "billingbudgets.v1:billingAccounts.budgets.list"
TEAM, CHECKS, ALERTS = "GET /v2/account", "GET /v2/uptime/checks", "GET /v2/monitoring/alerts"
BALANCE, DROPLETS = "GET /v2/customers/my/balance", "GET /v2/droplets"
OUR_BUDGETS, LEVELS = "platform:budgets", "platform:slo_measurements"
BUDGET, PROBED, ALERT = "budget", "public endpoints", "alerts"
FORECAST_WARNS, FORECAST_FAILS = 1.0, 1.2


def _aws(case: Case) -> Iterator[Item]:
    """The quotas whose use AWS measures, groups that grow, budget, anomaly monitor, and probes of what is public."""
    yield from _quotas(case)
    for group in case.answers.items(GROUPS, "AutoScalingGroups"):
        size, most = group["DesiredCapacity"], group["MaxSize"]
        said = f"{size} of at most {most} machines"
        name = group["AutoScalingGroupARN"]
        yield passed(name, said) if size < most else warned(name, said, "below its maximum")
    budgets = [one["BudgetName"] for one in case.answers.items(AWS_BUDGETS, "Budgets")]
    yield _exists(BUDGET, budgets, failed)
    monitors = [one["MonitorType"] for one in case.answers.items(MONITORS, "AnomalyMonitors")]
    yield _exists("anomaly monitor", monitors, warned)
    probes = [one["Id"] for one in case.answers.items(PROBES, "HealthChecks")]
    public = [
        one["LoadBalancerArn"]
        for one in case.answers.items(BALANCERS, "LoadBalancers")
        # Gateway balancers have no scheme.
        if one.get("Scheme") == "internet-facing"
    ]
    if public or probes:
        yield _exists(PROBED, probes, warned)


def _quotas(case: Case) -> Iterator[Item]:
    """Raises Unread for a quota that AWS measures, but of which nobody asked how much of it is used."""
    asked, used = _measured(case)
    for region, quota in case.answers.located(QUOTAS, "Quotas"):
        measure = quota.get("UsageMetric")
        if not measure or not measure.get("MetricName"):
            continue
        key = _series(region, measure["MetricNamespace"], measure["MetricName"], measure["MetricDimensions"])
        if key not in asked:
            raise Unread(MEASURES, f"the use of {quota['QuotaArn']} was not asked for")
        # AWS measures nothing where nothing is used.
        yield _used(case, quota["QuotaArn"], max(used[key], default=0.0), quota["Value"])


def _measured(case: Case) -> tuple[set[Any], dict[Any, list[float]]]:
    """Which series were asked for, and the values of each."""
    names: dict[tuple[int, str], Any] = {}
    found: dict[Any, list[float]] = {}
    for number, call in enumerate(case.answers.calls(MEASURES)):
        for query in call.arguments["MetricDataQueries"]:
            metric = query["MetricStat"]["Metric"]
            dimensions = {one["Name"]: one["Value"] for one in metric["Dimensions"]}
            names[number, query["Id"]] = _series(call.region, metric["Namespace"], metric["MetricName"], dimensions)
        for page in call.pages:
            for result in page["MetricDataResults"]:
                found.setdefault(names[number, result["Id"]], []).extend(result["Values"])
    return set(names.values()), {name: found.get(name, []) for name in names.values()}


def _series(region: str | None, namespace: str, name: str, dimensions: Mapping[str, str]) -> Any:
    return region, namespace, name, frozenset(dimensions.items())


def _azure(case: Case) -> Iterator[Item]:
    """Limits of machines in each region, and budgets. Whether something grows by itself is told, not judged."""
    for region, usage in case.answers.located(USAGES, "value"):
        yield from _limited(case, f"{region}: {usage['name']['value']}", usage["currentValue"], usage["limit"])
    budgets = [f"{one['name']} of {one['properties']['amount']}" for one in case.answers.items(AZURE_BUDGETS, "value")]
    yield _exists(BUDGET, budgets, failed)
    for one in case.answers.items(SCALING, "value"):
        yield passed(one["id"], f"grows by itself: {one['properties']['enabled']}")


def _gcp(case: Case) -> Iterator[Item]:
    for region in case.answers.items(REGIONS, "items"):
        for quota in region.get("quotas") or ():
            yield from _limited(case, f"{region['name']}: {quota['metric']}", quota["usage"], quota["limit"])
    probes = [one["name"] for one in case.answers.items(UPTIME, "uptimeCheckConfigs")]
    yield _exists("uptime checks", probes, failed)
    budgets = [one["name"] for one in case.answers.items(GCP_BUDGETS, "budgets") if one["amount"]]
    yield _exists(BUDGET, budgets, warned)


def _digitalocean(case: Case) -> Iterator[Item]:
    """Its interface does not tell of billing alerts: a budget here is what warns of the spend."""
    count = len(list(case.answers.items(DROPLETS, "droplets")))
    for call in case.answers.calls(TEAM):
        for page in call.pages:
            yield from _limited(case, "droplets", count, page["account"]["droplet_limit"])
    checks = [one["name"] for one in case.answers.items(CHECKS, "checks") if one["enabled"]]
    yield _exists(PROBED, checks, failed)
    policies = [one["type"] for one in case.answers.items(ALERTS, "policies") if one["enabled"]]
    yield _exists(ALERT, policies, warned)
    spent = case.answers.answer(BALANCE)["month_to_date_usage"]
    budgets = [one for ours in case.of(Integration.PLATFORM) for one in ours.items(OUR_BUDGETS)]
    if budgets:
        yield passed("spend alert", f"{spent} spent this month, {len(budgets)} budgets watched")
    else:
        yield warned("spend alert", f"{spent} spent this month, no budget", "a budget that warns")


def _platform(case: Case) -> Iterator[Item]:
    for budget in case.answers.items(OUR_BUDGETS):
        yield _outlook(budget["name"], budget["forecast_ratio"])
    # Budgets count where no service is measured, too.
    for level in () if case.answers.is_off(LEVELS) else case.answers.items(LEVELS):
        said = f"{level['availability_30d']:.3%} of 30 days, p95 {level['p95_ms']} ms"
        if level["availability_30d"] >= level["availability_target"]:
            yield passed(level["name"], said)
        else:
            yield failed(level["name"], said, f"{level['availability_target']:.3%}")


def _outlook(name: str, ratio: float | None) -> Item:
    expected = "foreseen below the budget"
    if ratio is None:
        return warned(name, "no spend foreseen yet", expected)
    said = f"{ratio:.0%} of the budget foreseen"
    if ratio < FORECAST_WARNS:
        return passed(name, said)
    return warned(name, said, expected) if ratio <= FORECAST_FAILS else failed(name, said, expected)


def _exists(name: str, found: Iterable[str], otherwise: Any) -> Item:
    names = sorted(found)
    return passed(name, f"{len(names)}: {', '.join(names[:3])}") if names else otherwise(name, "none", "at least one")


def _limited(case: Case, name: str, used: float, limit: float) -> Iterator[Item]:
    """Nothing of a limit that nothing can be used of, as of machines that a subscription may not have."""
    if limit > 0 or used > 0:
        yield _used(case, name, used, limit)


def _used(case: Case, name: str, used: float, limit: float) -> Item:
    share = used / limit if limit > 0 else float(used > 0)
    said, expected = f"{used:g} of {limit:g} used", f"below {case.parameters['warn_util']:.0%}"
    if share < case.parameters["warn_util"]:
        return passed(name, said)
    say = warned if share <= case.parameters["fail_util"] else failed
    return say(name, said, expected)


CONTROL = Control(
    id="CW-AVL-04",
    name="Capacity, health and spend are watched",
    category="availability",
    severity=Severity.MEDIUM,
    frequency=Frequency.HALF_HOURLY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("A1.1", "CC7.2"),
    objective="We see a limit, an outage or a bill coming before customers do.",
    owner_role="operations",
    parameters={"warn_util": 0.8, "fail_util": 0.95},
    remediations=("aws.servicequotas.request_increase", "aws.budgets.create"),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="account",
            operations=(
                QUOTAS,
                MEASURES,
                GROUPS,
                AWS_BUDGETS,
                MONITORS,
                PROBES,
                BALANCERS,
            ),
            passes=(
                "Quotas that AWS measures are used below warn_util, groups have room to grow, there are a budget and "
                "an anomaly monitor, and public endpoints are probed."
            ),
            warns="A quota is used between warn_util and fail_util, or one of the others is missing.",
            fails="A quota is used above fail_util, or there is no budget.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="subscription",
            operations=(
                USAGES,
                AZURE_BUDGETS,
                SCALING,
            ),
            passes="Limits are used below warn_util, and there is a budget.",
            warns="A limit is used between warn_util and fail_util.",
            fails="A limit is used above fail_util, or there is no budget.",
            judge=_azure,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="project",
            operations=(
                REGIONS,
                UPTIME,
                GCP_BUDGETS,
            ),
            passes="Quotas are used below warn_util, and there are uptime checks and a budget.",
            warns="A quota is used between warn_util and fail_util, or there is no budget.",
            fails="A quota is used above fail_util, or there is no uptime check.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.DIGITALOCEAN,
            scope="team",
            operations=(
                TEAM,
                CHECKS,
                ALERTS,
                BALANCE,
                DROPLETS,
            ),
            passes="Droplets are below warn_util of their limit; uptime checks, alerts and a budget are there.",
            warns="Nothing warns of the spend, no alert is on, or droplets are between warn_util and fail_util.",
            fails="No uptime check is on, or droplets are above fail_util of their limit.",
            judge=_digitalocean,
        ),
        Procedure(
            integration=Integration.PLATFORM,
            scope="organization",
            operations=(OUR_BUDGETS, LEVELS),
            passes=(
                "The forecast is below 100 % of each budget, and where services are measured the availability of 30 "
                "days reaches its target."
            ),
            warns="A forecast is between 100 and 120 % of its budget, or there is none yet.",
            fails="A forecast is above 120 % of its budget, or an availability is below its target.",
            version=2,
            judge=_platform,
        ),
    ),
)
