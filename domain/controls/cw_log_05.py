"""Security alarms reach a person."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from domain.compliance.completeness import of_all_but_one
from domain.compliance.control import Case, Control, Item, Procedure, failed, passed, warned
from domain.compliance.environments import is_critical
from domain.compliance.event_alarms import live_alarms
from domain.facts.compliance import EvidenceKind, Frequency, Integration
from domain.facts.severity import Severity

# Each event with what all must be asked for by some alarm, and the service whose every event would tell of it too.
# Source: CIS AWS Foundations Benchmark, section "Monitoring"; of its long lists of calls the ones that harm most.
EVENTS: Mapping[str, tuple[frozenset[str], str]] = {
    "root use": (frozenset({"Root"}), ""),
    "IAM change": (
        frozenset({"AttachRolePolicy", "AttachUserPolicy", "CreatePolicyVersion", "PutRolePolicy", "PutUserPolicy"}),
        "aws.iam",
    ),
    "trail change": (frozenset({"DeleteTrail", "StopLogging", "UpdateTrail"}), "aws.cloudtrail"),
    "network change": (
        frozenset({"AttachInternetGateway", "AuthorizeSecurityGroupIngress", "CreateNetworkAclEntry", "CreateRoute"}),
        "aws.ec2",
    ),
    "denied calls": (frozenset({"AccessDenied", "UnauthorizedOperation"}), ""),
}
# What Azure calls the writing of each. Source: Azure resource provider operations.
CHANGES = {
    "policy": "microsoft.authorization/policyassignments",
    "role": "microsoft.authorization/roleassignments",
    "network": "microsoft.network/",
    "key vault": "microsoft.keyvault/",
}
ASKED_FIELDS = ("operationname", "resourcetype", "resourceprovider")
# What filters on Google's audit log say of each. Source: CIS Google Cloud Foundation Benchmark, "Logging and
# Monitoring".
MARKS = {
    "role": ("CreateRole", "UpdateRole", "DeleteRole", "iam_role"),
    "audit configuration": ("auditConfigDeltas",),
    "firewall": ("gce_firewall_rule", "compute.firewalls"),
    "ownership": ("roles/owner", "projectOwnerInvitee"),
}
USER_METRIC = "logging.googleapis.com/user/"
DROPLETS = "v1/insights/droplet/"
CHANNELS, INFO, POSTED = "conversations.list", "conversations.info", "chat.postMessage"
FRESH_BEAT, OLD_BEAT = timedelta(hours=24), timedelta(hours=48)
DELIVERED, BARELY_DELIVERED = 0.99, 0.95


def _is_covered(event: str, words: Collection[str]) -> bool:
    wanted, service = EVENTS[event]
    return bool(service and service in words) or wanted.issubset(words)


def _aws(case: Case) -> Iterator[Item]:
    """Whether each event raises an alarm that somebody hears; several alarms may share the calls of one event."""
    alarms = list(live_alarms(case.answers))
    heard = {word for one in alarms if one.is_heard for word in one.words}
    asked = heard | {word for one in alarms if one.is_asked for word in one.words}
    for event in EVENTS:
        if _is_covered(event, heard):
            yield passed(event, "an alarm that somebody hears")
        elif _is_covered(event, asked):
            yield warned(event, "an alarm whose subscriber has not confirmed", "a confirmed subscriber")
        else:
            yield failed(event, "no alarm that somebody hears of all of it", "an alarm with a confirmed subscriber")


def _asked_for(condition: Mapping[str, Any]) -> Iterator[str]:
    """What an alert compares with, where that tells the operation."""
    for leaf in condition["allOf"]:
        for one in (leaf, *(leaf.get("anyOf") or [])):
            if str(one.get("field")).lower() in ASKED_FIELDS:
                for value in (one.get("equals"), *(one.get("containsAny") or [])):
                    yield str(value).lower()


def _reaches(group: Mapping[str, Any]) -> bool:
    """Whether an action group is on and tells somebody or something."""
    own = group["properties"]
    return bool(own["enabled"] and any(own[key] for key in own if key.endswith("Receivers")))


def _azure(case: Case) -> Iterator[Item]:
    """An action group of another subscription is not known and does not count, nor does an alert for some groups of
    resources: policies and roles are changed above them.
    """
    whole = f"/subscriptions/{case.answers.account}".lower()
    groups = case.answers.items("GET Microsoft.Insights/actionGroups", "value")
    live = {group["id"].lower() for group in groups if _reaches(group)}
    found = set()
    for alert in case.answers.items("GET Microsoft.Insights/activityLogAlerts", "value"):
        own = alert["properties"]
        is_whole = whole in {scope.lower().rstrip("/") for scope in own["scopes"]}
        told = {action["actionGroupId"].lower() for action in own["actions"].get("actionGroups") or []}
        if own["enabled"] and is_whole and told & live:
            asked = list(_asked_for(own["condition"]))
            found |= {name for name, start in CHANGES.items() if any(one.startswith(start) for one in asked)}
    yield of_all_but_one(case.answers.account, tuple(CHANGES), found)


def _filters(policy: Mapping[str, Any], metrics: Mapping[str, str]) -> Iterator[str]:
    """The filters on logs behind an alert: its own, and those of the metrics it measures."""
    for condition in policy.get("conditions") or []:
        yield (condition.get("conditionMatchedLog") or {}).get("filter") or ""
        measured = (condition.get("conditionThreshold") or {}).get("filter") or ""
        for name, text in metrics.items():
            if f'{USER_METRIC}{name}"' in measured:
                yield text


def _gcp(case: Case) -> Iterator[Item]:
    listed = case.answers.items("logging.v2:projects.metrics.list", "metrics")
    metrics = {one["name"]: one["filter"] for one in listed if not one.get("disabled")}
    found = set()
    for policy in case.answers.items("monitoring.v3:projects.alertPolicies.list", "alertPolicies"):
        if not policy["enabled"] or not policy.get("notificationChannels"):
            continue
        texts = list(_filters(policy, metrics))
        found |= {name for name, marks in MARKS.items() if any(mark in text for mark in marks for text in texts)}
    yield of_all_but_one(case.answers.account, tuple(MARKS), found)


def _covers(policy: Mapping[str, Any], droplet: Mapping[str, Any]) -> bool:
    """Source: DigitalOcean's API, alert policies: without droplets and tags it is for all."""
    entities, tags = policy["entities"] or [], policy["tags"] or []
    return (not entities and not tags) or str(droplet["id"]) in entities or bool({*tags} & {*droplet["tags"]})


def _digitalocean(case: Case) -> Iterator[Item]:
    """Every droplet counts as production that does not say otherwise by its tags."""
    listed = case.answers.items("GET /v2/monitoring/alerts", "policies")
    policies = [one for one in listed if one["enabled"] and one["type"].startswith(DROPLETS)]
    for droplet in case.answers.items("GET /v2/droplets", "droplets"):
        if not is_critical(droplet["tags"]):
            continue
        own, name = [one for one in policies if _covers(one, droplet)], str(droplet["id"])
        if not own:
            yield failed(name, "no alert", "an alert with a destination")
        elif any(one["alerts"]["email"] or one["alerts"]["slack"] for one in own):
            yield passed(name, f"{len(own)} alerts")
        else:
            yield warned(name, "alerts without e-mail or Slack", "an alert with a destination")


def _of_channel(channel: str, posts: list[Any], listed: Mapping[str, Any], case: Case) -> Item:
    """A channel that may not be looked into is live when it took the last message.

    Only what we are a member of is looked into; that another one is archived the list tells.
    """
    last = max((one for one in posts if one["channel"] == channel), key=lambda one: one["posted_at"])
    known = listed.get(channel, {})
    found = case.answers.answer(INFO, channel=known.get("id", channel))
    if known.get("is_archived") or (found and found["channel"]["is_archived"]):
        return failed(channel, "archived", "a channel that takes messages")
    if found or last["ok"]:
        return passed(channel, "takes messages")
    return failed(channel, f"refused the last message: {last['error']}", "a channel that takes messages")


def _slack(case: Case) -> Iterator[Item]:
    """The token, each channel we have posted to, and the newest heartbeat that was taken.

    Messages name their channel by its id or, as people do, by its name.
    """
    is_valid = case.answers.answer("auth.test")["ok"]
    yield passed("token", "valid") if is_valid else failed("token", "not valid", "a valid token")
    posts = list(case.answers.items(POSTED))
    channels = list(case.answers.items(CHANNELS, "channels"))
    listed = {name: one for one in channels for name in (one["id"], f"#{one['name']}")}
    case.answers.calls(INFO)
    for channel in sorted({one["channel"] for one in posts}):
        yield _of_channel(channel, posts, listed, case)
    yield _beat([one["posted_at"] for one in posts if one["purpose"] == "heartbeat" and one["ok"]], case)


def _beat(beats: Collection[datetime], case: Case) -> Item:
    """The newest heartbeat that was taken."""
    wanted = "posted within 24 hours"
    if not beats:
        return failed("heartbeat", "never posted", wanted)
    ago = case.now - max(beats)
    seen = f"posted {ago.total_seconds() / 3600:.0f} hours ago"
    if ago <= FRESH_BEAT:
        return passed("heartbeat", seen)
    return (warned if ago <= OLD_BEAT else failed)("heartbeat", seen, wanted)


def _platform(case: Case) -> Iterator[Item]:
    """With nothing to deliver in the week delivery is not proven."""
    name, wanted = "alert delivery", "99 % delivered, with an escalation path"
    for row in case.answers.items("platform:alert_deliveries"):
        attempted, delivered, steps = row["attempted"], row["delivered"], row["escalation_steps"]
        seen = f"{delivered} of {attempted} delivered, {steps} steps of escalation"
        if not steps or (attempted and delivered / attempted < BARELY_DELIVERED):
            yield failed(name, seen, wanted)
        elif attempted and delivered / attempted >= DELIVERED:
            yield passed(name, seen)
        else:
            yield warned(name, seen, wanted)


CONTROL = Control(
    id="CW-LOG-05",
    name="Security alarms reach a person",
    category="logging",
    severity=Severity.HIGH,
    frequency=Frequency.HALF_HOURLY,
    evidence_kind=EvidenceKind.MACHINE_STATE,
    criteria=("CC7.2", "CC7.3", "CC2.2"),
    objective=("The events that matter raise an alarm, the alarm has a live destination, and delivery is proven."),
    owner_role="security",
    remediations=("aws.cloudwatch.create_security_alarm", "aws.logs.create_metric_filter"),
    procedures=(
        Procedure(
            integration=Integration.AWS,
            scope="account",
            operations=(
                "logs.describe_metric_filters",
                "cloudwatch.describe_alarms",
                "events.list_rules",
                "sns.list_subscriptions_by_topic",
                "events.list_targets_by_rule",
            ),
            passes=(
                "Use of root, changes to IAM, trails and networks, and denied calls each raise an alarm with "
                "a confirmed subscriber."
            ),
            warns="The subscriber of an alarm has not confirmed yet.",
            fails="One of these events raises no alarm.",
            judge=_aws,
        ),
        Procedure(
            integration=Integration.AZURE,
            scope="subscription",
            operations=("GET Microsoft.Insights/activityLogAlerts", "GET Microsoft.Insights/actionGroups"),
            passes=(
                "Alerts that are enabled for the whole subscription tell an action group of changes to policies, "
                "roles, networks and key vaults."
            ),
            warns="One of the four has no such alert.",
            fails="Two or more of the four have none.",
            judge=_azure,
            version=2,
        ),
        Procedure(
            integration=Integration.GCP,
            scope="project",
            operations=("logging.v2:projects.metrics.list", "monitoring.v3:projects.alertPolicies.list"),
            passes=(
                "Alerts that are enabled tell a channel of changes to roles, audit configuration, firewalls "
                "and ownership."
            ),
            warns="One of the four has no such alert.",
            fails="Two or more of the four have none.",
            judge=_gcp,
        ),
        Procedure(
            integration=Integration.DIGITALOCEAN,
            scope="team",
            operations=("GET /v2/monitoring/alerts", "GET /v2/droplets"),
            passes="Every production droplet has an alert that is enabled and tells somebody by e-mail or Slack.",
            warns="Its alerts tell nobody.",
            fails="A production droplet has no alert.",
            judge=_digitalocean,
        ),
        Procedure(
            integration=Integration.SLACK,
            scope="workspace",
            operations=("auth.test", CHANNELS, INFO, POSTED),
            passes="The token is valid, every channel takes messages, and a heartbeat was posted within 24 hours.",
            warns="The last heartbeat is 24 to 48 hours old.",
            fails=(
                "The token is not valid, a channel is archived or refuses messages, or the last heartbeat is older."
            ),
            judge=_slack,
            version=2,
        ),
        Procedure(
            integration=Integration.PLATFORM,
            scope="organization",
            operations=("platform:alert_deliveries",),
            passes="Over 7 days at least 99 % of notices were delivered, and there is an escalation path.",
            warns="At least 95 % were delivered, or there was nothing to deliver.",
            fails="Less than 95 % were delivered, or there is no escalation path.",
            judge=_platform,
        ),
    ),
)
