"""Service accounts and API keys: what they are given, what they may do, and how they end."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

import documents
from app.web import Web, serving
from app.wiring import Backend
from auth.api_key import MALFORMED, REFUSED, make_key
from auth.standings import load_standings_of, still_open
from documents import OrganizationKind, Role
from documents.base import utc_now
from documents.service_account import change_account
from domain.errors import NotFound
from schema.node import global_id
from tests.factories.graph import Graph, frame_of, seconds_until_closed, socket, subscribe
from tests.factories.machine import Machine, add_key, make_machine
from tests.factories.tenant import Tenant, add_member, make_subject, make_tenant

CREATE = """
mutation($input: CreateServiceAccountInput!) { createServiceAccount(input: $input) {
  __typename
  ... on CreateServiceAccountSuccess { serviceAccount { id name permissions createdBy disabledAt version } }
  ... on UserError { message path }
} }
"""
UPDATE = """
mutation($input: UpdateServiceAccountInput!) { updateServiceAccount(input: $input) {
  __typename
  ... on UpdateServiceAccountSuccess { serviceAccount { name description permissions version } }
  ... on UserError { message path }
} }
"""
KEY = """
mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) {
  __typename
  ... on CreateApiKeySuccess { issued { secret apiKey { id prefix scopes expiresAt expiresSoon } } }
  ... on UserError { message code path }
} }
"""
ROTATE = """
mutation($input: RotateApiKeyInput!) { rotateApiKey(input: $input) {
  __typename
  ... on RotateApiKeySuccess { issued { secret apiKey { id rotatedFrom { id overlapUntil } } } }
  ... on UserError { message code path }
} }
"""
REVOKE = """
mutation($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) {
  ... on RevokeApiKeySuccess { apiKey { revokedAt } }
} }
"""
VIEWER = """
{ viewer { user { email } serviceAccount { id name } sessionId reach { role organization { name } } } }
"""
ALERTS = "{ alerts { nodes { id } } }"
BUDGETS = "{ budgets { nodes { id } } }"
LIVE = "subscription { alertRaised { __typename } }"


def key_id(machine: Machine) -> str:
    return global_id("ApiKey", machine.key.id)


def account_id(machine: Machine) -> str:
    return global_id("ServiceAccount", machine.account.id)


async def code_of(graph: Graph, token: str, query: str = ALERTS) -> str:
    body = await graph.send(query, token)
    return str(body["errors"][0]["extensions"]["code"]) if body.get("errors") else "ok"


async def test_an_administrator_makes_an_account_and_a_key_that_works(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)

    made = await graph.ask(CREATE, admin.token, input={"name": "ci", "permissions": ["alerts:read"]})
    account = made["createServiceAccount"]["serviceAccount"]
    issued = await graph.ask(KEY, admin.token, input={"serviceAccountId": account["id"], "name": "first"})
    secret = issued["createApiKey"]["issued"]["secret"]
    viewer = (await graph.ask(VIEWER, secret))["viewer"]

    assert account["createdBy"] == f"user:{admin.user.id}"
    assert viewer["user"] is None
    assert viewer["serviceAccount"] == {"id": account["id"], "name": "ci"}
    assert viewer["sessionId"] is None
    assert [entry["organization"]["name"] for entry in viewer["reach"]] == [admin.organization.name]
    assert await code_of(graph, secret, ALERTS) == "ok"
    assert await code_of(graph, secret, BUDGETS) == "FORBIDDEN"


async def test_the_key_is_stored_as_a_hash_only(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    machine = await make_machine(admin, "alerts:read")
    fields = {"serviceAccountId": account_id(machine), "name": "n", "idempotencyKey": "same-key-1"}

    first = (await graph.ask(KEY, admin.token, input=fields))["createApiKey"]["issued"]
    again = (await graph.ask(KEY, admin.token, input=fields))["createApiKey"]

    assert again["__typename"] == "ConflictError"
    assert again["path"] == ["input", "idempotencyKey"]
    for name in await backend.database.list_collection_names():
        text = str(await backend.database[name].find({}).to_list())
        assert first["secret"] not in text, name
        assert first["secret"][13:56] not in text, name


async def test_the_audit_log_names_the_key_by_its_id(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    machine = await make_machine(admin, "alerts:read")

    issued = await graph.ask(KEY, admin.token, input={"serviceAccountId": account_id(machine), "name": "n"})

    entries = await documents.AuditEntry.list_in(admin.scope, {"action": "api_key.create"})
    assert [global_id("ApiKey", entry.target.removeprefix("api_key:")) for entry in entries] == [
        issued["createApiKey"]["issued"]["apiKey"]["id"]
    ]
    assert "prefix" in entries[0].changed
    assert "sha256" not in entries[0].changed


@pytest.mark.parametrize("permission", ["machines:manage", "identity:manage", "clients:enter", "no:such"])
async def test_some_permissions_are_not_for_machines(graph: Graph, backend: Backend, permission: str) -> None:
    admin = await make_tenant(backend)

    answer = await graph.ask(CREATE, admin.token, input={"name": "ci", "permissions": [permission]})

    assert answer["createServiceAccount"]["__typename"] == "ValidationError"
    assert answer["createServiceAccount"]["path"] == ["input", "permissions"]


async def test_the_key_of_a_directory_takes_somebody_who_holds_everything(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    role = documents.CustomRole(
        org_id=admin.organization.id, name="directory", permissions=["machines:manage", "scim:provision"]
    )
    await role.insert()
    keeper = await add_member(backend, admin.organization, Role.USER)
    await documents.Membership.rows().update_one({"user_id": keeper.user.id}, {"$set": {"custom_role_id": role.id}})
    machine = await make_machine(admin, "scim:provision")

    made = await graph.refused(CREATE, keeper.token, input={"name": "mine", "permissions": ["scim:provision"]})
    key = await graph.refused(KEY, keeper.token, input={"serviceAccountId": account_id(machine), "name": "mine"})
    by_admin = await graph.ask(KEY, admin.token, input={"serviceAccountId": account_id(machine), "name": "theirs"})

    assert [errors[0]["extensions"]["code"] for errors in (made, key)] == ["FORBIDDEN", "FORBIDDEN"]
    assert by_admin["createApiKey"]["__typename"] == "CreateApiKeySuccess"


async def keeper_of_machines(backend: Backend, admin: Tenant) -> Tenant:
    """A member who may manage machines and read alerts, and nothing else."""
    role = documents.CustomRole(
        org_id=admin.organization.id, name="keeper", permissions=["alerts:read", "machines:manage", "machines:read"]
    )
    await role.insert()
    keeper = await add_member(backend, admin.organization, Role.USER)
    change = {"$set": {"custom_role_id": role.id}}
    await documents.Membership.get_pymongo_collection().update_one({"user_id": keeper.user.id}, change)
    return keeper


async def test_nobody_hands_on_what_they_do_not_hold(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    strong = await make_machine(admin, "alerts:read", "budgets:write")
    keeper = await keeper_of_machines(backend, admin)
    broad = {"serviceAccountId": account_id(strong), "name": "n"}

    made = await graph.send(CREATE, keeper.token, input={"name": "ci", "permissions": ["budgets:write"]})
    changed = await graph.send(UPDATE, keeper.token, input={"id": account_id(strong), "permissions": ["costs:read"]})
    keyed = await graph.send(KEY, keeper.token, input=broad)
    rotated = await graph.send(ROTATE, keeper.token, input={"id": key_id(strong)})
    narrow = await graph.ask(KEY, keeper.token, input={**broad, "scopes": ["alerts:read"]})

    for body in (made, changed, keyed, rotated):
        assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert narrow["createApiKey"]["issued"]["apiKey"]["scopes"] == ["alerts:read"]


async def test_scopes_narrow_and_never_widen(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    machine = await make_machine(admin, "alerts:read", "costs:read")
    narrow = await add_key(machine.account, scopes=["costs:read", "findings:read"])
    beyond = {"serviceAccountId": account_id(machine), "name": "n", "scopes": ["findings:read"]}

    asked = (await graph.ask(KEY, admin.token, input=beyond))["createApiKey"]

    assert asked["__typename"] == "ValidationError"
    assert asked["path"] == ["input", "scopes"]
    assert await code_of(graph, narrow.token, ALERTS) == "FORBIDDEN"
    assert await code_of(graph, narrow.token, BUDGETS) == "ok"
    assert await code_of(graph, narrow.token, "{ findings { nodes { id } } }") == "FORBIDDEN"


async def test_a_permission_that_is_gone_gives_nothing(graph: Graph, backend: Backend) -> None:
    machine = await make_machine(await make_tenant(backend), "alerts:read", "machines:manage", "of:yore")

    standings = await load_standings_of([machine.subject])

    assert [sorted(standing.permissions) for standing in standings[machine.subject].values()] == [["alerts:read"]]


async def test_unknown_revoked_expired_and_disabled_look_alike(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    revoked, expired, disabled = [await make_machine(admin, "alerts:read", name=name) for name in "red"]
    await documents.ApiKey.rows().update_one({"_id": revoked.key.id}, {"$set": {"revoked_at": utc_now()}})
    await documents.ApiKey.rows().update_one({"_id": expired.key.id}, {"$set": {"expires_at": utc_now()}})
    await documents.ServiceAccount.rows().update_one({"_id": disabled.account.id}, {"$set": {"disabled_at": utc_now()}})

    said = [
        (await graph.send(ALERTS, token))["errors"][0]
        for token in (make_key().text, revoked.token, expired.token, disabled.token)
    ]

    assert {error["message"] for error in said} == {REFUSED}
    assert {error["extensions"]["code"] for error in said} == {"UNAUTHENTICATED"}
    mistyped = (await graph.send(ALERTS, revoked.token[:-1] + "_"))["errors"][0]
    assert mistyped["message"] == MALFORMED


async def test_rotation_lets_both_keys_work_until_the_overlap_ends(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    machine = await make_machine(admin, "alerts:read", lifetime=timedelta(days=30))

    issued = (await graph.ask(ROTATE, admin.token, input={"id": key_id(machine)}))["rotateApiKey"]["issued"]
    again = (await graph.ask(ROTATE, admin.token, input={"id": key_id(machine)}))["rotateApiKey"]

    assert issued["apiKey"]["rotatedFrom"]["id"] == key_id(machine)
    assert await code_of(graph, machine.token) == await code_of(graph, issued["secret"]) == "ok"
    old = await documents.ApiKey.get_in(admin.scope, str(machine.key.id))
    assert old.expires_at == old.overlap_until
    assert timedelta(hours=23) < old.expires_at - utc_now() <= timedelta(hours=24)
    assert again["__typename"] == "ConflictError"


async def test_rotation_without_overlap_ends_the_old_key_at_once(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    machine = await make_machine(admin, "alerts:read")
    assert await code_of(graph, machine.token) == "ok"

    issued = await graph.ask(ROTATE, admin.token, input={"id": key_id(machine), "overlapHours": 0})

    assert await code_of(graph, machine.token) == "UNAUTHENTICATED"
    assert await code_of(graph, issued["rotateApiKey"]["issued"]["secret"]) == "ok"


async def test_revoking_a_key_closes_its_sockets_within_a_second_and_no_others(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    one = await make_machine(admin, "alerts:read")
    other = await add_key(one.account)

    async with socket(graph.address, one.token) as ended, socket(graph.address, other.token) as spared:
        await subscribe(ended, LIVE)
        await subscribe(spared, LIVE)
        await graph.ask(REVOKE, admin.token, input={"id": key_id(one)})
        assert await seconds_until_closed(ended) < 1
        await asyncio.sleep(0.2)
        await spared.send('{"type":"ping"}')
        assert "pong" in str(await frame_of(spared))

    assert await code_of(graph, one.token) == "UNAUTHENTICATED"
    assert await code_of(graph, other.token) == "ok"


@pytest.mark.parametrize("verb", ["disable", "delete"])
async def test_disabling_or_deleting_an_account_ends_all_its_keys(graph: Graph, backend: Backend, verb: str) -> None:
    admin = await make_tenant(backend)
    machine = await make_machine(admin, "alerts:read")
    end = f"mutation($input: ServiceAccountInput!) {{ {verb}ServiceAccount(input: $input) {{ __typename }} }}"

    async with socket(graph.address, machine.token) as opened:
        await subscribe(opened, LIVE)
        await graph.ask(end, admin.token, input={"id": account_id(machine)})
        assert await seconds_until_closed(opened) < 1

    assert await code_of(graph, machine.token) == "UNAUTHENTICATED"
    assert await still_open([machine.subject]) == set()


async def test_an_enabled_account_works_again(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    machine = await make_machine(admin, "alerts:read")
    for verb in ("disable", "enable"):
        text = f"mutation($input: ServiceAccountInput!) {{ {verb}ServiceAccount(input: $input) {{ __typename }} }}"
        await graph.ask(text, admin.token, input={"id": account_id(machine)})

    assert await code_of(graph, machine.token) == "ok"


async def test_what_an_account_loses_its_keys_lose(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    machine = await make_machine(admin, "alerts:read", "costs:read")
    assert await code_of(graph, machine.token, ALERTS) == "ok"

    fields = {"id": account_id(machine), "permissions": ["costs:read"], "name": "other", "description": "d"}
    answer = (await graph.ask(UPDATE, admin.token, input=fields))["updateServiceAccount"]

    assert answer["serviceAccount"] == {
        "name": "other",
        "description": "d",
        "permissions": ["costs:read"],
        "version": 2,
    }
    assert await code_of(graph, machine.token, ALERTS) == "FORBIDDEN"


async def test_names_are_unique_and_an_empty_change_is_refused(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    await make_machine(admin, name="one")
    other = await make_machine(admin, name="other")

    made = (await graph.ask(CREATE, admin.token, input={"name": "one", "permissions": []}))["createServiceAccount"]
    renamed = await graph.ask(UPDATE, admin.token, input={"id": account_id(other), "name": "one"})
    nothing = (await graph.ask(UPDATE, admin.token, input={"id": account_id(other)}))["updateServiceAccount"]

    assert made["__typename"] == renamed["updateServiceAccount"]["__typename"] == "ConflictError"
    assert nothing["__typename"] == "ValidationError"


async def test_a_machine_is_refused_what_is_for_people(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    machine = await make_machine(admin, "alerts:read")
    key = {"serviceAccountId": account_id(machine), "name": "n"}

    made = await graph.send(KEY, machine.token, input=key)

    assert made["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await code_of(graph, machine.token, "{ sessions { id } }") == "FORBIDDEN"


async def test_keys_are_made_after_a_fresh_sign_in_only(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    machine = await make_machine(admin, "alerts:read")
    long_ago = {"$set": {"authenticated_at": utc_now() - timedelta(minutes=11)}}
    await documents.Session.get_pymongo_collection().update_many({"user_id": admin.user.id}, long_ago)

    body = await graph.send(KEY, admin.token, input={"serviceAccountId": account_id(machine), "name": "n"})

    assert body["errors"][0]["extensions"]["code"] == "STEP_UP_REQUIRED"


async def test_the_service_account_of_a_provider_does_not_reach_its_clients(graph: Graph, backend: Backend) -> None:
    msp = await make_tenant(backend, kind=OrganizationKind.MSP, role=Role.MSP_ADMIN)
    await make_tenant(backend, managed_by=msp)
    machine = await make_machine(msp, "alerts:read")

    reach = (await graph.ask(VIEWER, machine.token))["viewer"]["reach"]

    assert [entry["organization"]["name"] for entry in reach] == [msp.organization.name]


async def test_a_key_of_a_deleted_organization_reaches_nothing(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    machine = await make_machine(admin, "alerts:read")
    await documents.Organization.get_pymongo_collection().update_one(
        {"_id": admin.organization.id}, {"$set": {"deleted_at": utc_now()}}
    )

    assert (await graph.ask(VIEWER, machine.token))["viewer"]["reach"] == []


async def test_people_and_machines_are_looked_up_together(backend: Backend) -> None:
    admin = await make_tenant(backend)
    machine, person = await make_machine(admin, "alerts:read"), await make_subject(admin)

    found = await load_standings_of([machine.subject, person])

    assert {len(standings) for standings in found.values()} == {1}
    assert await load_standings_of([]) == {}


async def test_the_last_use_is_noted(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    machine = await make_machine(admin, "alerts:read")

    await graph.ask(ALERTS, machine.token)
    await asyncio.sleep(0.2)

    listing = "query($id: ID!) { apiKeys(serviceAccountId: $id) { nodes { prefix lastUsedAt lastUsedAddress } } }"
    (shown,) = (await graph.ask(listing, admin.token, id=account_id(machine)))["apiKeys"]["nodes"]
    assert shown["prefix"] == machine.key.prefix
    assert shown["lastUsedAt"] is not None
    assert shown["lastUsedAddress"] == "127.0.0.1"


async def test_a_key_that_ends_within_two_weeks_says_so(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    machine = await make_machine(admin, "alerts:read", lifetime=timedelta(days=13))
    await add_key(machine.account, lifetime=timedelta(days=15))
    listing = "query($id: ID!) { apiKeys(serviceAccountId: $id) { nodes { expiresSoon serviceAccount { name } } } }"

    nodes = (await graph.ask(listing, admin.token, id=account_id(machine)))["apiKeys"]["nodes"]

    assert [node["expiresSoon"] for node in nodes] == [False, True]


async def test_bad_keys_from_one_address_are_slowed_down_and_good_ones_are_not(backend: Backend) -> None:
    machine = await make_machine(await make_tenant(backend), "alerts:read")
    settings = backend.settings.model_copy(update={"free_attempts": 2})

    async with serving(Web(replace(backend, settings=settings))) as slow, Graph.connected(slow) as client:
        codes = [await code_of(client, make_key().text) for _ in range(4)]
        good = await code_of(client, machine.token)
    # Every test comes from the same address.
    await backend.redis.delete(*await backend.redis.keys("throttle:*"))

    assert codes[-1] == "RATE_LIMITED"
    assert set(codes) <= {"UNAUTHENTICATED", "RATE_LIMITED"}
    assert good == "ok"


async def test_all_keys_of_an_account_share_one_budget(backend: Backend) -> None:
    one = await make_machine(await make_tenant(backend), "alerts:read")
    other = await add_key(one.account)
    settings = backend.settings.model_copy(update={"cost_per_minute": 60})

    async with serving(Web(replace(backend, settings=settings))) as slow, Graph.connected(slow) as client:
        for _ in range(2000):
            if await code_of(client, one.token, "{ alerts(first: 100) { nodes { id account { name } } } }") != "ok":
                break
        found = await code_of(client, other.token, "{ alerts(first: 100) { nodes { id account { name } } } }")

    assert found == "RATE_LIMITED"


async def test_an_account_that_has_gone_meanwhile_is_not_changed(backend: Backend) -> None:
    machine = await make_machine(await make_tenant(backend))
    await documents.ServiceAccount.rows().delete_one({"_id": machine.account.id})

    async with backend.client.start_session() as session:
        with pytest.raises(NotFound):
            await change_account(machine.account, {"name": "x"}, session)


async def test_service_accounts_are_listed_by_name(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    for name in ("b", "a"):
        await make_machine(admin, "alerts:read", name=name)
    query = "{ serviceAccounts { nodes { name permissions organizationId } totalCount } }"

    listed = (await graph.ask(query, admin.token))["serviceAccounts"]

    assert [node["name"] for node in listed["nodes"]] == ["a", "b"]
    assert {node["organizationId"] for node in listed["nodes"]} == {admin.global_id}
    assert listed["totalCount"] == 2


async def test_a_key_revoked_twice_keeps_its_first_time(graph: Graph, backend: Backend) -> None:
    admin = await make_tenant(backend)
    machine = await make_machine(admin, "alerts:read")

    first = (await graph.ask(REVOKE, admin.token, input={"id": key_id(machine)}))["revokeApiKey"]
    again = (await graph.ask(REVOKE, admin.token, input={"id": key_id(machine)}))["revokeApiKey"]

    assert first == again
    assert first["apiKey"]["revokedAt"] is not None
