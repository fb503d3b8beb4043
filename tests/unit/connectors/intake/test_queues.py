"""What a queue is called, what its owner refuses, and what it keeps although it was told otherwise."""

from contextlib import asynccontextmanager

import pytest
from google.api_core import exceptions
from google.pubsub_v1 import PullResponse
from pydantic import SecretStr

from connectors.intake import pubsub, sqs
from connectors.intake.receiver import Endpoint
from connectors.reading.listing import Place
from domain.errors import (
    CredentialsRejected,
    Invalid,
    PermissionMissing,
    ProviderError,
    Throttled,
    Unavailable,
)
from domain.facts.intake import IntakeWay
from domain.facts.intake_settings import PubsubPullSettings, SqsSettings
from tests.fakes import google
from tests.fakes.collecting import reach
from tests.fakes.genuine_clouds import ACCOUNT, NOW, PROJECT, PUBSUB, around

NAME = f"{ACCOUNT}/events"


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (f"https://sqs.eu-central-1.amazonaws.com/{NAME}", ("eu-central-1", ACCOUNT)),
        (f"https://eu-central-1.queue.amazonaws.com/{NAME}", ("eu-central-1", ACCOUNT)),
        (f"https://sqs.cn-north-1.amazonaws.com.cn/{NAME}.fifo", ("cn-north-1", ACCOUNT)),
    ],
)
def test_a_queue_tells_its_region_and_account(url, place):
    assert sqs.place_of(url) == place


@pytest.mark.parametrize(
    "url",
    [
        f"http://sqs.eu-central-1.amazonaws.com/{NAME}",
        f"https://sqs.eu-central-1.amazonaws.com:444/{NAME}",
        f"https://x@sqs.eu-central-1.amazonaws.com/{NAME}",
        f"https://sqs.eu-central-1.amazonaws.com.evil.example/{NAME}",
        f"https://evil.example/{NAME}",
        f"https://sqs.eu-central-1.amazonaws.com/{NAME}?x",
        "https://sqs.eu-central-1.amazonaws.com/events",
        f"http://127.0.0.1:5000/{NAME}",
    ],
)
def test_what_is_no_queue_of_aws_is_refused(url):
    with pytest.raises(Invalid):
        sqs.place_of(url)


def test_a_stand_in_has_queues_at_its_own_address():
    assert sqs.place_of(f"http://127.0.0.1:5000/{NAME}", True) == (None, ACCOUNT)
    with pytest.raises(Invalid):
        sqs.place_of(f"http://127.0.0.1:5000@evil/{NAME}", True)


class Answering:
    """A source that gives one answer."""

    def __init__(self, *pages):
        self.answers = pages
        self.asked = []

    async def pages(self, operation, place, arguments):
        self.asked.append((operation.name, arguments))
        for page in self.answers:
            yield page


def queue_of(source):
    settings = SqsSettings(queue_url=f"https://sqs.eu-central-1.amazonaws.com/{NAME}")
    endpoint = Endpoint("1", IntakeWay.AWS_SQS, settings, None, frozenset({ACCOUNT}))
    return sqs.SqsQueue(source, Place(account_id=ACCOUNT, region="eu-central-1", now=NOW), endpoint, around({}))


async def test_a_queue_that_keeps_what_was_stored_says_so():
    source = Answering({"Successful": [], "Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": False}]})

    with pytest.raises(ProviderError, match="keeps 1 messages that were read \\(InternalError\\)"):
        await queue_of(source).done(["receipt"])


async def test_nothing_is_deleted_where_nothing_was_stored():
    source = Answering()

    await queue_of(source).done([])

    assert source.asked == []


async def test_an_empty_answer_holds_no_messages():
    assert list(await queue_of(Answering()).pull()) == []
    assert list(await queue_of(Answering({})).pull()) == []


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (exceptions.PermissionDenied("no"), PermissionMissing),
        (exceptions.Unauthenticated("no"), CredentialsRejected),
        (exceptions.ResourceExhausted("slow"), Throttled),
        (exceptions.ServiceUnavailable("away"), Unavailable),
        (exceptions.NotFound("Resource not found (resource=x)."), ProviderError),
        (Unavailable("known", service="pubsub"), Unavailable),
    ],
)
def test_what_google_refuses_is_told_in_the_customers_words(error, meaning):
    found = pubsub.translate(error, "pubsub", "Subscriber.Pull")

    assert type(found) is meaning
    assert isinstance(found, PermissionMissing) is (getattr(found, "permission", "") == pubsub.CONSUME)


def test_a_bug_is_no_answer_of_google():
    assert pubsub.translate(ValueError("x"), "pubsub", "Subscriber.Pull") is None


def subscription(name=PUBSUB):
    return Endpoint("1", IntakeWay.GCP_PUBSUB_PULL, PubsubPullSettings(subscription=name), None, frozenset({PROJECT}))


@asynccontextmanager
async def opened(url, *, allow_private=True, **changes):
    made = google.credentials(url, **changes)
    given = reach()
    given = type(given)(guard=given.guard, allow_private_endpoint=allow_private, now=given.now)
    async with pubsub.open_queue(made, given, subscription()) as queue:
        yield queue


async def test_a_stand_in_of_pubsub_is_for_those_who_allow_private_addresses():
    for url in ("http://127.0.0.1:1", "https://pubsub.example.com"):
        with pytest.raises(Invalid):
            async with opened(url, allow_private=False):
                pass
    with pytest.raises(Invalid):
        async with opened("http://pubsub.example.com"):
            pass


async def test_a_stand_in_may_be_reached_by_tls():
    async with opened("https://127.0.0.1:1") as queue:
        assert queue._client.transport.host == "pubsub.googleapis.com:443"
        assert queue._client.transport._ignore_credentials


async def test_with_a_key_google_itself_is_asked_and_nobody_for_a_token():
    async with opened(None) as queue:
        transport = queue._client.transport

        assert transport.host == "pubsub.googleapis.com:443"
        assert transport._credentials._token_uri == "https://oauth2.googleapis.com/token"
        assert transport._credentials._always_use_jwt_access


async def test_a_key_that_is_none_is_refused():
    with pytest.raises(Invalid):
        async with opened(None, service_account_key=SecretStr("{}")):
            pass


async def test_waiting_in_vain_is_no_failure():
    class Late:
        async def pull(self, **_):
            raise exceptions.DeadlineExceeded("late")

    queue = pubsub.PubsubQueue(Late(), reach().guard(pubsub.translate), PUBSUB)

    assert list(await queue.pull()) == list(PullResponse().received_messages) == []
