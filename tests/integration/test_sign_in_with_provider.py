"""Signing in through the certified provider, end to end: the browser's way there and back, and who one is then."""

from collections.abc import AsyncIterator, Iterator

import pytest
from bson import ObjectId

import documents
from app.web import Web, serving
from app.wiring import Backend
from documents import AuthMethod, Role
from documents.base import utc_now
from documents.user import find_user
from tests.factories.directory import directory_of
from tests.factories.graph import Graph
from tests.factories.tenant import Tenant, add_member, make_tenant
from tests.fakes.openid_peer import Browser, NoPeer, Peer, consent, landed, openid_peer, path_of
from tests.integration.sign_in_house import (
    ACCOUNTS,
    CHALLENGE,
    OTHER_TENANT,
    OURS,
    PUBLIC,
    REDIRECTS,
    TENANT,
    VERIFIER,
    address,
    local_account,
    memberships,
    own_domain,
    own_provider,
    with_providers,
)

EXCHANGE = """
mutation($input: ExchangeSignInCodeInput!) {
  exchangeSignInCode(input: $input) {
    ... on ExchangeSignInCodeSuccess { session { accessToken user { email } } }
    ... on UserError { message path }
  }
}
"""
VIEWER = "{ viewer { user { email name } reach { role organization { name } } } }"


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    try:
        with openid_peer(REDIRECTS, [TENANT, OTHER_TENANT], ACCOUNTS) as running:
            yield running
    except NoPeer as reason:
        pytest.skip(f"needs the certified provider: {reason}")


@pytest.fixture(scope="module")
async def house(backend: Backend, peer: Peer) -> AsyncIterator[str]:
    async with serving(Web(with_providers(backend, peer))) as url:
        yield url


@pytest.fixture
async def graph(house: str) -> AsyncIterator[Graph]:
    async with Graph.connected(house) as client:
        yield client


@pytest.fixture
def browser(house: str) -> Browser:
    return Browser(house)


async def token_of(graph: Graph, code: str) -> str:
    answer = await graph.ask(EXCHANGE, input={"code": code, "codeVerifier": VERIFIER})
    token: str = answer["exchangeSignInCode"]["session"]["accessToken"]
    return token


async def test_a_newcomer_gets_a_session_in_cookies_and_arrives_where_they_wanted(browser: Browser, graph: Graph):
    arrived = await browser.sign_in("google", "ann", next="/costs?month=1")

    assert arrived == {"": f"{PUBLIC}/costs", "month": "1"}
    assert set(browser.cookies) == {"__Host-cloudwatcher-access", "__Host-cloudwatcher-refresh"}
    viewer = (await graph.ask(VIEWER, browser.cookies["__Host-cloudwatcher-access"]))["viewer"]
    assert viewer == {"user": {"email": address("ann"), "name": "Ann"}, "reach": []}


async def test_a_program_exchanges_its_code_once_and_only_with_its_verifier(browser: Browser, graph: Graph):
    wanted = {"next": "http://127.0.0.1:49152/done", "code_challenge": CHALLENGE, "state": "mine"}
    arrived = await browser.sign_in("google", "bob", **wanted)
    again = await browser.sign_in("google", "bob", **wanted)

    first = await graph.ask(EXCHANGE, input={"code": arrived["code"], "codeVerifier": VERIFIER})
    second = await graph.ask(EXCHANGE, input={"code": arrived["code"], "codeVerifier": VERIFIER})
    guessed = await graph.ask(EXCHANGE, input={"code": again["code"], "codeVerifier": "w" * 64})
    burnt = await graph.ask(EXCHANGE, input={"code": again["code"], "codeVerifier": VERIFIER})

    assert (arrived[""], arrived["state"]) == ("http://127.0.0.1:49152/done", "mine")
    assert first["exchangeSignInCode"]["session"]["user"]["email"] == address("bob")
    for refused in (second, guessed, burnt):
        assert refused["exchangeSignInCode"]["path"] == ["input", "code"]


async def test_an_address_that_the_provider_vouches_for_is_verified_also_where_it_is_linked(
    backend: Backend, browser: Browser, house: str
):
    await browser.sign_in("google", "bob")
    people = documents.User.get_pymongo_collection()
    await people.update_one({"email": address("bob")}, {"$set": {"email_verified_at": None}})
    async with directory_of(backend, house) as directory:
        await directory.add_user(address("bob"))
        before = await directory.held(address("bob"))

        await Browser(house).sign_in("google", "bob")

        user = await find_user(address("bob"))
        assert user is not None
        assert user.email_verified_at is not None
        assert (before, await directory.held(address("bob"))) == (None, ("USER", None))


async def test_the_same_person_comes_back_to_the_same_account(browser: Browser, house: str):
    await browser.sign_in("google", "cleo")
    await Browser(house).sign_in("google", "cleo")

    user = await find_user(address("cleo"))
    assert user is not None
    links = await documents.ExternalIdentity.get_pymongo_collection().count_documents({"user_id": user.id})
    sessions = await documents.Session.get_pymongo_collection().find({"user_id": user.id}).to_list()
    assert links == 1
    assert [one["methods"] for one in sessions] == [[AuthMethod.OIDC], [AuthMethod.OIDC]]


async def test_a_state_counts_once_and_only_in_the_browser_that_began(browser: Browser, house: str):
    kept = Browser(house)
    url = await consent(await browser.start("google"), "dan")
    kept.cookies = dict(browser.cookies)

    stolen = await Browser(house).get(path_of(url))
    first = await browser.get(path_of(url))
    replayed = await kept.get(path_of(url))

    assert [stolen.status_code, first.status_code, replayed.status_code] == [400, 302, 400]


async def test_an_answer_with_another_state_or_at_another_provider_is_refused(browser: Browser, house: str):
    url = path_of(await consent(await browser.start("google"), "dan"))

    other_state = await browser.get(url.replace("state=", "state=x"))
    other_provider = await browser.get(url.replace("/google/", "/microsoft/"))

    assert [other_state.status_code, other_provider.status_code] == [400, 400]


@pytest.mark.parametrize("sender", ["https://evil.example.com", ""])
async def test_an_answer_that_names_another_issuer_is_refused_before_its_code_is_used(browser: Browser, sender: str):
    url = path_of(await consent(await browser.start("google"), "dan"))
    before, _, issuer = url.partition("&iss=")
    assert issuer, "the provider names itself, as RFC 9207 asks"

    arrived = await browser.come_back(before + (f"&iss={sender}" if sender else ""))

    assert arrived["error"] == "invalid_answer"


async def test_a_code_of_another_sign_in_does_not_fit_the_verifier(browser: Browser, house: str):
    attacker = Browser(house)
    theirs = landed(await consent(await attacker.start("google"), "dan"))["code"]
    url = await consent(await browser.start("google"), "dan")

    arrived = await browser.come_back(path_of(url).replace(landed(url)["code"], theirs))

    assert arrived["error"] == "invalid_answer"
    assert "invalid_grant" in arrived["error_description"]


async def test_a_challenge_taken_off_the_way_is_refused_by_the_provider(browser: Browser):
    url = await browser.start("google")
    parts = [part for part in url.split("&") if not part.startswith("code_challenge")]

    back = await consent("&".join(parts), "dan")

    assert landed(back)["error"] == "invalid_request"
    assert (await browser.come_back(back))["error"] == "invalid_answer"


@pytest.mark.parametrize(
    ("provider", "login", "problem"),
    [
        ("google", "unverified", "email_not_verified"),
        ("google", "nameless", "email_missing"),
        ("google", "elsewhere", "email_not_verified"),
        ("microsoft", "free-text", "email_not_verified"),
        ("microsoft", "visitor", "invalid_answer"),
    ],
)
async def test_an_address_nobody_vouches_for_opens_no_account(
    browser: Browser, provider: str, login: str, problem: str
):
    arrived = await browser.sign_in(provider, login, next="https://app.example.com/in")

    assert (arrived[""], arrived["error"]) == ("https://app.example.com/in", problem)
    assert arrived["error_description"]
    assert await find_user(str(ACCOUNTS[login].get("email", "nobody"))) is None  # type: ignore[attr-defined]


@pytest.mark.parametrize(("provider", "login"), [("google", "workspace"), ("microsoft", "entra")])
async def test_an_address_that_the_provider_hosts_opens_one(browser: Browser, provider: str, login: str):
    arrived = await browser.sign_in(provider, login)

    assert arrived == {"": f"{PUBLIC}/"}


async def test_people_of_another_tenant_do_not_come_in_where_one_is_set(backend: Backend, peer: Peer):
    changed = with_providers(backend, peer, microsoft_tenant=OTHER_TENANT)
    async with serving(Web(changed)) as url:
        browser = Browser(url)
        wanted = await browser.start("microsoft")
        arrived = await browser.come_back(await consent(wanted.replace(OTHER_TENANT, TENANT), "entra"))

    assert arrived["error"] == "invalid_answer"


async def test_a_verified_account_is_linked_and_an_unverified_one_is_left_alone(browser: Browser, house: str):
    await documents.User.get_pymongo_collection().delete_many({"email": {"$in": [address("ann"), address("bob")]}})
    await documents.ExternalIdentity.get_pymongo_collection().delete_many({"subject": {"$in": ["ann", "bob"]}})
    verified = await local_account(address("ann"), is_verified=True)
    planted = await local_account(address("bob"), is_verified=False)

    await browser.sign_in("google", "ann")
    refused = await Browser(house).sign_in("google", "bob")

    links = documents.ExternalIdentity.get_pymongo_collection()
    assert await links.count_documents({"user_id": verified.id, "subject": "ann"}) == 1
    assert refused["error"] == "link_required"
    assert await links.count_documents({"user_id": planted.id}) == 0


LINK = """
mutation($input: LinkIdentityInput!) {
  linkIdentity(input: $input) { ... on LinkIdentitySuccess { identity { subject } } }
}
"""
AGAIN = """
mutation($input: ReauthenticateWithProviderInput!) {
  reauthenticateWithProvider(input: $input) {
    ... on ReauthenticateWithProviderSuccess { session { methods authenticatedAt } }
  }
}
"""


async def test_an_identity_is_linked_by_its_owner_who_then_signs_in_and_steps_up_with_it(
    backend: Backend, browser: Browser, house: str, graph: Graph
):
    """Its address proves nothing, and need not: the person has shown both."""
    tenant = await make_tenant(backend)
    page = {"next": "https://app.example.com/me", "code_challenge": CHALLENGE}
    linking = await browser.sign_in("google", "unverified", intent="link", **page)

    linked = await graph.ask(LINK, tenant.token, input={"code": linking["code"], "codeVerifier": VERIFIER})
    came = await Browser(house).sign_in("google", "unverified", **page)
    token = await token_of(graph, came["code"])
    again = await Browser(house).sign_in("google", "unverified", intent="reauthenticate", **page)
    sent = {"code": again["code"], "codeVerifier": VERIFIER}
    stepped_up = await graph.ask(AGAIN, token, input=sent)

    assert linked["linkIdentity"]["identity"]["subject"] == "unverified"
    assert (await graph.ask(VIEWER, token))["viewer"]["user"]["email"] == tenant.user.email
    assert stepped_up["reauthenticateWithProvider"]["session"]["methods"] == [AuthMethod.OIDC]
    await documents.ExternalIdentity.get_pymongo_collection().delete_many({"user_id": tenant.user.id})


async def test_every_sign_in_and_refusal_is_in_the_audit_log(browser: Browser, house: str):
    await browser.sign_in("google", "dan")
    await Browser(house).sign_in("google", "nameless")

    user = await find_user(address("dan"))
    assert user is not None
    entries = documents.AuditEntry.rows()
    session = await documents.Session.get_pymongo_collection().find_one({"user_id": user.id})
    assert session is not None
    done = await entries.find_one({"target": f"session:{session['_id']}"})
    refused = await entries.find({"action": "user.sign_in", "outcome": "REFUSED"}).to_list()
    assert done is not None
    assert (done["action"], done["outcome"]) == ("user.sign_in", "DONE")
    assert refused


@pytest.fixture
async def company(backend: Backend) -> Tenant:
    tenant = await make_tenant(backend)
    await own_domain(tenant)
    return tenant


async def fresh(login: str) -> None:
    """Have nobody of this name been here before."""
    user = await find_user(address(login, OURS))
    if user is not None:
        await documents.Membership.get_pymongo_collection().delete_many({"user_id": user.id})
        await documents.ExternalIdentity.get_pymongo_collection().delete_many({"user_id": user.id})
        await user.delete()


MAPPINGS = [{"claim": "groups", "value": "cloud-admins", "role": Role.ADMIN}]


async def test_an_organizations_people_become_members_with_the_role_their_claims_give(
    backend: Backend, browser: Browser, house: str, peer: Peer, company: Tenant
):
    await fresh("emma")
    await fresh("omar")
    provider = await own_provider(backend, company, peer.url, creates_members=True, role_mappings=MAPPINGS)

    await browser.sign_in(str(provider.id), "emma")
    await Browser(house).sign_in(str(provider.id), "omar")

    found = {}
    for login in ("emma", "omar"):
        user = await find_user(address(login, OURS))
        assert user is not None
        (member,) = await memberships(user.id)
        found[login] = (member.org_id, member.role, member.origin)
    org_id = company.organization.id
    assert found == {
        "emma": (org_id, Role.USER, f"oidc:{provider.id}"),
        "omar": (org_id, Role.ADMIN, f"oidc:{provider.id}"),
    }


@pytest.mark.parametrize("is_aside", [False, True])
async def test_a_role_follows_the_claims_at_each_sign_in_but_never_that_of_the_last_administrator(
    backend: Backend, browser: Browser, peer: Peer, company: Tenant, is_aside: bool
):
    await fresh("emma")
    provider = await own_provider(backend, company, peer.url, creates_members=True)
    await browser.sign_in(str(provider.id), "emma")
    user = await find_user(address("emma", OURS))
    assert user is not None
    members = documents.Membership.get_pymongo_collection()
    await members.update_one({"user_id": user.id}, {"$set": {"role": "ADMIN"}})

    await browser.sign_in(str(provider.id), "emma")
    (followed,) = await memberships(user.id)
    await members.update_one({"user_id": user.id}, {"$set": {"role": "ADMIN"}})
    other = {"org_id": company.organization.id, "user_id": company.user.id}
    if is_aside:
        await members.update_one(other, {"$set": {"deactivated_at": documents.base.utc_now()}})
    else:
        await members.delete_many(other)
    await browser.sign_in(str(provider.id), "emma")
    (last,) = await memberships(user.id)
    idle = await add_member(backend, company.organization, Role.ADMIN)
    await members.update_one({"user_id": idle.user.id}, {"$set": {"deactivated_at": utc_now()}})
    await browser.sign_in(str(provider.id), "emma")
    (still,) = await memberships(user.id)

    assert (followed.role, last.role, still.role) == (Role.USER, Role.ADMIN, Role.ADMIN)


async def test_a_role_that_a_person_was_given_by_hand_stays(
    backend: Backend, browser: Browser, peer: Peer, company: Tenant
):
    await fresh("omar")
    user = await local_account(address("omar", OURS), is_verified=True)
    await documents.Membership(user_id=user.id, org_id=company.organization.id, role=Role.CLIENT_VIEWER).insert()
    provider = await own_provider(backend, company, peer.url, creates_members=True, role_mappings=MAPPINGS)

    await browser.sign_in(str(provider.id), "omar")

    (member,) = await memberships(user.id)
    assert (member.role, member.origin) == (Role.CLIENT_VIEWER, None)


async def test_a_mapping_makes_nobody_administrator_of_a_provider_in_a_company(
    backend: Backend, browser: Browser, peer: Peer, company: Tenant
):
    await fresh("omar")
    mappings = [{**MAPPINGS[0], "role": Role.MSP_ADMIN}]
    provider = await own_provider(backend, company, peer.url, creates_members=True, role_mappings=mappings)

    await browser.sign_in(str(provider.id), "omar")

    user = await find_user(address("omar", OURS))
    assert [one.role for one in await memberships(user.id if user else None)] == [Role.USER]


async def test_without_the_secret_of_its_client_a_provider_is_away(
    backend: Backend, browser: Browser, house: str, peer: Peer, company: Tenant
):
    provider = await own_provider(backend, company, peer.url)
    url = path_of(await consent(await browser.start(str(provider.id)), "emma"))
    await documents.IdentityProvider.rows().update_one(
        {"_id": provider.id}, {"$set": {"client_secret": documents.account.sealed(b"torn")}}
    )

    begun = await Browser(house).get(f"/auth/{provider.id}/start")
    back = await browser.get(url)

    assert [begun.status_code, back.status_code] == [503, 503]


@pytest.mark.parametrize(
    ("login", "creates_members", "problem"),
    [
        ("emma", False, "not_invited"),
        ("unsure", True, "email_not_verified"),
        ("workspace", True, "domain_not_verified"),
        ("nameless", True, "email_missing"),
    ],
)
async def test_an_organizations_provider_brings_in_its_own_people_only(
    backend: Backend, browser: Browser, peer: Peer, company: Tenant, login: str, creates_members: bool, problem: str
):
    await fresh("emma")
    await documents.ExternalIdentity.get_pymongo_collection().delete_many({"subject": login})
    provider = await own_provider(backend, company, peer.url, creates_members=creates_members)

    arrived = await browser.sign_in(str(provider.id), login)

    assert arrived["error"] == problem


async def test_a_linked_stranger_does_not_come_in_through_an_organizations_provider(
    backend: Backend, browser: Browser, house: str, peer: Peer, company: Tenant
):
    """The issuer is the same: the organization's provider could speak for anybody who has ever used it elsewhere."""
    await browser.sign_in("google", "cleo")
    provider = await own_provider(backend, company, peer.url, creates_members=True)

    arrived = await Browser(house).sign_in(str(provider.id), "cleo")

    assert arrived["error"] == "domain_not_verified"


async def test_where_a_provider_is_enforced_neither_passwords_nor_others_let_in(
    backend: Backend, browser: Browser, graph: Graph, peer: Peer, company: Tenant
):
    member = await add_member(backend, company.organization, Role.USER)
    domain = f"enforced-{ObjectId()}.example.com"
    await own_domain(company, domain)
    await documents.User.get_pymongo_collection().update_one(
        {"_id": member.user.id}, {"$set": {"email": f"m@{domain}"}}
    )
    await own_provider(backend, company, peer.url, name="Another")
    await own_provider(backend, company, peer.url, is_enforced=True)
    sign_in = "mutation($i: SignInInput!) { signIn(input: $i) { __typename ... on UserError { message } } }"
    password = "correct horse battery staple"

    refused = (await graph.ask(sign_in, i={"email": f"m@{domain}", "password": password}))["signIn"]
    wrong = (await graph.ask(sign_in, i={"email": f"m@{domain}", "password": "wrong"}))["signIn"]
    options = await graph.ask(f'{{ signInOptions(email: "new@{domain}") {{ name isRequired }} }}')

    assert "Our provider" in refused["message"]
    assert wrong["message"] == "The address or the password is wrong."
    assert options["signInOptions"] == [{"name": "Our provider", "isRequired": True}]


async def test_whose_account_is_gone_gets_a_new_one(browser: Browser, house: str):
    await browser.sign_in("google", "cleo")
    old = await find_user(address("cleo"))
    assert old is not None
    await old.delete()

    arrived = await Browser(house).sign_in("google", "cleo")

    new = await find_user(address("cleo"))
    assert arrived == {"": f"{PUBLIC}/"}
    assert new is not None
    assert new.id != old.id


async def test_somebody_who_was_deactivated_stays_out(browser: Browser, house: str):
    await browser.sign_in("google", "cleo")
    await documents.User.get_pymongo_collection().update_one(
        {"email": address("cleo")}, {"$set": {"deactivated_at": documents.base.utc_now()}}
    )

    arrived = await Browser(house).sign_in("google", "cleo")

    await documents.User.get_pymongo_collection().update_one(
        {"email": address("cleo")}, {"$set": {"deactivated_at": None}}
    )
    assert arrived["error"] == "deactivated"
