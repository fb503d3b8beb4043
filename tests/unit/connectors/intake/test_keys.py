"""Keys and certificates are fetched once, kept, and not at the wish of whoever names them."""

import asyncio

import pytest
from cryptography.hazmat.primitives import serialization

from connectors.identity import kept
from connectors.identity.kept import Kept
from connectors.intake import keys
from connectors.intake.keys import Keys, NotTrusted, moved
from domain.errors import Unavailable
from tests.fakes import genuine_clouds as genuine
from tests.fakes.scripted import Answered, scripted


def pem(*certificates):
    return "".join(one.public_bytes(serialization.Encoding.PEM).decode() for one in certificates)


async def test_a_certificate_is_fetched_once_however_many_ask_at_once():
    found = genuine.sns_certificate()
    with scripted(lambda asked: Answered(pem(found), hangs=0.1)) as server:
        held = Keys()

        chains = await asyncio.gather(*(held.chain(f"{server.url}/a.pem", True) for _ in range(5)))
        again = await held.chain(f"{server.url}/a.pem", True)

    assert {*chains, again} == {(found,)}
    assert server.paths() == ["GET /a.pem"]


async def test_a_certificate_that_is_away_is_not_asked_for_again_at_once():
    with scripted(lambda asked: Answered("", status=503)) as server:
        held = Keys()
        for _ in range(3):
            with pytest.raises(Unavailable):
                await held.chain(f"{server.url}/a.pem", True)

    assert len(server.asked) == 1


async def test_so_many_certificates_a_minute_are_fetched_and_no_more(monkeypatch):
    monkeypatch.setattr(keys, "MOST_A_MINUTE", 2)
    clock = [1000.0]
    monkeypatch.setattr(keys.time, "monotonic", lambda: clock[0])
    with scripted(lambda asked: Answered(pem(genuine.sns_certificate()))) as server:
        held = Keys()
        await held.chain(f"{server.url}/1.pem", True)
        await held.chain(f"{server.url}/2.pem", True)
        with pytest.raises(Unavailable):
            await held.chain(f"{server.url}/3.pem", True)
        clock[0] += 61
        await held.chain(f"{server.url}/3.pem", True)

    assert server.paths() == ["GET /1.pem", "GET /2.pem", "GET /3.pem"]


@pytest.mark.parametrize("content", ["", "<html></html>", pem(*[genuine.sns_certificate()] * 6)], ids=len)
async def test_what_is_no_certificate_is_not_trusted(content):
    with scripted(lambda asked: Answered(content)) as server, pytest.raises(NotTrusted):
        await Keys().chain(f"{server.url}/a.pem", True)


async def test_nothing_is_fetched_inside_of_the_network():
    with scripted(lambda asked: Answered(pem(genuine.sns_certificate()))) as server:
        with pytest.raises(Unavailable):
            await Keys().chain(f"{server.url}/a.pem", False)
        with pytest.raises(Unavailable):
            await Keys().key_set(f"{server.url}/keys", False)

    assert server.asked == []


async def test_published_keys_are_kept():
    key = genuine.token_key("google")
    with scripted(lambda asked: Answered({"keys": [key.as_dict(private=False)]})) as server:
        held = Keys()
        found = [await held.key_set(f"{server.url}/certs", True, anew=anew) for anew in (False, True, True)]

    assert [[one.kid for one in each.keys] for each in found] == [["google"]] * 3
    assert len(server.asked) == 1


async def test_what_was_kept_too_long_is_fetched_anew(monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(kept.time, "monotonic", lambda: clock[0])
    fetched: list[str] = []

    async def fetch(url):
        fetched.append(url)
        return len(fetched)

    held = Kept(fetch)

    assert [await held.get("a", 60), await held.get("a", 60)] == [1, 1]
    clock[0] += 61
    assert await held.get("a", 60) == 2


async def test_what_is_in_use_is_kept_when_others_are_asked_for_in_vain(monkeypatch):
    monkeypatch.setattr(kept, "MOST_KEPT", 3)
    fetched: list[str] = []

    async def fetch(url):
        fetched.append(url)
        if url != "right":
            raise Unavailable("There is none.", service="test")
        return url

    held = Kept(fetch)
    await held.get("right", 60)
    for number in range(10):
        with pytest.raises(Unavailable):
            await held.get(f"wrong-{number}", 60)
        await held.get("right", 60)

    assert fetched.count("right") == 1


@pytest.mark.parametrize(
    ("authority", "expected"),
    [
        (None, "https://vendor.example/a/b?c=d"),
        ("http://127.0.0.1:5", "http://127.0.0.1:5/a/b?c=d"),
        ("http://127.0.0.1:5/", "http://127.0.0.1:5/a/b?c=d"),
    ],
)
def test_a_stand_in_takes_the_place_of_the_host(authority, expected):
    assert moved("https://vendor.example/a/b?c=d", authority) == expected
