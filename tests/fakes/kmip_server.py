"""PyKMIP's server on loopback with certificates from a folder; writes its port into `kmip.port` when it listens.

Run as `python -m tests.fakes.kmip_server FOLDER`.
"""

import socket
import sys
from pathlib import Path

from kmip.services.server.server import KmipServer


def main(folder: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = KmipServer(
        hostname="127.0.0.1",
        port=port,
        certificate_path=str(folder / "server.pem"),
        key_path=str(folder / "server.key"),
        ca_path=str(folder / "ca.pem"),
        auth_suite="TLS1.2",
        config_path=None,
        log_path=str(folder / "kmip.log"),
        enable_tls_client_auth=False,
        database_path=str(folder / "kmip.db"),
    )
    server.start()
    (folder / "kmip.port.new").write_text(str(port))
    (folder / "kmip.port.new").rename(folder / "kmip.port")
    server.serve()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
