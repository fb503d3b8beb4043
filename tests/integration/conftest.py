"""Fixtures of the tests against real servers that the whole run does not share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.embedded import alive_in, wait_for


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "data"
    wait_for(lambda: alive_in(tmp_path) == [])  # no test may leave a server behind
