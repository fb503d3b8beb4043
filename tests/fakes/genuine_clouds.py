"""Genuine requests of the clouds, made with key pairs of our own: what the vendors would send, to be changed by tests.

Each way has a function that gives (Incoming, Endpoint, Surroundings): the receiver of the way takes it.
"""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from pydantic import SecretStr

from connectors.intake.keys import Keys
from connectors.intake.receiver import Endpoint, Incoming, Surroundings
from connectors.intake.sns_envelope import HASHES, signed_text
from domain.errors import Unavailable
from domain.facts.intake import IntakeWay
from domain.facts.intake_settings import (
    EVENT_GRID_APP,
    EventGridSettings,
    PubsubPushSettings,
    SnsSettings,
)

Genuine = tuple[Incoming, Endpoint, Surroundings]

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ADDRESS = "https://cloudwatcher.example.com/events/{way}/0123456789abcdef01234567"
ENDPOINT_ID = "0123456789abcdef01234567"

ACCOUNT = "111122223333"
TOPIC = f"arn:aws:sns:eu-central-1:{ACCOUNT}:cloudwatcher"
CERTIFICATE_URL = (
    "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
)
TENANT = "11111111-2222-3333-4444-555555555555"
SUBSCRIPTION = "99999999-8888-7777-6666-555555555555"
AUDIENCE = "api://cloudwatcher-events"
ENTRA_KEYS = f"https://login.microsoftonline.com/{TENANT}/discovery/v2.0/keys"
SECRET = "s3cr3t-of-forty-three-letters-as-we-make-them"
PROJECT = "example-project"
PUBSUB = f"projects/{PROJECT}/subscriptions/cloudwatcher"
PUSHER = f"cloudwatcher-push@{PROJECT}.iam.gserviceaccount.com"
GOOGLE_KEYS = "https://www.googleapis.com/oauth2/v3/certs"


class HeldKeys(Keys):
    """What is at which address, without a network. `fetched` are the addresses asked for; one not held is away."""

    def __init__(self, held: Mapping[str, Any]) -> None:
        super().__init__()
        self.held = dict(held)
        self.fetched: list[str] = []

    async def key_set(self, url: str, allow_private: bool, *, anew: bool = False) -> KeySet:
        return self._found(url)

    async def chain(self, url: str, allow_private: bool) -> tuple[x509.Certificate, ...]:
        return self._found(url)

    def _found(self, url: str) -> Any:
        self.fetched.append(url)
        if url not in self.held:
            raise Unavailable(f"{url} is away.", service="held keys")
        return self.held[url]


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """One for each name, made once."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def token_key(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def certificate(
    key: Any,
    name: str = "sns.amazonaws.com",
    *,
    issuer: str = "Amazon",
    signer: Any = None,
    since: datetime = NOW - timedelta(days=30),
    until: datetime = NOW + timedelta(days=335),
) -> x509.Certificate:
    """Made out to `name` for `key`, signed by `signer`, or by the key itself."""
    return (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(since)
        .not_valid_after(until)
        .sign(signer or key, hashes.SHA256())
    )


@cache
def sns_certificate() -> x509.Certificate:
    return certificate(rsa_key("sns"))


def written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


EVENT = {
    "version": "0",
    "id": "e1e1e1e1-0000-0000-0000-000000000001",
    "detail-type": "GuardDuty Finding",
    "source": "aws.guardduty",
    "account": ACCOUNT,
    "time": "2026-11-20T11:59:50Z",
    "region": "eu-central-1",
    "resources": [],
    "detail": {"id": "f1", "type": "Recon:EC2/PortProbeUnprotectedPort", "severity": 8},
}


def sns_message(**changes: Any) -> dict[str, Any]:
    """A Notification with an event of EventBridge in it, not signed yet; None takes a field away."""
    made = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": json.dumps(EVENT),
        "Timestamp": written(NOW - timedelta(seconds=5)),
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE_URL,
        "UnsubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe",
        **changes,
    }
    return {name: value for name, value in made.items() if value is not None}


def confirmation(**changes: Any) -> dict[str, Any]:
    """What SNS sends first, not signed yet."""
    token = "2336412f37"
    url = f"https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={token}"
    made = {"Type": "SubscriptionConfirmation", "Message": "You have chosen to subscribe.", "Token": token}
    return sns_message(**{**made, "SubscribeURL": url, "UnsubscribeURL": None, **changes})


def sns_signed(message: Mapping[str, Any], key: rsa.RSAPrivateKey | None = None) -> dict[str, Any]:
    """The message with its signature, of the version it names."""
    algorithm = HASHES[message["SignatureVersion"]]()
    signature = (key or rsa_key("sns")).sign(signed_text(message), PKCS1v15(), algorithm)
    return {**message, "Signature": base64.b64encode(signature).decode()}


def posted(way: str, body: Any, **headers: str) -> Incoming:
    return Incoming(
        method="POST",
        url=ADDRESS.format(way=way),
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        query={},
        body=json.dumps(body).encode(),
    )


def around(held: Mapping[str, Any]) -> Surroundings:
    return Surroundings(now=NOW, allow_private=False, keys=HeldKeys(held))


def aws_sns(message: Mapping[str, Any] | None = None, **settings: Any) -> Genuine:
    """What SNS posts; `message` is signed already where it is given."""
    given = {"topic_arns": (TOPIC,), **settings}
    signed = sns_signed(sns_message()) if message is None else message
    endpoint = Endpoint(ENDPOINT_ID, IntakeWay.AWS_SNS, SnsSettings(**given), None, frozenset({ACCOUNT}))
    incoming = posted("aws", signed, content_type="text/plain; charset=UTF-8")
    return incoming, endpoint, around({CERTIFICATE_URL: (sns_certificate(),)})


def grid_event(**changes: Any) -> dict[str, Any]:
    """In the schema of Event Grid."""
    topic = f"/subscriptions/{SUBSCRIPTION}"
    made = {
        "id": "831e1650-001e-001b-66ab-eeb76e069631",
        "topic": topic,
        "subject": f"{topic}/resourceGroups/prod/providers/Microsoft.Storage/storageAccounts/files",
        "eventType": "Microsoft.Resources.ResourceWriteSuccess",
        "eventTime": "2026-11-20T11:59:55.1234567Z",
        "data": {"operationName": "Microsoft.Storage/storageAccounts/write"},
        "dataVersion": "2",
        "metadataVersion": "1",
        **changes,
    }
    return {name: value for name, value in made.items() if value is not None}


def cloud_event(**changes: Any) -> dict[str, Any]:
    """The same in the schema of CloudEvents."""
    made = grid_event()
    return {
        "specversion": "1.0",
        "id": made["id"],
        "source": made["topic"],
        "subject": made["subject"],
        "type": made["eventType"],
        "time": made["eventTime"],
        "data": made["data"],
        **changes,
    }


def azure_event_grid(body: Any = None) -> Genuine:
    """What Event Grid posts with a secret in a header."""
    found = azure_settings(EventGridSettings())
    incoming = posted("azure", body or [grid_event()], x_cloudwatcher_secret=SECRET, aeg_event_type="Notification")
    return incoming, found, around({})


def azure_settings(settings: EventGridSettings) -> Endpoint:
    secret = SecretStr(SECRET) if settings.tenant_id is None else None
    return Endpoint(ENDPOINT_ID, IntakeWay.AZURE_EVENT_GRID, settings, secret, frozenset({SUBSCRIPTION}))


def entra_claims(**changes: Any) -> dict[str, Any]:
    at = int(NOW.timestamp())
    made = {
        "iss": f"https://sts.windows.net/{TENANT}/",
        "aud": AUDIENCE,
        "appid": EVENT_GRID_APP,
        "tid": TENANT,
        "roles": ["AzureEventGridSecureWebhookSubscriber"],
        "iat": at - 60,
        "nbf": at - 60,
        "exp": at + 3600,
        **changes,
    }
    return {name: value for name, value in made.items() if value is not None}


def google_claims(**changes: Any) -> dict[str, Any]:
    at = int(NOW.timestamp())
    made = {
        "iss": "https://accounts.google.com",
        "aud": ADDRESS.format(way="gcp"),
        "azp": "113774264463038321964",
        "sub": "113774264463038321964",
        "email": PUSHER,
        "email_verified": True,
        "iat": at - 60,
        "exp": at + 3540,
        **changes,
    }
    return {name: value for name, value in made.items() if value is not None}


def token(claims: Mapping[str, Any], key: RSAKey, **header: Any) -> str:
    """Signed with the key, which the header names."""
    return jwt.encode({"alg": "RS256", "kid": key.kid, **header}, dict(claims), key)


def azure_event_grid_with_token(claims: Mapping[str, Any] | None = None, body: Any = None) -> Genuine:
    """What Event Grid posts with a token of Microsoft Entra ID."""
    key = token_key("entra")
    bearer = f"Bearer {token(claims or entra_claims(), key)}"
    incoming = posted("azure", body or [grid_event()], authorization=bearer)
    endpoint = azure_settings(EventGridSettings(tenant_id=TENANT, audience=AUDIENCE))
    return incoming, endpoint, around({ENTRA_KEYS: KeySet([key])})


def pubsub_body(content: Any = None, **changes: Any) -> dict[str, Any]:
    """What Pub/Sub wraps a message into; `content` is JSON."""
    found = content or {"incident": {"incident_id": "0.abc", "state": "open"}, "version": "1.2"}
    at = "2026-11-20T11:59:58.123Z"
    message = {
        "data": base64.b64encode(json.dumps(found).encode()).decode(),
        "attributes": {},
        "messageId": "2070443601311540",
        "message_id": "2070443601311540",
        "publishTime": at,
        "publish_time": at,
    }
    return {"message": {**message, **changes}, "subscription": PUBSUB}


def gcp_pubsub_push(claims: Mapping[str, Any] | None = None, body: Any = None) -> Genuine:
    """What Pub/Sub pushes with a token of the service account."""
    key = token_key("google")
    bearer = f"Bearer {token(claims or google_claims(), key)}"
    settings = PubsubPushSettings(subscription=PUBSUB, service_account=PUSHER)
    endpoint = Endpoint(ENDPOINT_ID, IntakeWay.GCP_PUBSUB_PUSH, settings, None, frozenset({PROJECT}))
    return posted("gcp", body or pubsub_body(), authorization=bearer), endpoint, around({GOOGLE_KEYS: KeySet([key])})
