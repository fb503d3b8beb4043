"""What an authenticator answers is believed only when every part of it is right."""

import base64
import json
import secrets
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import documents
from auth.relying_party import RelyingParty, claimed_by, is_synced
from domain.errors import Invalid
from tests.fakes.authenticator import Authenticator

URL = "https://cloud.example.com"
US = RelyingParty(URL + "/somewhere", ["https://app.cloud.example.com", "https://other.example.com"])
ANN = documents.User.model_construct(id="a" * 24, email="ann@example.com", name="Ann")


def phone(**fields: Any) -> Authenticator:
    return Authenticator(**{"origin": URL, "rp_id": "cloud.example.com", **fields})


def registered(authenticator: Authenticator) -> documents.Passkey:
    challenge = secrets.token_bytes(32)
    made = US.registered(authenticator.make(US.registration_options(ANN, [], challenge)), challenge)
    return documents.Passkey.model_construct(public_key=made.credential_public_key)


def test_what_is_asked_for_is_a_verified_passkey_that_names_its_owner() -> None:
    existing = documents.Passkey.model_construct(key_id=b"known")

    create = json.loads(US.registration_options(ANN, [existing], b"c" * 32))
    get = json.loads(US.request_options(b"c" * 32))

    assert create["rp"] == {"name": "CloudWatcher", "id": "cloud.example.com"}
    assert create["user"]["name"] == "ann@example.com"
    assert create["authenticatorSelection"]["userVerification"] == "required"
    assert create["authenticatorSelection"]["residentKey"] == "required"
    assert [one["id"] for one in create["excludeCredentials"]] == [base64.urlsafe_b64encode(b"known").decode()[:-1]]
    assert (get["rpId"], get["userVerification"], get["allowCredentials"]) == ("cloud.example.com", "required", [])


def test_a_true_registration_is_believed() -> None:
    authenticator, challenge = phone(), secrets.token_bytes(32)

    made = US.registered(authenticator.make(US.registration_options(ANN, [], challenge)), challenge)

    assert made.credential_id == authenticator.credential_id
    assert not is_synced(made)


def test_a_passkey_that_is_synced_is_known_as_one() -> None:
    challenge = secrets.token_bytes(32)

    made = US.registered(phone(is_synced=True).make(US.registration_options(ANN, [], challenge)), challenge)

    assert is_synced(made)


UNTRUE = {
    "wrong origin": {"origin": "https://evil.example.com"},
    "a site beside ours": {"origin": "https://other.example.com"},
    "not encrypted": {"origin": "http://cloud.example.com"},
    "wrong site": {"rp_id": "evil.example.com"},
    "user not verified": {"is_verifying": False},
}


@pytest.mark.parametrize("fields", UNTRUE.values(), ids=UNTRUE)
def test_an_untrue_registration_is_refused(fields: dict[str, Any]) -> None:
    challenge = secrets.token_bytes(32)
    answer = phone(**fields).make(US.registration_options(ANN, [], challenge))

    with pytest.raises(Invalid):
        US.registered(answer, challenge)


@pytest.mark.parametrize("fields", UNTRUE.values(), ids=UNTRUE)
def test_an_untrue_answer_is_refused(fields: dict[str, Any]) -> None:
    authenticator, challenge = phone(), secrets.token_bytes(32)
    passkey = registered(authenticator)
    options = US.request_options(challenge)

    assert US.shown(authenticator.show(options), challenge, passkey).new_sign_count == 1
    with pytest.raises(Invalid):
        US.shown(replace(authenticator, **fields).show(options), challenge, passkey)


def test_an_answer_to_another_challenge_is_refused() -> None:
    authenticator, challenge = phone(), secrets.token_bytes(32)
    passkey = registered(authenticator)

    with pytest.raises(Invalid):
        US.registered(phone().make(US.registration_options(ANN, [], challenge)), secrets.token_bytes(32))
    with pytest.raises(Invalid):
        US.shown(authenticator.show(US.request_options(challenge)), secrets.token_bytes(32), passkey)


def test_another_key_does_not_speak_for_the_passkey() -> None:
    authenticator, challenge = phone(), secrets.token_bytes(32)
    passkey = registered(authenticator)
    forger = phone(credential_id=authenticator.credential_id)

    with pytest.raises(Invalid):
        US.shown(forger.show(US.request_options(challenge)), challenge, passkey)


def test_a_page_below_our_host_may_ask_too() -> None:
    authenticator, challenge = phone(origin="https://app.cloud.example.com"), secrets.token_bytes(32)
    passkey = registered(authenticator)

    assert US.shown(authenticator.show(US.request_options(challenge)), challenge, passkey).user_verified


def test_an_answer_says_whose_it_claims_to_be() -> None:
    authenticator = phone(user_handle=b"a" * 24)

    assert claimed_by(authenticator.show(US.request_options(b"c" * 32))) == (authenticator.credential_id, "a" * 24)


@pytest.mark.parametrize("answer", ["", "null", "[]", "{}", '{"id": 1}', "not json"])
def test_what_is_no_answer_is_refused(answer: str) -> None:
    passkey = registered(phone())

    for check in (
        lambda: claimed_by(answer),
        lambda: US.registered(answer, b""),
        lambda: US.shown(answer, b"", passkey),
    ):
        with pytest.raises(Invalid):
            check()


@given(st.data())
def test_an_answer_with_any_byte_changed_is_refused_and_never_breaks_anything(data: st.DataObject) -> None:
    authenticator, challenge = phone(), b"c" * 32
    made = json.loads(authenticator.make(US.registration_options(ANN, [], challenge)))
    passkey = registered(authenticator)
    shown = json.loads(authenticator.show(US.request_options(challenge)))
    part = data.draw(st.sampled_from(["clientDataJSON", "authenticatorData", "signature"]))
    garbled = data.draw(st.sampled_from(["clientDataJSON", "attestationObject"]))

    shown["response"][part] = _changed(shown["response"][part], data)
    made["response"][garbled] = _changed(made["response"][garbled], data)

    with pytest.raises(Invalid):
        US.shown(json.dumps(shown), challenge, passkey)
    with suppress(Invalid):  # attestation is not asked for, so that some bytes of it prove nothing
        US.registered(json.dumps(made), challenge)


def _changed(text: str, data: st.DataObject) -> str:
    raw = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    # Signatures differ in length from run to run.
    place = data.draw(st.integers(0, 10_000)) % len(raw)
    raw[place] ^= data.draw(st.integers(1, 255))
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
