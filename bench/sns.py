"""What AWS sends by Amazon SNS, in messages signed as SNS signs them, with a key pair of our own."""

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.x509.oid import NameOID

from connectors.intake.sns_envelope import signed_text

ACCOUNT = "111122223333"
TOPIC = f"arn:aws:sns:eu-central-1:{ACCOUNT}:bench"
CERTIFICATE_URL = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-bench.pem"
_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def alarms(count: int) -> dict[str, bytes]:
    """So many bodies of requests, each about another alarm, by the title of the alert it leads to."""
    return {f"Alarm bench-{number}": _message(f"bench-{number}") for number in range(count)}


def _message(name: str) -> bytes:
    alarm = {
        "AlarmName": name,
        "AlarmArn": f"arn:aws:cloudwatch:eu-central-1:{ACCOUNT}:alarm:{name}",
        "AWSAccountId": ACCOUNT,
        "NewStateValue": "ALARM",
        "OldStateValue": "OK",
        "NewStateReason": "Threshold Crossed: 1 datapoint [97.3] was greater than the threshold (90.0).",
        "StateChangeTime": sns_time(),
        "Region": "EU (Frankfurt)",
    }
    return signed(alarm, TOPIC, f'ALARM: "{name}" in EU (Frankfurt)')


def called(account: str, name: str, source: str) -> dict[str, Any]:
    """The event of EventBridge for a call that CloudTrail has written down, such as CreateUser of iam."""
    detail = {
        "eventID": str(uuid4()),
        "eventName": name,
        "eventSource": f"{source}.amazonaws.com",
        "eventTime": sns_time(),
        "awsRegion": "us-east-1",
        "userIdentity": {"type": "IAMUser", "userName": "ops", "arn": f"arn:aws:iam::{account}:user/ops"},
        "recipientAccountId": account,
        "readOnly": False,
    }
    about = {"detail-type": "AWS API Call via CloudTrail", "source": f"aws.{source}", "account": account}
    return {"id": str(uuid4()), **about, "detail": detail}


def sns_time() -> str:
    """Now, as AWS writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def signed(content: Mapping[str, Any], topic: str, subject: str | None = None) -> bytes:
    """The body of a request by which SNS hands this over."""
    message = {
        "Type": "Notification",
        "MessageId": str(uuid4()),
        "TopicArn": topic,
        **({"Subject": subject} if subject else {}),
        "Message": json.dumps(content),
        "Timestamp": sns_time(),
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE_URL,
    }
    signature = _KEY.sign(signed_text(message), PKCS1v15(), hashes.SHA256())
    return json.dumps({**message, "Signature": base64.b64encode(signature).decode()}).encode()


@contextmanager
def certificates() -> Iterator[str]:
    """The address of a server that stands for SNS's and gives the certificate of the key."""
    pem = _certificate()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(pem)))
            self.end_headers()
            self.wfile.write(pem)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _certificate() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(_KEY.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(_KEY, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)
