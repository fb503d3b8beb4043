"""How an operation of Azure is written down: a name as the catalogues print it, a path, an API version, an action.

`{subscription}` in a path is the subscription that is read; `{+id}` the id of the thing above, a path of its own.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from connectors.reading.listing import Answer, Operation

# Nobody can have resources of a namespace that is not registered: Azure unregisters none that still has some.
# Source: "Azure resource providers and types", Unregister resource provider; ARM error code reference.
UNREGISTERED = frozenset(
    {"MissingSubscriptionRegistration", "SubscriptionNotRegistered", "Subscription Not Registered"}
)
# Of a service that judges or counts the same codes mean a missing setting, not an empty list.
REGISTERED = "the resource provider registered in the subscription"
GRAPH = "Microsoft Graph"


def arm(
    name: str,
    path: str,
    version: str,
    *,
    action: str = "",
    absent: frozenset[str] = frozenset(),
    off: frozenset[str] = frozenset(),
    plan: str | None = None,
    hidden: Callable[[Answer], Answer] | None = None,
    also: tuple[str, ...] = (),
    query: Mapping[str, str] | None = None,
    method: str = "",
    **options: Any,
) -> Operation:
    """A call of Resource Manager. `name` is METHOD and resource type, `path` what follows management.azure.com.

    `action` is the one of Azure RBAC it needs, by default to read the type. `also` are other names the catalogues give
    it. `query` is sent with each call, beside the API version. `method` is the true one where the name has another.
    """
    named, _, kind = name.partition(" ")
    method = method or named
    sent = {"api-version": version, **(query or {})}
    if method != "GET":
        # The arguments go into the body then, so that the query is part of the address.
        path, sent = f"{path}?{urlencode(sent)}", {}
    return Operation(
        name=name,
        service=kind.partition("/")[0] or "Microsoft.Resources",
        permissions=(action or f"{kind}/read",),
        plan=plan,
        absent=absent,
        off=off,
        request=f"{method} {path}",
        hidden=hidden,
        options={"query": sent, "api_version": version, "also": also, **options},
    )


def listed(kind: str, version: str, **given: Any) -> Operation:
    """All of a resource type in the subscription."""
    given = {"absent": UNREGISTERED, **given}
    return arm(f"GET {kind}", f"/subscriptions/{{subscription}}/providers/{kind}", version, **given)


def service(kind: str, version: str, *, path: str = "", **given: Any) -> Operation:
    """What a service of Azure says about the subscription, once it is registered there.

    `path` follows the namespace where it is not the type.
    """
    namespace, _, rest = kind.partition("/")
    given = {"off": UNREGISTERED, "plan": f"{namespace}: {REGISTERED}", **given}
    address = f"/subscriptions/{{subscription}}/providers/{namespace}{path or f'/{rest}'}"
    return arm(f"GET {kind}", address, version, **given)


def under(kind: str, tail: str, version: str, **given: Any) -> Operation:
    """What stands below a thing: `tail` follows its id."""
    return arm(f"GET {kind}", f"{{+id}}{tail}", version, **given)


def graph(path: str, *permissions: str, plan: str | None = None, query: Mapping[str, str] | None = None) -> Operation:
    """A call of Microsoft Graph. Permissions are application permissions, all of which are needed."""
    return Operation(
        name=f"GRAPH GET {path}",
        service=GRAPH,
        permissions=permissions,
        plan=plan,
        request=f"GET {path}",
        hidden=without("secretText", "hint", "key"),
        options={"query": dict(query or {})},
    )


def without(*names: str) -> Callable[[Answer], Answer]:
    """Takes the fields of these names out, however deep they stand."""
    taken = frozenset(names)

    def clean(answer: Answer) -> Answer:
        if isinstance(answer, dict):
            return {key: clean(value) for key, value in answer.items() if key not in taken}
        return [clean(one) for one in answer] if isinstance(answer, list) else answer

    return clean
