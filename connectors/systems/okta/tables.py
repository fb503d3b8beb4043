"""What is read of an Okta organization. Source: the Okta Management API reference, release 2026.06."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from connectors.reading.listing import Answer, Batch, Detail, Item, Listing, Operation, Place, Window, at, joined
from connectors.rest.values import without
from domain.facts.resource import Resource, ResourceKind

# Types of policies that can be listed; which of them exist depends on the engine of the organization.
POLICY_TYPES = ("OKTA_SIGN_ON", "PASSWORD", "MFA_ENROLL", "ACCESS_POLICY")
IDENTITY_ENGINE = "Okta Identity Engine"
# An interface that the organization's edition lacks is not there at all.
NOT_FOUND = frozenset({"404"})
# The events that controls and rules count: grants, removals, and what people report. The whole log would be a hundred
# times as much, most of it sign-ins.
EVENTS = (
    "application.user_membership.add",
    "group.user_membership.add",
    "user.account.privilege.grant",
    "user.lifecycle.deactivate",
    "user.account.report_suspicious_activity_by_enduser",
    "security.threat.detected",
)
# Those of them by which an account may be in strange hands.
SUSPICIONS = EVENTS[-2:]
# How far back the first look into the log goes; later looks go on from there. Okta keeps 90 days.
FIRST_LOOK = timedelta(days=30)
# Events may be written late.
OVERLAP = timedelta(hours=1)
# Parts of an app's settings that hold passwords and keys.
APP_SECRETS = ("credentials", "settings", "profile")
# Of providers of factors (Duo, RADIUS), of log streams (Splunk), and of factors that are being set up.
KEYS = ("secretKey", "integrationKey", "sharedSecret", "token", "activation")


def operation(name: str, service: str, scope: str, **more: Any) -> Operation:
    return Operation(name=name, service=service, permissions=(scope,), **more)


def without_app_secrets(answer: Any) -> Any:
    """Apps without credentials and settings: some kinds carry client secrets and passwords there."""
    return [{key: value for key, value in app.items() if key not in APP_SECRETS} for app in answer]


def without_keys(answer: Any) -> Any:
    """Factors, authenticators and log streams without the keys they work with."""
    return without(answer, KEYS)


def without_answers(answer: Any) -> Any:
    """Users without what they answer to security questions and what they sign in with."""
    if isinstance(answer, dict):
        return {key: value for key, value in answer.items() if key != "credentials"}
    return [{key: value for key, value in user.items() if key != "credentials"} for user in answer]


def named(kind: ResourceKind, *path: str, native_id: str = "id") -> Any:
    """A parse function: the item as it is, called by what stands under `path`."""

    def parse(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
        name: Any = item
        for key in path:
            name = name.get(key) if isinstance(name, dict) else None
        config = {key: value for key, value in item.items() if key not in ("_links", "_embedded")}
        return Resource(
            kind=kind,
            native_id=str(item[native_id]),
            name=str(name or item[native_id]),
            config={**config, **details, **_above(place)},
        )

    return parse


def _above(place: Place) -> dict[str, Any]:
    """Which policy a rule belongs to."""
    if not place.above:
        return {}
    return {"policyId": place.parent["id"], "policyType": place.parent.get("type")}


def log_window(place: Place) -> dict[str, Any]:
    """From a little before the last look until now, in the form the System Log takes."""
    since = place.since - OVERLAP if place.since else place.now - FIRST_LOOK
    wanted = " or ".join(f'eventType eq "{event}"' for event in EVENTS)
    return {"since": _stamp(since), "until": _stamp(place.now), "filter": wanted, "limit": 1000}


def suspicious_since(_: Sequence[Item], place: Place) -> dict[str, Any]:
    """What was suspected in the time of a first look, from a midnight on, so that a day has one question."""
    start = datetime.combine((place.now - FIRST_LOOK).date(), time(), tzinfo=place.now.tzinfo)
    wanted = " or ".join(f'eventType eq "{event}"' for event in SUSPICIONS)
    return {"since": _stamp(start), "filter": wanted, "limit": 1000}


def suspicions(users: Sequence[Item], pages: Sequence[Answer]) -> list[list[dict[str, Any]]]:
    """For each user the entries that name it as who acted or as whom it was done to."""
    entries = [(people_of(entry), entry) for entry in joined("")(pages)]
    kept = ("uuid", "eventType", "published")
    return [[{key: entry[key] for key in kept} for who, entry in entries if user["id"] in who] for user in users]


def people_of(entry: Item) -> set[str]:
    """The ids of the users whom an entry of the System Log names."""
    named = [entry.get("actor"), *(entry.get("target") or [])]
    return {one["id"] for one in named if one and one.get("type") == "User"}


def _stamp(moment: Any) -> str:
    return str(moment.strftime("%Y-%m-%dT%H:%M:%S.000Z"))


def of_user(item: Item, _: Place) -> dict[str, Any]:
    return {"userId": item["id"]}


USERS = operation("GET /api/v1/users", "users", "okta.users.read", hidden=without_answers)
LISTINGS = (
    Listing(
        operation=USERS,
        items=at(""),
        kind=ResourceKind.OKTA_USER,
        parse=named(ResourceKind.OKTA_USER, "profile", "login"),
        # Those that left are listed only when they are asked for.
        arguments=lambda _: [{"limit": 200}, {"limit": 200, "search": 'status eq "DEPROVISIONED"'}],
        volatile=frozenset({"suspicions"}),
        batches=(
            Batch(
                key="suspicions",
                # Another name than that of the log below: its answers are no part of that log.
                operation=operation("GET /api/v1/logs?filter", "logs", "okta.logs.read", request="GET /api/v1/logs"),
                size=10_000,
                arguments=suspicious_since,
                values=suspicions,
            ),
        ),
    ),
    Listing(
        operation=operation("GET /api/v1/groups", "groups", "okta.groups.read"),
        items=at(""),
        kind=ResourceKind.OKTA_GROUP,
        parse=named(ResourceKind.OKTA_GROUP, "profile", "name"),
        arguments=lambda _: {"limit": 200},
    ),
    Listing(
        operation=operation(
            "GET /api/v1/iam/assignees/users", "iam", "okta.roles.read", options={"next": "_links.next.href"}
        ),
        items=at("value"),
        kind=ResourceKind.OKTA_ADMIN,
        parse=named(ResourceKind.OKTA_ADMIN, "user", "profile", "login"),
        arguments=lambda _: {"limit": 200},
        details=(
            Detail(
                key="user",
                operation=operation("GET /api/v1/users/{id}", "users", "okta.users.read", hidden=without_answers),
                arguments=lambda item, _: {"id": item["id"]},
            ),
            Detail(
                key="factors",
                operation=operation(
                    "GET /api/v1/users/{userId}/factors", "users", "okta.users.read", hidden=without_keys
                ),
                arguments=of_user,
                pick=joined(""),
            ),
            Detail(
                key="roles",
                operation=operation("GET /api/v1/users/{userId}/roles", "users", "okta.roles.read"),
                arguments=of_user,
                pick=joined(""),
            ),
        ),
    ),
    Listing(
        operation=operation(
            "GET /api/v1/policies", "policies", "okta.policies.read", plan=IDENTITY_ENGINE, off=frozenset({"400"})
        ),
        items=at(""),
        kind=ResourceKind.OKTA_POLICY,
        parse=named(ResourceKind.OKTA_POLICY, "name"),
        arguments=lambda _: [{"type": type} for type in POLICY_TYPES],
        children=(
            Listing(
                operation=operation("GET /api/v1/policies/{policyId}/rules", "policies", "okta.policies.read"),
                items=at(""),
                kind=ResourceKind.OKTA_POLICY_RULE,
                parse=named(ResourceKind.OKTA_POLICY_RULE, "name"),
                arguments=lambda place: {"policyId": place.parent["id"]},
            ),
        ),
    ),
    Listing(
        operation=operation(
            "GET /api/v1/authenticators", "authenticators", "okta.authenticators.read", hidden=without_keys
        ),
        items=at(""),
        kind=ResourceKind.OKTA_AUTHENTICATOR,
        parse=named(ResourceKind.OKTA_AUTHENTICATOR, "name"),
    ),
    Listing(
        operation=operation("GET /api/v1/apps", "apps", "okta.apps.read", hidden=without_app_secrets),
        items=at(""),
        kind=ResourceKind.OKTA_APP,
        parse=named(ResourceKind.OKTA_APP, "label"),
        arguments=lambda _: {"limit": 200},
        children=(
            # Who has which app is evidence of access reviews; the people are listed above.
            Listing(
                operation=operation(
                    "GET /api/v1/apps/{appId}/users", "apps", "okta.apps.read", hidden=without_app_secrets
                ),
                items=at(""),
                arguments=lambda place: {"appId": place.parent["id"], "limit": 500},
            ),
        ),
    ),
    Listing(
        operation=operation("GET /api/v1/api-tokens", "api-tokens", "okta.apiTokens.read"),
        items=at(""),
        kind=ResourceKind.OKTA_API_TOKEN,
        parse=named(ResourceKind.OKTA_API_TOKEN, "name"),
    ),
    Listing(
        operation=operation(
            "GET /api/v1/logStreams",
            "logStreams",
            "okta.logStreams.read",
            plan="log streaming",
            off=NOT_FOUND,
            hidden=without_keys,
        ),
        items=at(""),
        kind=ResourceKind.OKTA_LOG_STREAM,
        parse=named(ResourceKind.OKTA_LOG_STREAM, "name"),
    ),
    Listing(
        operation=operation(
            "GET /api/v1/device-assurances",
            "device-assurances",
            "okta.deviceAssurance.read",
            plan=IDENTITY_ENGINE,
            off=NOT_FOUND,
        ),
        items=at(""),
    ),
    Listing(operation=operation("GET /api/v1/behaviors", "behaviors", "okta.behaviors.read"), items=at("")),
    Listing(
        operation=operation("GET /api/v1/threats/configuration", "threats", "okta.threatInsights.read"),
        items=lambda answer: [answer],
    ),
    Listing(
        operation=operation("GET /api/v1/logs", "logs", "okta.logs.read"),
        items=at(""),
        arguments=log_window,
        is_window=True,
        window=Window(path="", keys=("uuid",)),
    ),
)
SCOPES = " ".join(sorted({scope for one in LISTINGS for each in one.operations for scope in each.permissions}))
