"""What Amazon SNS posts is taken when SNS signed it for a topic of ours just now, and nothing else is."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from connectors.intake import sns_envelope
from connectors.intake.receiver import Refusal
from connectors.intake.ways import aws_sns
from domain.errors import Unavailable
from tests.fakes import genuine_clouds as genuine
from tests.fakes.genuine_clouds import ACCOUNT, CERTIFICATE_URL, EVENT, NOW, TOPIC, rsa_key
from tests.fakes.scripted import Answered, scripted


async def receive(message=None, *, headers=None, held=None, now=NOW, method="POST", **settings):
    incoming, endpoint, around = genuine.aws_sns(message, **settings)
    incoming = replace(incoming, method=method, headers={**incoming.headers, **(headers or {})})
    around = replace(around, now=now)
    if held is not None:
        around.keys.held = held
    return await aws_sns.RECEIVER.receive(incoming, endpoint, around)


def signed(**changes):
    return genuine.sns_signed(genuine.sns_message(**changes))


async def refused(*given, **how):
    with pytest.raises(Refusal) as refusal:
        await receive(*given, **how)
    return refusal.value


async def test_an_event_in_a_signed_message_is_taken_under_its_own_id():
    taken = await receive()

    (message,) = taken.messages
    assert (message.id, message.kind, message.body) == (EVENT["id"], "eventbridge", EVENT)
    assert message.sent_at == NOW - timedelta(seconds=5)
    assert (taken.status, taken.is_confirmed) == (202, True)


@pytest.mark.parametrize(
    ("text", "subject", "kind"),
    [
        (json.dumps({"AlarmName": "cpu", "AWSAccountId": ACCOUNT, "NewStateValue": "ALARM"}), "ALARM: cpu", "alarm"),
        ("AWS Budget Notification November 20, 2026\nAWS Account 111122223333\n", None, "budget"),
        ("Dear customer", "AWS Budgets: monthly has exceeded", "budget"),
        (json.dumps({"messageType": "ComplianceChangeNotification", "configRuleName": "mfa"}), None, "config"),
        (json.dumps({"messageType": "OversizedX", "configurationItemSummary": {}}), None, "config"),
        (json.dumps({"messageType": "ping"}), None, "text"),
        (json.dumps({"anomalyId": "a1"}), "Cost anomaly", "text"),
        ("hello", None, "text"),
        ("[1]", None, "text"),
        ("", None, "text"),
    ],
)
async def test_messages_are_told_apart_by_what_stands_in_them(text, subject, kind):
    taken = await receive(signed(Message=text, Subject=subject))

    (message,) = taken.messages
    assert (message.id, message.kind) == ("22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", kind)
    plain = {"subject": subject, "text": text, "timestamp": "2026-11-20T11:59:55+00:00"}
    expected = json.loads(text) if kind in ("alarm", "config") else plain
    assert message.body == expected


async def test_a_certificate_is_asked_for_at_its_own_address():
    incoming, endpoint, around = genuine.aws_sns()

    await aws_sns.RECEIVER.receive(incoming, endpoint, around)

    assert around.keys.fetched == [CERTIFICATE_URL]


PEM = "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"


@pytest.mark.parametrize(
    "url",
    [
        f"http://sns.eu-central-1.amazonaws.com{PEM}",
        f"https://sns.eu-central-1.amazonaws.com:443{PEM}",
        f"https://sns.eu-central-1.amazonaws.com:8443{PEM}",
        f"https://sns.eu-central-1.amazonaws.com@evil.example{PEM}",
        f"https://evil@sns.eu-central-1.amazonaws.com{PEM}",
        f"https://evil.example/sns.eu-central-1.amazonaws.com{PEM}",
        f"https://evil.example/?https://sns.eu-central-1.amazonaws.com{PEM}",
        f"https://sns.eu-central-1.amazonaws.com.evil.example{PEM}",
        f"https://sns.eu-central-1.amazonaws.com.cn.evil.example{PEM}",
        f"https://xsns.eu-central-1.amazonaws.com{PEM}",
        f"https://sns.eu.central.amazonaws.com{PEM}",
        f"https://sns.e.amazonaws.com{PEM}",
        f"https://sns.amazonaws.com{PEM}",
        f"https://bucket.s3.amazonaws.com{PEM}",
        f"https://sns.eu-central-1.аmazonaws.com{PEM}",
        f"https://sns.eu-central-１.amazonaws.com{PEM}",
        f"https://sns。eu-central-1。amazonaws。com{PEM}",
        f"https://sns.eu-central-1.amazonaws.com\\@evil.example{PEM}",
        f"https://sns.eu-central-1.amazonaws.com{PEM}?x=.pem",
        f"https://sns.eu-central-1.amazonaws.com{PEM}#x",
        f"https://sns.eu-central-1.amazonaws.com{PEM}\n",
        f" https://sns.eu-central-1.amazonaws.com{PEM}",
        "https://sns.eu-central-1.amazonaws.com/key.txt",
        "https://sns.eu-central-1.amazonaws.com/../evil.pem",
        "https://sns.eu-central-1.amazonaws.com/?Action=Evil&x=.pem",
        f"HTTPS://SNS.EU-CENTRAL-1.AMAZONAWS.COM{PEM}",
        f"file:///sns.eu-central-1.amazonaws.com{PEM}",
        f"//sns.eu-central-1.amazonaws.com{PEM}",
    ],
)
async def test_no_certificate_is_fetched_from_anywhere_but_sns(url):
    incoming, endpoint, around = genuine.aws_sns(signed(SigningCertURL=url))
    around.keys.held[url] = (genuine.sns_certificate(),)

    with pytest.raises(Refusal) as refusal:
        await aws_sns.RECEIVER.receive(incoming, endpoint, around)

    assert refusal.value.status == 403
    assert around.keys.fetched == []


@pytest.mark.parametrize("region", ["us-gov-west-1", "cn-north-1"])
async def test_every_region_has_its_own_host(region):
    url = f"https://sns.{region}.amazonaws.com{'.cn' if region.startswith('cn') else ''}{PEM}"

    taken = await receive(signed(SigningCertURL=url), held={url: (genuine.sns_certificate(),)})

    assert len(taken.messages) == 1


@pytest.mark.parametrize("name", ["Message", "MessageId", "Timestamp", "TopicArn", "Type", "Subject"])
async def test_whatever_is_signed_cannot_be_changed(name):
    message = signed(Subject="ALARM")
    others = {
        "Timestamp": "2026-11-20T11:59:56.000Z",
        "TopicArn": f"{TOPIC}2",
        "Type": "UnsubscribeConfirmation",
        "Message": json.dumps({**EVENT, "id": "another"}),
    }
    changed = {**message, name: others.get(name, f"{message[name]}x")}
    # So that this very one gets as far as its signature.
    changed |= {"SubscribeURL": "https://sns.eu-central-1.amazonaws.com/?x", "Token": "t"} if name == "Type" else {}

    refusal = await refused(changed, topic_arns=(TOPIC, f"{TOPIC}2"))

    assert (refusal.status, refusal.reason) == (403, "Its signature does not hold.")


async def test_a_message_of_another_topic_on_the_list_is_signed_as_such():
    topics = (TOPIC, f"{TOPIC}.fifo")

    assert len((await receive(signed(TopicArn=f"{TOPIC}.fifo"), topic_arns=topics)).messages) == 1


async def test_a_subject_is_signed_only_where_there_is_one():
    message = signed(Subject="ALARM")
    del message["Subject"]

    assert (await refused(message)).reason == "Its signature does not hold."
    assert (await refused({**signed(), "Subject": "ALARM"})).reason == "Its signature does not hold."


async def test_another_key_than_that_of_the_certificate_signs_nothing():
    message = genuine.sns_signed(genuine.sns_message(), rsa_key("impostor"))

    assert (await refused(message)).status == 403


@pytest.mark.parametrize(
    ("signature", "status"),
    [("", 400), ("!!!!", 400), ("AAAA", 403), (None, 400), (7, 400), ("A" * 342 + "=", 400)],
)
async def test_a_signature_that_is_none_is_refused(signature, status):
    assert (await refused({**signed(), "Signature": signature})).status == status


async def test_a_signature_has_one_spelling():
    message = signed()
    spelt = message["Signature"]
    assert spelt.endswith("==")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    # The last letter before the padding has four bits that say nothing.
    other = letters[letters.index(spelt[-3]) + 1]

    assert (await refused({**message, "Signature": f"{spelt[:-3]}{other}=="})).status == 400


async def test_a_signature_with_sha_1_is_taken_where_the_settings_say_so_only():
    message = signed(SignatureVersion="1")

    taken = await receive(message, allow_signature_version_1=True)
    refusal = await refused(message)

    assert len(taken.messages) == 1
    assert refusal.status == 403
    assert "SignatureVersion" in refusal.reason


async def test_the_version_says_how_it_was_signed():
    downgraded = {**signed(), "SignatureVersion": "1"}

    assert (await refused(downgraded, allow_signature_version_1=True)).status == 403
    assert (await refused({**signed(), "SignatureVersion": "3"})).status == 403
    assert (await refused({**signed(), "SignatureVersion": None})).status == 400


def chain_of(*certificates):
    return {CERTIFICATE_URL: certificates}


@pytest.mark.parametrize(
    "chain",
    [
        lambda: (genuine.certificate(rsa_key("sns"), "sns.evil.example"),),
        lambda: (genuine.certificate(rsa_key("sns"), "sns.us-east-1.amazonaws.com"),),
        lambda: (genuine.certificate(rsa_key("sns"), until=NOW - timedelta(seconds=1)),),
        lambda: (genuine.certificate(rsa_key("sns"), since=NOW + timedelta(seconds=1)),),
        lambda: (genuine.certificate(ec.generate_private_key(ec.SECP256R1())),),
        lambda: (genuine.certificate(rsa_key("small", 1024)),),
        lambda: (genuine.sns_certificate(), genuine.certificate(rsa_key("authority"), "Amazon")),
        lambda: (genuine.sns_certificate(), genuine.certificate(rsa_key("authority"), "Somebody")),
    ],
    ids=["name", "region", "expired", "to come", "curve", "small", "not signed by the next", "another issuer"],
)
async def test_a_certificate_that_is_not_of_sns_or_not_of_now_proves_nothing(chain):
    assert (await refused(held=chain_of(*chain()))).status == 403


async def test_a_chain_of_certificates_must_hold():
    authority = rsa_key("authority")
    leaf = genuine.certificate(rsa_key("sns"), "sns.eu-central-1.amazonaws.com", signer=authority)

    taken = await receive(held=chain_of(leaf, genuine.certificate(authority, "Amazon")))

    assert len(taken.messages) == 1


async def test_while_the_certificate_cannot_be_fetched_nothing_is_said_of_the_message():
    with pytest.raises(Unavailable):
        await receive(held={})


@pytest.mark.parametrize(
    "topic",
    [
        f"arn:aws:sns:eu-central-1:{ACCOUNT}:other",
        "arn:aws:sns:eu-central-1:999999999999:cloudwatcher",
        f"arn:aws:sqs:eu-central-1:{ACCOUNT}:cloudwatcher",
        "cloudwatcher",
    ],
)
async def test_other_topics_may_not_send_here(topic):
    incoming, endpoint, around = genuine.aws_sns(signed(TopicArn=topic))

    with pytest.raises(Refusal) as refusal:
        await aws_sns.RECEIVER.receive(incoming, endpoint, around)

    assert refusal.value.status == 403
    assert around.keys.fetched == []


async def test_a_topic_on_the_list_of_an_account_that_is_not_connected_any_more_may_not_send():
    incoming, endpoint, around = genuine.aws_sns()

    with pytest.raises(Refusal):
        await aws_sns.RECEIVER.receive(incoming, replace(endpoint, accounts=frozenset()), around)


@pytest.mark.parametrize(
    "about",
    [
        {**EVENT, "account": "999999999999"},
        {**EVENT, "account": [ACCOUNT]},
        {**EVENT, "account": None},
        {"AlarmName": "cpu", "NewStateValue": "ALARM", "AWSAccountId": "999999999999"},
        {"AlarmName": "cpu", "NewStateValue": "ALARM", "AWSAccountId": {}},
    ],
)
async def test_what_is_about_an_account_that_is_not_connected_is_refused(about):

    assert (await refused(signed(Message=json.dumps(about)))).status == 403


async def test_messages_are_of_the_last_hour():
    hour = timedelta(hours=1)
    sent = NOW - timedelta(seconds=5)

    assert len((await receive(now=sent + hour)).messages) == 1
    assert (await refused(now=sent + hour + timedelta(milliseconds=1))).status == 403
    assert len((await receive(now=sent - timedelta(minutes=5))).messages) == 1
    assert (await refused(now=sent - timedelta(minutes=5, milliseconds=1))).status == 403


@pytest.mark.parametrize("at", ["yesterday", "2026-11-20T11:59:55", "", None, 5, "0001-01-01T00:00:00+23:59"])
async def test_what_does_not_say_when_it_was_sent_is_refused(at):
    message = {**signed(), "Timestamp": at}

    assert (await refused(message)).status == 400


async def test_raw_messages_are_refused():
    assert (await refused(headers={"x-amz-sns-rawdelivery": "true"})).status == 403


@pytest.mark.parametrize("header", ["x-amz-sns-message-type", "x-amz-sns-message-id", "x-amz-sns-topic-arn"])
async def test_headers_say_what_the_message_says(header):
    assert (await refused(headers={header: "another"})).status == 403


async def test_events_are_posted():
    assert (await refused(method="GET")).status == 405


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"text"', b"\xff", b"[" * 5000, b"{}", b'{"Type": "Other"}', b'{"Type": ["x"]}'],
)
async def test_what_is_no_message_is_refused(body):
    incoming, endpoint, around = genuine.aws_sns()

    with pytest.raises(Refusal) as refusal:
        await aws_sns.RECEIVER.receive(replace(incoming, body=body), endpoint, around)

    assert refusal.value.status == 400


@pytest.mark.parametrize(
    "changes",
    [{"Message": 5}, {"Message": None}, {"Subject": 5}, {"MessageId": "x" * 257}, {"SigningCertURL": None}],
)
async def test_fields_are_text(changes):
    message = {**signed(), **changes}

    assert (await refused(message)).status == 400


def confirming(**changes):
    return genuine.sns_signed(genuine.confirmation(**changes))


async def test_a_subscription_is_confirmed_at_its_address_once_the_message_is_proven():
    with scripted(lambda asked: Answered("<ConfirmSubscriptionResponse/>")) as sns:
        incoming, endpoint, around = genuine.aws_sns(confirming())
        moved = sns.url + CERTIFICATE_URL.partition(".com")[2]
        around = replace(around, allow_private=True, authorities={sns_envelope.AUTHORITY: sns.url})
        around.keys.held = {moved: (genuine.sns_certificate(),)}

        taken = await aws_sns.RECEIVER.receive(incoming, endpoint, around)

    assert (taken.status, taken.is_confirmed, taken.messages) == (200, True, ())
    (asked,) = sns.asked
    assert (asked.method, asked.query) == (
        "GET",
        {"Action": ["ConfirmSubscription"], "TopicArn": [TOPIC], "Token": ["2336412f37"]},
    )


QUERY = f"Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37"


@pytest.mark.parametrize(
    "url",
    [
        f"https://evil.example/?{QUERY}",
        f"http://sns.eu-central-1.amazonaws.com/?{QUERY}",
        f"https://sns.eu-central-1.amazonaws.com:444/?{QUERY}",
        f"https://sns.eu-central-1.amazonaws.com@evil.example/?{QUERY}",
        f"https://sns.eu-central-1.amazonaws.com.evil.example/?{QUERY}",
        f"https://sns.eu-central-1.amazonaws.com/elsewhere?{QUERY}",
        f"https://sns.eu-central-1.amazonaws.com/?{QUERY.replace('ConfirmSubscription', 'DeleteTopic')}",
        f"https://sns.eu-central-1.amazonaws.com/?{QUERY}&Action=DeleteTopic",
        f"https://sns.eu-central-1.amazonaws.com/?{QUERY.replace('cloudwatcher', 'another')}",
        f"https://sns.eu-central-1.amazonaws.com/?{QUERY}x",
        "https://sns.eu-central-1.amazonaws.com/?",
    ],
)
async def test_even_a_signed_message_has_nothing_visited_but_the_confirmation_of_its_topic(url):
    assert (await refused(confirming(SubscribeURL=url))).status == 403


async def test_a_forged_confirmation_is_not_visited():
    with scripted(lambda asked: Answered("")) as sns:
        incoming, endpoint, around = genuine.aws_sns({**confirming(), "Message": "forged"})
        moved = sns.url + CERTIFICATE_URL.partition(".com")[2]
        around = replace(around, allow_private=True, authorities={sns_envelope.AUTHORITY: sns.url})
        around.keys.held = {moved: (genuine.sns_certificate(),)}

        with pytest.raises(Refusal):
            await aws_sns.RECEIVER.receive(incoming, endpoint, around)

    assert sns.asked == []


async def test_a_confirmation_that_sns_does_not_answer_is_to_be_sent_again():
    with scripted(lambda asked: Answered("", status=500)) as sns:
        incoming, endpoint, around = genuine.aws_sns(confirming())
        moved = sns.url + CERTIFICATE_URL.partition(".com")[2]
        around = replace(around, allow_private=True, authorities={sns_envelope.AUTHORITY: sns.url})
        around.keys.held = {moved: (genuine.sns_certificate(),)}

        with pytest.raises(Unavailable):
            await aws_sns.RECEIVER.receive(incoming, endpoint, around)


async def test_the_end_of_a_subscription_is_noted():
    message = confirming(Type="UnsubscribeConfirmation", Message="You have chosen to deactivate.")

    taken = await receive(message)

    assert [(one.kind, one.body["subject"], one.body["text"]) for one in taken.messages] == [
        ("text", f"{TOPIC} does not send here any more", "You have chosen to deactivate.")
    ]
    assert not taken.is_confirmed


async def test_a_lone_half_of_a_letter_is_no_text():
    incoming, endpoint, around = genuine.aws_sns()
    body = incoming.body.replace(b'"22b80b92', b'"\\ud83d22b80b92')

    with pytest.raises(Refusal) as refusal:
        await aws_sns.RECEIVER.receive(replace(incoming, body=body), endpoint, around)

    assert refusal.value.status == 400
