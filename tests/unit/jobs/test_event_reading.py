"""What a stored message says, and how much is judged at a time."""

import json
from datetime import UTC, datetime

import pytest
from beanie import PydanticObjectId

from documents.account import Account, AccountState
from documents.received_event import ReceivedEvent
from domain.detection.example import told
from domain.facts.provider import Provider
from domain.facts.provider_event import EventKind
from jobs import event_reading
from jobs.event_owner import Owners
from jobs.event_reading import DEFECT, NO_JSON, Read, read_message
from jobs.tasks.process_events import EVENTS_AT_ONCE, chunks

RECEIVED, SENT = datetime(2026, 6, 15, 12, tzinfo=UTC), datetime(2026, 6, 15, 11, tzinfo=UTC)


def received(body: object, provider: Provider = Provider.AWS, **fields: object) -> ReceivedEvent:
    ids = dict.fromkeys(("org_id", "endpoint_id", "account_id"), PydanticObjectId())
    given = {"event_id": "m-1", "kind": "text", "received_at": RECEIVED, **fields}
    return ReceivedEvent.model_construct(**ids, provider=provider, body=json.dumps(body), **given)


@pytest.mark.parametrize(("sent_at", "at"), [(SENT, SENT), (None, RECEIVED)])
def test_what_an_event_does_not_say_of_itself_its_message_says(sent_at, at):
    (event,) = read_message(received({"text": "Hello"}, sent_at=sent_at)).events

    assert (event.id, event.at) == ("m-1", at)


def test_what_an_event_says_of_itself_is_kept():
    (event,) = read_message(received({"text": "Hello", "timestamp": "2026-06-15T10:00:00Z"})).events

    assert event.at == datetime(2026, 6, 15, 10, tzinfo=UTC)


def test_a_message_that_nobody_reads_says_so():
    assert read_message(received({}, Provider.SLACK)).problem == "There is no reader for events of SLACK."


def test_a_defect_of_ours_is_logged_and_the_message_set_aside_without_its_secrets(monkeypatch):
    monkeypatch.setattr(event_reading, "parser_of", lambda provider: lambda kind, body: 1 / 0)
    read = read_message(received({"password": "hush"}))

    assert (read.problem, read.events) == (DEFECT, ())
    assert json.loads(read.clean or "") == {"password": "REDACTED"}


def test_what_is_no_json_is_set_aside():
    broken = received({}).model_copy(update={"body": "{"})

    assert read_message(broken).problem == NO_JSON


def test_messages_are_judged_in_order_and_not_too_many_events_at_once():
    def of(number: int) -> Read:
        return Read(received({}), (told(EventKind.OTHER),) * number)

    reads = [of(40), of(25), of(0), of(500), of(1)]

    parts = list(chunks(reads))

    assert [read for part in parts for read in part] == reads
    assert [len(part) for part in parts] == [1, 2, 1, 1]
    assert all(len(part) == 1 or sum(len(one.events) for one in part) <= EVENTS_AT_ONCE for part in parts)
    assert list(chunks([])) == []


def account(native_id: str | None, state: AccountState = AccountState.CONNECTED) -> Account:
    return Account.model_construct(
        id=PydanticObjectId(), provider=Provider.AWS, native_id=native_id, name="a", state=state
    )


def test_the_account_is_the_one_the_event_names_or_that_of_the_endpoint():
    own, other = account("1"), account("AB")
    owners = Owners((own, other, account("3", AccountState.BILLING_ONLY), account(None)))
    message = received({}).model_copy(update={"account_id": own.id})

    def owner(named: str | None) -> Account | None:
        return owners.owner_of(told(EventKind.ALARM, account_native_id=named), message)

    assert owner(None) is own
    assert owner("1") is own
    assert owner("ab") is other
    assert owner("3") is None
    assert owner("9") is None
    assert owners.native_ids(Provider.AWS) == {"1", "AB", "3"}
    assert owners.native_ids(Provider.GCP) == set()
