"""The examples of docs/guides/webhooks.md run, and tell genuine messages from all others."""

import json
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.channels.kinds import webhook
from tests.contract.sources import ROOT
from tests.fakes.node import NoPeer, node

GUIDE = (ROOT / "docs/guides/webhooks.md").read_text()
AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
NOW = AT.timestamp()
BODY = b'{"id": "1", "data": {"title": "\xc3\xbc"}}'
SECRET, OTHER = "s" * 43, "o" * 43
HEADERS = webhook.signed(BODY, [SECRET], AT)
BOTH = webhook.signed(BODY, [OTHER, SECRET], AT)
CASES = [
    (SECRET, HEADERS, BODY, NOW, True),
    (SECRET, BOTH, BODY, NOW + 299, True),
    (OTHER, BOTH, BODY, NOW, True),
    (OTHER, HEADERS, BODY, NOW, False),
    (SECRET, HEADERS, BODY + b" ", NOW, False),
    (SECRET, HEADERS, BODY, NOW + 301, False),
    (SECRET, {**HEADERS, "cloudwatcher-timestamp": str(int(NOW) + 1)}, BODY, NOW, False),
    (SECRET, {**HEADERS, "cloudwatcher-signature": "v1="}, BODY, NOW, False),
]


def example(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    return str(found)


def test_the_python_of_the_guide_tells_genuine_messages_from_others() -> None:
    names: dict[str, Any] = {}
    exec(example("python"), names)

    assert [names["is_genuine"](*case[:4]) for case in CASES] == [case[4] for case in CASES]


def test_the_node_of_the_guide_tells_genuine_messages_from_others(tmp_path: Path) -> None:
    try:
        program = node()
    except NoPeer as missing:
        pytest.skip(f"needs Node: {missing}")
    (tmp_path / "verify.mjs").write_text(example("javascript"))
    cases = [[secret, headers, body.hex(), now] for secret, headers, body, now, _ in CASES]
    (tmp_path / "run.mjs").write_text(
        'import { isGenuine } from "./verify.mjs";\n'
        f"const cases = {json.dumps(cases)};\n"
        'console.log(JSON.stringify(cases.map(([s, h, b, n]) => isGenuine(s, h, Buffer.from(b, "hex"), n))));\n'
    )

    done = subprocess.run([str(program), str(tmp_path / "run.mjs")], capture_output=True, text=True, check=True)

    assert json.loads(done.stdout) == [case[4] for case in CASES]
