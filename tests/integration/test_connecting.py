"""Credentials are tried before they are kept: over the graph, against a vendor behind real HTTP."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from app.graphql import admission
from app.onboarding import checking
from app.wiring import Backend
from documents import Role
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, add_member, make_tenant
from tests.fakes import vendor
from tests.fakes.scripted import Answered, Scripted, scripted

REPORT = """
nativeId name principal isWhole
services { service readable refused operations { operation state missing reason } }
missing { name isPlan operations kinds rules }
"""
CONNECT = f"""
mutation($input: ConnectAccountInput!) {{
  connectAccount(input: $input) {{
    __typename
    ... on ConnectAccountSuccess {{ account {{ id name state nativeId access {{ nativeId }} }} access {{ {REPORT} }} }}
    ... on UserError {{ message code path }}
  }}
}}
"""
CHECK = f"""
mutation($input: CheckAccessInput!) {{
  checkAccess(input: $input) {{
    __typename ... on CheckAccessSuccess {{ access {{ {REPORT} }} }} ... on UserError {{ message path }}
  }}
}}
"""
CHECK_ACCOUNT = """
mutation($input: CheckAccountAccessInput!) {
  checkAccountAccess(input: $input) {
    __typename
    ... on CheckAccountAccessSuccess { account { access { missing { name } } } access { missing { name } } }
    ... on UserError { message path }
  }
}
"""
ROTATE = """
mutation($input: RotateCredentialsInput!) {
  rotateCredentials(input: $input) {
    __typename
    ... on RotateCredentialsSuccess { account { nativeId } access { principal } }
    ... on UserError { message path }
  }
}
"""
UPDATE = """
mutation($input: UpdateAccountInput!) {
  updateAccount(input: $input) {
    __typename ... on UpdateAccountSuccess { account { name regions } } ... on UserError { message path }
  }
}
"""
ALL = [one.name for one in vendor.REGISTRATION.operations]


@pytest.fixture
def account() -> vendor.Account:
    return vendor.Account({"good-token": "team-1", "newer-token": "team-1", "other-token": "team-2"})


@pytest.fixture
def server(account: vendor.Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    monkeypatch.setattr(checking, "registration_of", lambda _: vendor.REGISTRATION)
    with scripted(account.answer) as made:
        yield made


@pytest.fixture
async def tenant(backend: Backend) -> Tenant:
    return await make_tenant(backend)


def access(server: Scripted, token: str = "good-token") -> dict[str, Any]:
    return {"digitalocean": {"token": token, "endpointUrl": server.url}}


async def connect(graph: Graph, tenant: Tenant, server: Scripted, token: str = "good-token", **more: Any) -> Any:
    fields = {"name": "Team", "access": access(server, token), **more}
    return (await graph.ask(CONNECT, tenant.token, input=fields))["connectAccount"]


async def stored(backend: Backend, tenant: Tenant) -> list[dict[str, Any]]:
    return await backend.database["accounts"].find({"org_id": tenant.organization.id}).to_list()


def states(report: dict[str, Any]) -> dict[str, str]:
    return {one["operation"]: one["state"] for service in report["services"] for one in service["operations"]}


async def test_an_account_that_opens_is_kept_with_what_can_be_read(
    graph: Graph, backend: Backend, tenant: Tenant, server: Scripted
) -> None:
    answer = await connect(graph, tenant, server)

    assert answer["__typename"] == "ConnectAccountSuccess", answer
    assert (answer["account"]["state"], answer["account"]["nativeId"]) == ("CONNECTING", "team-1")
    assert (answer["access"]["name"], answer["access"]["principal"]) == ("Team team-1", "reader")
    assert states(answer["access"]) == dict.fromkeys(ALL, "READABLE")
    assert answer["access"]["missing"] == []
    assert answer["access"]["isWhole"]
    (row,) = await stored(backend, tenant)
    assert orjson.loads(await backend.vault.open(bytes(row["credentials"])))["token"] == "good-token"


async def test_only_the_first_of_each_is_looked_at(graph: Graph, tenant: Tenant, server: Scripted) -> None:
    await connect(graph, tenant, server)

    assert sorted(server.paths()) == sorted(
        ["GET /v2/account", "GET /v2/droplets", "GET /v2/droplets/1/backups", "GET /v2/volumes", "GET /v2/posture"]
    )


@pytest.mark.parametrize(
    ("path", "operation", "permission"),
    [
        ("/v2/droplets", vendor.DROPLETS.name, "droplet:read"),
        ("/v2/droplets/1/backups", vendor.BACKUPS.name, "image:read"),
        ("/v2/volumes", vendor.VOLUMES.name, "block_storage:read"),
        ("/v2/posture", vendor.POSTURE.name, "security:read"),
    ],
)
async def test_each_missing_permission_is_named_and_hinders_nothing_else(
    graph: Graph, tenant: Tenant, server: Scripted, account: vendor.Account, path: str, operation: str, permission: str
) -> None:
    account.odd[path] = Answered({"message": "no"}, status=403)

    report = (await connect(graph, tenant, server))["access"]

    (missing,) = report["missing"]
    assert (missing["name"], missing["isPlan"], missing["operations"]) == (permission, False, [operation])
    assert states(report)[operation] == "REFUSED"
    hidden = {vendor.BACKUPS.name} if operation == vendor.DROPLETS.name else set()
    others = set(ALL) - {operation} - hidden
    assert {name for name, state in states(report).items() if state == "READABLE"} == others
    assert {states(report)[name] for name in hidden} <= {"NOT_TRIED"}


async def test_what_a_missing_permission_would_bring_is_told(
    graph: Graph, tenant: Tenant, server: Scripted, account: vendor.Account
) -> None:
    account.odd["/v2/droplets"] = Answered({}, status=403)

    (missing,) = (await connect(graph, tenant, server))["access"]["missing"]

    assert missing["kinds"] == ["DIGITALOCEAN_DROPLET"]


async def test_a_missing_plan_is_told_apart(
    graph: Graph, tenant: Tenant, server: Scripted, account: vendor.Account
) -> None:
    account.odd["/v2/posture"] = Answered({}, status=402)

    report = (await connect(graph, tenant, server))["access"]

    assert states(report)[vendor.POSTURE.name] == "PLAN"
    assert [(one["name"], one["isPlan"]) for one in report["missing"]] == [("Posture Management", True)]


@pytest.mark.parametrize(
    ("answered", "path", "words"),
    [
        (Answered({"message": "Unable to authenticate you."}, 401), "token", "Make a new token"),
        (Answered({}, 403), "token", "account:read"),
        (Answered("<html>Welcome</html>"), "endpoint_url", "does not answer GET /v2/account with JSON"),
        (Answered({}, 503), "endpoint_url", "Check the address"),
        (Answered({}, 429), None, "asks for fewer calls"),
        (Answered({}, 418), None, "refuses"),
    ],
)
async def test_credentials_that_do_not_open_it_are_refused_by_field_and_not_kept(
    graph: Graph,
    backend: Backend,
    tenant: Tenant,
    server: Scripted,
    account: vendor.Account,
    answered: Answered,
    path: str | None,
    words: str,
) -> None:
    account.odd["/v2/account"] = answered

    answer = await connect(graph, tenant, server)

    assert answer["__typename"] == "ValidationError"
    assert words in answer["message"]
    assert answer["path"] == ["input", "access", "digitalocean", *([path] if path else [])]
    assert "good-token" not in str(answer)
    assert await stored(backend, tenant) == []


async def test_nobody_there_is_told_in_time_and_kept_nowhere(
    graph: Graph, backend: Backend, tenant: Tenant, server: Scripted
) -> None:
    fields = {"name": "x", "access": {"digitalocean": {"token": "t", "endpointUrl": "http://127.0.0.1:9"}}}

    answer = (await graph.ask(CONNECT, tenant.token, input=fields))["connectAccount"]

    assert answer["path"] == ["input", "access", "digitalocean", "endpoint_url"]
    assert await stored(backend, tenant) == []


async def test_a_side_that_hangs_is_given_up(
    graph: Graph,
    tenant: Tenant,
    server: Scripted,
    account: vendor.Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checking, "TIME_LIMIT", checking.timedelta(seconds=0.5))
    account.odd["/v2/account"] = Answered({}, hangs=3)

    answer = await connect(graph, tenant, server)

    assert answer["message"].startswith("Nobody answered within 0.5 seconds.")


async def test_a_look_may_take_longer_than_other_operations(
    graph: Graph, tenant: Tenant, server: Scripted, account: vendor.Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "TIME_LIMIT", checking.timedelta(seconds=1))
    account.odd["/v2/volumes"] = Answered({"volumes": []}, hangs=2)

    assert (await connect(graph, tenant, server))["access"]["isWhole"]


async def test_what_was_found_out_in_time_is_told_although_one_read_hangs(
    graph: Graph,
    tenant: Tenant,
    server: Scripted,
    account: vendor.Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checking, "TIME_LIMIT", checking.timedelta(seconds=1.5))
    account.odd["/v2/posture"] = Answered({}, hangs=4)

    report = (await connect(graph, tenant, server))["access"]

    assert not report["isWhole"]
    assert states(report)[vendor.POSTURE.name] == "NOT_TRIED"
    assert states(report)[vendor.VOLUMES.name] == "READABLE"


async def test_too_many_at_once_are_asked_to_come_again(
    graph: Graph, tenant: Tenant, server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = checking.AccessChecks(True, lambda: vendor.NOW)
    monkeypatch.setattr(made, "_places", checking.asyncio.Semaphore(0))

    with pytest.raises(checking.RateLimited):
        await made.report(vendor.REGISTRATION.provider, None)


async def test_an_account_connected_twice_is_a_conflict_that_names_it(
    graph: Graph, backend: Backend, tenant: Tenant, server: Scripted
) -> None:
    await connect(graph, tenant, server)

    again = await connect(graph, tenant, server, "newer-token", name="Second")

    assert again["__typename"] == "ConflictError"
    assert "team-1 is connected already, as Team" in again["message"]
    assert len(await stored(backend, tenant)) == 1


async def test_another_tenant_may_connect_the_same_account_and_learns_nothing(
    graph: Graph, backend: Backend, tenant: Tenant, server: Scripted
) -> None:
    other = await make_tenant(backend)
    first = await connect(graph, tenant, server)

    second = await connect(graph, other, server)

    assert second["__typename"] == "ConnectAccountSuccess"
    assert {**second, "account": None} == {**first, "account": None}


async def test_an_account_known_from_bills_gives_way(
    graph: Graph, backend: Backend, tenant: Tenant, server: Scripted
) -> None:
    row = {"org_id": tenant.organization.id, "provider": "DIGITALOCEAN", "native_id": "team-1", "name": "billed"}
    await backend.database["accounts"].insert_one({**row, "state": "BILLING_ONLY"})

    answer = await connect(graph, tenant, server)

    assert answer["__typename"] == "ConnectAccountSuccess"
    assert [one["name"] for one in await stored(backend, tenant)] == ["Team"]


async def test_checking_keeps_nothing_but_a_line_in_the_audit_log(
    graph: Graph, backend: Backend, tenant: Tenant, server: Scripted
) -> None:
    answer = (await graph.ask(CHECK, tenant.token, input={"access": access(server)}))["checkAccess"]

    assert answer["access"]["nativeId"] == "team-1"
    assert await stored(backend, tenant) == []
    entries = await backend.database["audit"].find({"org_id": tenant.organization.id}).to_list()
    assert [one["action"] for one in entries if one["action"] == "account.check"]
    assert "good-token" not in str(entries)


async def test_looking_again_shows_a_permission_that_was_taken_away(
    graph: Graph, tenant: Tenant, server: Scripted, account: vendor.Account
) -> None:
    made = (await connect(graph, tenant, server))["account"]
    account.odd["/v2/volumes"] = Answered({}, status=403)

    answer = (await graph.ask(CHECK_ACCOUNT, tenant.token, input={"accountId": made["id"]}))["checkAccountAccess"]

    assert answer["account"]["access"] == answer["access"] == {"missing": [{"name": "block_storage:read"}]}


async def test_looking_again_with_credentials_that_have_ended_says_so(
    graph: Graph, tenant: Tenant, server: Scripted, account: vendor.Account
) -> None:
    made = (await connect(graph, tenant, server))["account"]
    account.tokens.clear()

    answer = (await graph.ask(CHECK_ACCOUNT, tenant.token, input={"accountId": made["id"]}))["checkAccountAccess"]

    assert answer["path"] == ["input", "account_id"]
    assert "Make a new token" in answer["message"]


async def test_new_credentials_of_the_same_account_take_the_place_of_the_old_ones(
    graph: Graph, backend: Backend, tenant: Tenant, server: Scripted
) -> None:
    made = (await connect(graph, tenant, server))["account"]
    before = (await stored(backend, tenant))[0]["credentials"]

    fields = {"accountId": made["id"], "access": access(server, "newer-token")}
    answer = (await graph.ask(ROTATE, tenant.token, input=fields))["rotateCredentials"]

    assert answer["account"]["nativeId"] == "team-1"
    (row,) = await stored(backend, tenant)
    assert row["credentials"] != before
    assert orjson.loads(await backend.vault.open(bytes(row["credentials"])))["token"] == "newer-token"
    entries = await backend.database["audit"].find({"action": "account.rotate"}).to_list()
    assert "newer-token" not in str(entries)


@pytest.mark.parametrize(("token", "words"), [("other-token", "open team-2"), ("made-up", "Make a new token")])
async def test_credentials_of_another_account_or_of_none_change_nothing(
    graph: Graph, backend: Backend, tenant: Tenant, server: Scripted, token: str, words: str
) -> None:
    made = (await connect(graph, tenant, server))["account"]
    before = await stored(backend, tenant)

    fields = {"accountId": made["id"], "access": access(server, token)}
    answer = (await graph.ask(ROTATE, tenant.token, input=fields))["rotateCredentials"]

    assert words in answer["message"]
    assert [one["credentials"] for one in await stored(backend, tenant)] == [one["credentials"] for one in before]


async def test_credentials_of_another_vendor_are_no_rotation(graph: Graph, tenant: Tenant, server: Scripted) -> None:
    made = (await connect(graph, tenant, server))["account"]

    fields = {"accountId": made["id"], "access": {"slack": {"token": "xoxb-1", "endpointUrl": server.url}}}
    answer = (await graph.ask(ROTATE, tenant.token, input=fields))["rotateCredentials"]

    assert answer["message"] == "This is an account of DIGITALOCEAN."


async def test_a_change_changes_what_it_names(graph: Graph, backend: Backend, tenant: Tenant, server: Scripted) -> None:
    made = (await connect(graph, tenant, server))["account"]

    fields = {"accountId": made["id"], "name": "Renamed", "syncEveryMinutes": 30}
    answer = (await graph.ask(UPDATE, tenant.token, input=fields))["updateAccount"]

    (row,) = await stored(backend, tenant)
    assert answer["account"]["name"] == row["name"] == "Renamed"
    assert row["sync_every"] == 1800


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "Name at least one thing"),
        ({"regions": ["eu-west-1"]}, "for AWS only"),
        ({"syncEveryMinutes": 4}, "greater than or equal to 5"),
        ({"syncEveryMinutes": 10081}, "less than or equal to 10080"),
    ],
)
async def test_a_change_that_cannot_be_is_refused(
    graph: Graph, tenant: Tenant, server: Scripted, change: dict[str, Any], words: str
) -> None:
    made = (await connect(graph, tenant, server))["account"]

    answer = (await graph.ask(UPDATE, tenant.token, input={"accountId": made["id"], **change}))["updateAccount"]

    assert words in answer["message"]


async def test_a_member_without_the_right_may_do_none_of_it(
    graph: Graph, backend: Backend, tenant: Tenant, server: Scripted
) -> None:
    user = await add_member(backend, tenant.organization, Role.USER)

    errors = await graph.refused(CHECK, user.token, input={"access": access(server)})

    assert errors[0]["extensions"]["code"] == "FORBIDDEN"
    assert server.asked == []
