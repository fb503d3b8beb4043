"""A time authority (RFC 3161) on loopback, whose answers OpenSSL makes. `status` other than 200: it is out of order."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CONFIG = """[tsa]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class TimeAuthority:
    """`root` is the file with the certificate that its own leads to."""

    def __init__(self, folder: Path) -> None:
        self.status, self.asked, self.reply = 200, 0, b""
        self._folder = folder
        self.root = folder / "root.pem"
        (folder / "serial").write_text("01")
        (folder / "tsa.conf").write_text(CONFIG.format(folder=folder))
        self._make_certificates()

    @contextmanager
    def served(self) -> Iterator[str]:
        """Its address."""
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = authority.answer(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(authority.status)
                self.send_header("content-type", "application/timestamp-reply")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

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

    def answer(self, query: bytes) -> bytes:
        """The stamp, or what was ordered as `reply`."""
        self.asked += 1
        if self.reply or self.status != 200:
            return self.reply
        asked, answered = self._folder / "query", self._folder / "reply"
        asked.write_bytes(query)
        command = ["openssl", "ts", "-reply", "-config", f"{self._folder}/tsa.conf", "-section", "tsa"]
        subprocess.run([*command, "-queryfile", asked, "-out", answered], check=True, capture_output=True)
        return answered.read_bytes()

    def _make_certificates(self) -> None:
        root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        root = _certificate("Root", root_key, "Root", root_key, is_ca=True)
        leaf = _certificate("Time", key, "Root", root_key, is_ca=False)
        self.root.write_bytes(root.public_bytes(Encoding.PEM))
        (self._folder / "tsa.pem").write_bytes(leaf.public_bytes(Encoding.PEM))
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self._folder / "tsa.key").write_bytes(pem)


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: str, issuer_key: ec.EllipticCurvePrivateKey, *, is_ca: bool
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    )
    if not is_ca:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
