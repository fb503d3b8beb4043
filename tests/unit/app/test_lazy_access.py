"""A web process in which nobody connects an account loads no vendor's library."""

import subprocess
import sys

PROGRAM = """
import asyncio, sys
import app.web
from app.onboarding.lazily import LazyAccess
from documents.base import utc_now
from domain.facts.provider import Provider

def loaded():
    return sorted({"aiobotocore", "azure.identity", "google.auth"} & set(sys.modules))

access = LazyAccess(False, utc_now)
print(loaded(), "connectors.reading.survey" in sys.modules)
assert asyncio.run(access.needs(Provider.SLACK))
print(loaded(), "connectors.reading.survey" in sys.modules)
"""


def test_vendors_are_loaded_one_by_one_when_they_are_needed() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == ["[] False", "[] True"]
