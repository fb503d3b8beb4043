"""A Google Cloud that answers the calls of the connector as it is told, and holds both sides against the description.

Where `google_cloud` keeps what plans change, this one says anything that a list or an object may say.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

from connectors.clouds.gcp import registration
from tests.fakes.google import PROJECT, TOKEN
from tests.fakes.google_cloud import description
from tests.fakes.scripted import Answered, Asked, scripted

State = Mapping[str, Any]
ORGANIZATION = "123"
# What every project of an organization has.
ALWAYS: State = {
    "cloudresourcemanager.v3:projects.get": {
        "name": "projects/123456",
        "projectId": PROJECT,
        "displayName": "Example",
        "state": "ACTIVE",
        "parent": f"organizations/{ORGANIZATION}",
    },
    "cloudresourcemanager.v3:organizations.get": {
        "name": f"organizations/{ORGANIZATION}",
        "displayName": "shop.example",
        "directoryCustomerId": "C0123abcd",
        "state": "ACTIVE",
    },
    "cloudbilling.v1:projects.getBillingInfo": {
        "name": f"projects/{PROJECT}/billingInfo",
        "projectId": PROJECT,
        "billingAccountName": "billingAccounts/00AA11-22BB33-44CC55",
        "billingEnabled": True,
    },
}


def refused(permission: str) -> Answered:
    """What is said to who lacks a permission."""
    detail = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "IAM_PERMISSION_DENIED",
        "domain": "iam.googleapis.com",
        "metadata": {"permission": permission},
    }
    error = {"code": 403, "message": "Permission denied.", "status": "PERMISSION_DENIED", "details": [detail]}
    return Answered({"error": error}, 403)


class GoogleTold:
    """`told` is by the connector's name of a call: its answer, or a function that is asked for it.

    What is not told is there and empty. `broken` says what Google's description forbids in a question or an answer.
    """

    def __init__(self) -> None:
        self.told: State = {}
        self.broken: list[str] = []
        self.url = ""
        self._patterns = [(_pattern(one.request), one.name) for one in registration.REGISTRATION.operations]

    @contextmanager
    def served(self) -> Iterator["GoogleTold"]:
        with scripted(self._answered) as made:
            self.url = made.url
            yield self

    def tell(self, state: State) -> None:
        """From here on this is what there is, and nothing else."""
        self.told, self.broken = {**ALWAYS, **state}, []

    def _answered(self, asked: Asked) -> Answered:
        if asked.path == "/token":
            return TOKEN
        path = unquote(asked.path)
        names = [name for pattern, name in self._patterns if pattern.fullmatch(f"{asked.method} {path}")]
        told = next((self.told[name] for name in names if name in self.told), {})
        found = told(asked) if callable(told) else told
        answered = found if isinstance(found, Answered) else Answered(found)
        if not names:
            self.broken.append(f"nobody told of {asked.method} {path}")
        self._hold(asked, path, answered)
        return Answered(_within(asked, answered.body), answered.status)

    def _hold(self, asked: Asked, path: str, answered: Answered) -> None:
        google, body = description(), asked.json if asked.text else None
        if not google.knows(asked.method, path):
            return
        self.broken += google.faults(asked.method, path, dict(asked.query), body)
        wrong = google.answer_problems(asked.method, path, answered.status, answered.body)
        self.broken += [f"{asked.method} {path} answers {one}" for one in wrong]


def _pattern(request: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\+\w+\}", ".+", re.sub(r"\{\w+\}", "[^/]+", request)))


def _within(asked: Asked, body: Any) -> Any:
    """The answer with the fields that were asked for, where the question names them."""
    for parameter, key in (("readMask", "results"), ("fields", "users")):
        if parameter in asked.query and key in body:
            names = set(re.findall(r"\w+", asked.query[parameter][0]))
            shown = [{name: value for name, value in item.items() if name in names} for item in body[key]]
            return {**body, key: shown}
    return body
