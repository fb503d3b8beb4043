"""People as a directory provisions them: created, read, changed, found, in the dialects directories speak."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

import documents
from app.web import Web, serving
from app.wiring import Backend
from documents.base import utc_now
from tests.factories.directory import ENTERPRISE, ERROR, USER, Directory, directory_of
from tests.factories.graph import Graph
from tests.factories.machine import make_machine
from tests.factories.mailbox import newest_code
from tests.factories.tenant import make_tenant
from tests.integration.person_mutations import NEW_PASSWORD, call, signs_in


@pytest.fixture
async def directory(backend: Backend, address: str) -> AsyncIterator[Directory]:
    async with directory_of(backend, address) as made:
        yield made


async def person_of(address: str) -> dict[str, Any]:
    raw = await documents.User.get_pymongo_collection().find_one({"email": address})
    assert raw is not None
    return raw


async def test_a_person_who_is_created_has_no_password_and_no_proven_address(directory: Directory) -> None:
    made = await directory.add_user("Ada.Made@Example.com", displayName="Ada", password="secret-password-1")

    person = await person_of("ada.made@example.com")
    assert (person["name"], person["password_hash"], person["email_verified_at"]) == ("Ada", None, None)
    assert await directory.held("ada.made@example.com") == ("USER", None)
    assert made["userName"] == "Ada.Made@Example.com"
    assert made["active"] is True
    assert "password" not in made
    assert made["meta"]["location"].endswith(f"/scim/v2/Users/{made['id']}")


async def test_an_address_in_a_domain_of_the_organization_is_proven(directory: Directory) -> None:
    domain = f"d{secrets.token_hex(4)}.example.com"
    await documents.VerifiedDomain(org_id=directory.admin.organization.id, name=domain, verified_at=utc_now()).insert()
    made = await directory.add_user(f"a@{domain}")
    first = (await person_of(f"a@{domain}"))["email_verified_at"]

    await directory.patch(f"/Users/{made['id']}", moved_to(f"b@{domain}"))
    kept = (await person_of(f"b@{domain}"))["email_verified_at"]
    await directory.patch(f"/Users/{made['id']}", moved_to(f"b@elsewhere-{domain}"))
    outside = (await person_of(f"b@elsewhere-{domain}"))["email_verified_at"]

    assert first is not None
    assert kept is not None
    assert outside is None


@pytest.mark.parametrize("verified_for", ["another", "nobody yet"])
async def test_a_domain_that_is_not_the_organizations_proves_nothing(
    directory: Directory, backend: Backend, verified_for: str
) -> None:
    owner = directory.admin if verified_for == "nobody yet" else await make_tenant(backend)
    name, at = f"d{secrets.token_hex(4)}.example.com", None if verified_for == "nobody yet" else utc_now()
    await documents.VerifiedDomain(org_id=owner.organization.id, name=name, verified_at=at).insert()

    await directory.add_user(f"a@{name}")

    assert (await person_of(f"a@{name}"))["email_verified_at"] is None


async def test_who_is_proven_and_has_no_password_chooses_the_first_by_mail(
    directory: Directory, graph: Graph, backend: Backend
) -> None:
    domain = f"d{secrets.token_hex(4)}.example.com"
    await documents.VerifiedDomain(org_id=directory.admin.organization.id, name=domain, verified_at=utc_now()).insert()
    await directory.add_user(f"a@{domain}")

    await call(graph, "requestPasswordReset", email=f"a@{domain}")
    code = await newest_code(backend, f"a@{domain}", "reset_password")
    await call(graph, "resetPassword", token=code, password=NEW_PASSWORD)

    assert (await signs_in(graph, f"a@{domain}", NEW_PASSWORD))["__typename"] == "SignInSuccess"


def moved_to(address: str) -> dict[str, Any]:
    return {"op": "replace", "path": "emails", "value": [{"value": address, "primary": True}]}


async def test_what_is_not_put_to_use_is_not_kept(directory: Directory) -> None:
    await directory.add_user(
        "lean@example.com",
        schemas=[USER, ENTERPRISE],
        phoneNumbers=[{"value": "secret-number"}],
        **{ENTERPRISE: {"department": "secret-department"}},
    )

    (record,) = await documents.ScimUser.list_in(directory.admin.scope, {"user_name_key": "lean@example.com"})

    assert "secret" not in str(record)


async def test_a_user_name_exists_once_in_any_case(directory: Directory) -> None:
    await directory.add_user("twice@example.com")

    again = await directory.ask("POST", "/Users", {"schemas": [USER], "userName": "TWICE@example.com"})

    assert again.status_code == 409
    assert again.json()["scimType"] == "uniqueness"
    assert again.json()["schemas"] == [ERROR]


async def test_two_records_cannot_mean_one_person(directory: Directory) -> None:
    await directory.add_user("same@example.com")
    other = {"schemas": [USER], "userName": "other", "emails": [{"value": "same@example.com"}]}

    assert (await directory.ask("POST", "/Users", other)).status_code == 409


async def test_without_an_address_a_record_gives_no_access_until_it_has_one(directory: Directory) -> None:
    made = (await directory.ask("POST", "/Users", {"schemas": [USER], "userName": "nameless"})).json()
    (record,) = await documents.ScimUser.list_in(directory.admin.scope, {"user_name_key": "nameless"})
    assert record.user_id is None

    given = {"op": "add", "path": "emails", "value": [{"value": "named@example.com", "type": "work"}]}
    answer = await directory.patch(f"/Users/{made['id']}", given)

    assert answer.json()["emails"] == [{"value": "named@example.com", "type": "work"}]
    assert await directory.held("named@example.com") == ("USER", None)


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ('userName eq "FIND@example.com"', 1),
        ('externalId eq "ext-1"', 1),
        ('externalId eq "EXT-1"', 0),
        ('emails eq "find@example.com"', 1),
        ('emails.value eq "Find@example.com" and active eq true', 1),
        ('emails[type eq "work" and value eq "find@example.com"]', 1),
        ('emails[type eq "home" and value eq "find@example.com"]', 0),
        ('userName eq "find@example.com" and active eq false', 0),
        ('id eq "nothing"', 0),
        (f'{USER}:userName eq "find@example.com"', 1),
    ],
)
async def test_people_are_found_by_what_directories_know(directory: Directory, filter: str, found: int) -> None:
    emails = [{"value": "find@example.com", "type": "work", "primary": True}]
    await directory.ask(
        "POST", "/Users", {"schemas": [USER], "userName": "find@example.com", "externalId": "ext-1", "emails": emails}
    )

    page = (await directory.http.get("/Users", params={"filter": filter})).json()

    assert page["totalResults"] == len(page.get("Resources", [])) == found


@pytest.mark.parametrize(
    "filter",
    [
        'userName sw "a"',
        "title pr",
        'userName eq "a" or userName eq "b"',
        'title eq "x"',
        'emails[display eq "x"]',
        'emails[type eq "work"]',
        'groups[value eq "x"]',
        "userName eq",
        'nothing eq "x"',
        'not (userName eq "x")',
    ],
)
async def test_a_filter_that_no_index_answers_is_refused(directory: Directory, filter: str) -> None:
    answer = await directory.http.get("/Users", params={"filter": filter})

    assert answer.status_code == 400
    assert answer.json()["scimType"] == "invalidFilter"


async def test_lists_are_paged_by_number_and_capped(directory: Directory) -> None:
    ids = [(await directory.add_user())["id"] for _ in range(3)]

    first = (await directory.http.get("/Users", params={"count": "2"})).json()
    rest = (await directory.http.get("/Users", params={"count": "2", "startIndex": "3"})).json()
    none = (await directory.http.get("/Users", params={"count": "0"})).json()
    posted = (await directory.ask("POST", "/Users/.search", {"count": 100000, "startIndex": -1})).json()

    assert [one["id"] for one in first["Resources"] + rest["Resources"]] == ids
    assert (first["totalResults"], first["itemsPerPage"], rest["startIndex"]) == (3, 2, 3)
    assert (none["totalResults"], none["Resources"]) == (3, [])
    assert len(posted["Resources"]) == 3


async def test_attributes_and_excluded_attributes_choose_what_comes(directory: Directory) -> None:
    made = await directory.add_user("few@example.com", title="Pilot")
    path = f"/Users/{made['id']}"

    few = (await directory.http.get(path, params={"attributes": "userName"})).json()
    less = (await directory.http.get(path, params={"excludedAttributes": "emails,title"})).json()

    assert few.keys() == {"schemas", "id", "userName"}
    assert {"emails", "title"}.isdisjoint(less)
    assert less["userName"] == "few@example.com"


async def test_etags_keep_writers_from_undoing_each_other(directory: Directory) -> None:
    made = await directory.add_user()
    path, tag = f"/Users/{made['id']}", made["meta"]["version"]
    title = {"op": "replace", "path": "title", "value": "Pilot"}

    changed = await directory.patch(path, title, If_Match=tag)
    late = await directory.patch(path, title, If_Match=tag)
    known = await directory.ask("GET", path, If_None_Match=changed.headers["etag"])
    late_end = await directory.ask("DELETE", path, If_Match=tag)
    end = await directory.ask("DELETE", path, If_Match="*")

    assert changed.headers["etag"] == changed.json()["meta"]["version"] != tag
    assert [one.status_code for one in (changed, late, known, late_end, end)] == [200, 412, 304, 412, 204]


async def test_patches_at_once_all_count(directory: Directory) -> None:
    path = f"/Users/{(await directory.add_user())['id']}"
    values = {f'emails[type eq "t{number}"].value': f"p{number}-{path[-6:]}@example.com" for number in range(6)}

    answers = await asyncio.gather(
        *(directory.patch(path, {"op": "Add", "path": place, "value": value}) for place, value in values.items())
    )

    assert {answer.status_code for answer in answers} == {200}
    emails = (await directory.ask("GET", path)).json()["emails"]
    assert {email["value"] for email in emails} >= set(values.values())


ENTRA: list[list[dict[str, Any]]] = [
    [{"op": "Replace", "path": "active", "value": "False"}],
    [{"op": "Replace", "path": "active", "value": False}],
]
OKTA: list[list[dict[str, Any]]] = [[{"op": "replace", "value": {"active": False}}]]


@pytest.mark.parametrize("operations", ENTRA + OKTA)
async def test_deactivation_in_every_dialect(directory: Directory, operations: list[dict[str, Any]]) -> None:
    made = await directory.add_user()

    answer = await directory.patch(f"/Users/{made['id']}", *operations)

    assert answer.json()["active"] is False
    assert await directory.held(made["userName"]) is None


async def test_entra_changes_several_things_at_once(directory: Directory) -> None:
    made = await directory.add_user("entra@example.com", name={"givenName": "Old"})

    answer = await directory.patch(
        f"/Users/{made['id']}",
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "entra-work@example.com"},
        {"op": "Add", "path": "name.familyName", "value": "New"},
        {"op": "Replace", "value": {"displayName": "D", f"{ENTERPRISE}:department": "x", "name.givenName": "G"}},
        {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": "26118915"},
    )

    body = answer.json()
    assert answer.status_code == 200, body
    assert (body["displayName"], body["name"]) == ("D", {"givenName": "G", "familyName": "New"})
    assert {"value": "entra-work@example.com", "type": "work"} in body["emails"]


async def test_okta_replaces_the_whole_record(directory: Directory) -> None:
    made = await directory.add_user("okta@example.com", title="Pilot", name={"givenName": "O"})
    body = {**made, "title": "Captain", "name": None, "active": False}
    del body["emails"]

    put = (await directory.ask("PUT", f"/Users/{made['id']}", body)).json()
    without = {name: value for name, value in made.items() if name != "active"}
    again = (await directory.ask("PUT", f"/Users/{made['id']}", without)).json()

    assert put["title"] == "Captain"
    assert {"name", "emails"}.isdisjoint(put)
    # Nobody is let in again by leaving something out.
    assert again["active"] is False


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
        ({"op": "replace", "path": "userName", "value": None}, "mutability"),
        ({"op": "jump", "path": "title", "value": "x"}, "invalidValue"),
        ({"op": "replace", "path": "emails[", "value": "x"}, "invalidPath"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "replace", "path": "active", "value": "perhaps"}, "invalidValue"),
    ],
)
async def test_a_bad_operation_is_refused_and_changes_nothing(
    directory: Directory, operation: dict[str, Any], kind: str
) -> None:
    path = f"/Users/{(await directory.add_user())['id']}"

    answer = await directory.patch(path, {"op": "replace", "path": "title", "value": "kept?"}, operation)

    assert (answer.status_code, answer.json()["scimType"]) == (400, kind)
    assert "title" not in (await directory.ask("GET", path)).json()


@pytest.mark.parametrize("content", [b"{", b"[]", b'"x"', b'{"Operations": 1}'])
async def test_a_body_that_is_no_request_is_refused(directory: Directory, content: bytes) -> None:
    path = f"/Users/{(await directory.add_user())['id']}"

    answer = await directory.http.patch(path, content=content)

    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidSyntax")


async def test_what_is_too_large_is_refused(directory: Directory) -> None:
    whole = await directory.ask("POST", "/Users", {"schemas": [USER], "userName": "x", "title": "x" * 1024 * 1024})
    many = [{"value": f"a{number}@example.com", "display": "x" * 2000} for number in range(20)]
    user = await directory.ask("POST", "/Users", {"schemas": [USER], "userName": "x", "emails": many})

    assert whole.status_code == 413
    assert (user.status_code, user.json()["scimType"]) == (400, "invalidValue")


async def test_the_records_of_another_organization_are_not_there(
    directory: Directory, backend: Backend, address: str
) -> None:
    made = await directory.add_user()
    group = await directory.add_group("theirs", made["id"])

    async with directory_of(backend, address) as stranger:
        title = {"op": "replace", "path": "title", "value": "x"}
        answers = [
            await stranger.ask("GET", f"/Users/{made['id']}"),
            await stranger.ask("PUT", f"/Users/{made['id']}", made),
            await stranger.patch(f"/Users/{made['id']}", title),
            await stranger.ask("DELETE", f"/Users/{made['id']}"),
            await stranger.ask("GET", f"/Groups/{group['id']}"),
            await stranger.ask("DELETE", f"/Groups/{group['id']}"),
        ]
        absent = await stranger.ask("GET", f"/Users/{'0' * 24}")
        garbage = await stranger.ask("GET", "/Users/-")
        listed = (await stranger.http.get("/Users", params={"filter": f'id eq "{made["id"]}"'})).json()
        joined = await stranger.ask("POST", "/Groups", {**group, "members": [{"value": made["id"]}]})

    assert {answer.status_code for answer in answers} == {404}
    assert answers[0].json() == absent.json() == garbage.json()
    assert listed["totalResults"] == 0
    assert (joined.status_code, joined.json()["scimType"]) == (400, "invalidValue")
    assert (await directory.ask("GET", f"/Users/{made['id']}")).json() == {
        **made,
        "groups": [{"value": group["id"], "$ref": group["meta"]["location"], "display": "theirs"}],
    }


async def test_only_a_key_with_the_permission_may_ask(directory: Directory, backend: Backend) -> None:
    admin = await make_tenant(backend)
    other = await make_machine(admin, "alerts:read")

    async def status(authorization: str | None) -> int:
        headers = {"authorization": authorization or ""}
        return (await directory.http.get("/Users", headers=headers)).status_code

    assert await status(None) == 401
    assert await status("Basic abc") == 401
    assert await status(f"Bearer {admin.token}") == 401
    assert await status(f"Bearer {directory.machine.token[:-1]}_") == 401
    assert await status(f"Bearer {other.token}") == 403


async def test_unknown_addresses_and_methods_are_answered_in_the_form_of_scim(directory: Directory) -> None:
    nowhere = await directory.ask("GET", "/Nowhere")
    method = await directory.ask("DELETE", "/Users")
    filtered = await directory.http.get("/Schemas", params={"filter": 'id eq "x"'})
    searched = await directory.ask("POST", "/.search", {})

    found = [(answer.status_code, answer.json()["schemas"]) for answer in (nowhere, method, filtered, searched)]
    assert found == [(404, [ERROR]), (405, [ERROR]), (403, [ERROR]), (501, [ERROR])]


async def test_everything_is_audited_under_the_service_account(directory: Directory) -> None:
    made = await directory.add_user("audited@example.com")
    await directory.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": False})
    await directory.ask("DELETE", f"/Users/{made['id']}")

    found = await documents.AuditEntry.list_in(directory.admin.scope, {"actor": directory.machine.subject.actor})
    entries = sorted(found, key=lambda entry: entry.seq)

    person = (await person_of("audited@example.com"))["_id"]
    assert [(entry.action, entry.target, entry.outcome.value) for entry in entries] == [
        ("scim_user.create", f"scim_user:{made['id']}", "DONE"),
        ("scim_user.create", f"user:{person}", "DONE"),
        ("scim_user.patch", f"scim_user:{made['id']}", "DONE"),
        ("scim_user.patch", f"user:{person}", "DONE"),
        ("scim_user.delete", f"scim_user:{made['id']}", "DONE"),
    ]


async def test_a_directory_that_asks_too_much_is_slowed_down(backend: Backend) -> None:
    settings = backend.settings.model_copy(update={"cost_per_minute": 60})
    async with serving(Web(replace(backend, settings=settings))) as slow, directory_of(backend, slow) as directory:
        for _ in range(2000):
            answer = await directory.ask("GET", "/ServiceProviderConfig")
            if answer.status_code != 200:
                break

    assert (answer.status_code, answer.json()["status"]) == (429, "429")
    assert answer.headers["retry-after"] == "1"


async def test_a_bug_is_masked_and_named_by_its_request(directory: Directory, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret-detail")

    monkeypatch.setattr(documents.ScimUser, "matching", broken)

    answer = await directory.ask("GET", "/Users", x_request_id="request-12345")

    assert answer.status_code == 500
    assert "request-12345" in answer.json()["detail"]
    assert "secret" not in answer.text
