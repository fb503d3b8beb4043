from connectors.reading.listing import Place
from connectors.systems.okta import tables
from tests.fakes.collecting import NOW

ANN, BOB = {"id": "00u1"}, {"id": "00u2"}


def entry(number: int, actor: dict | None, *targets: dict) -> dict:
    about = {
        "uuid": f"event-{number}",
        "eventType": "security.threat.detected",
        "published": "2026-11-26T00:00:00.000Z",
    }
    return {**about, "actor": actor, "target": list(targets) or None, "client": {"ipAddress": "192.0.2.1"}}


def user(native_id: str) -> dict:
    return {"id": native_id, "type": "User"}


def test_each_user_gets_the_entries_that_name_them():
    pages = [
        [entry(1, user("00u1")), entry(2, {"id": "sys", "type": "SystemPrincipal"}, user("00u1"), user("00u2"))],
        [entry(3, None), entry(4, {"id": "00u2", "type": "PublicClientApp"})],
    ]

    ann, bob = tables.suspicions([ANN, BOB], pages)

    assert [one["uuid"] for one in ann] == ["event-1", "event-2"]
    assert [one["uuid"] for one in bob] == ["event-2"]
    assert set(bob[0]) == {"uuid", "eventType", "published"}


def test_a_day_asks_one_question():
    earlier = Place(account_id="00o1", region=None, now=NOW.replace(hour=1))

    asked = tables.suspicious_since([], Place(account_id="00o1", region=None, now=NOW))

    assert asked == tables.suspicious_since([], earlier)
    assert asked["since"] == "2026-10-27T00:00:00.000Z"
    assert asked["filter"].count("eventType eq") == 2
