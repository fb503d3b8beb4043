"""A Slack workspace that knows its people, and keeps what is answered to them and posted in its channels."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.scripted import Answered, Asked, Scripted, scripted


@dataclass
class SlackSite:
    """`people` are users by id, as users.info gives them; `answers` what came to the address for answers.

    `posted` are arguments of chat.postMessage in their order, `updated` those of chat.update.
    """

    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: list[dict[str, Any]] = field(default_factory=list)
    posted: list[dict[str, Any]] = field(default_factory=list)
    updated: list[dict[str, Any]] = field(default_factory=list)
    refuses: Answered | None = None
    takes_answers: int = 200
    server: Scripted | None = None

    @property
    def url(self) -> str:
        assert self.server is not None
        return self.server.url

    @property
    def response_url(self) -> str:
        return f"{self.url}/actions/T1/2/3"

    def knows(self, id: str, email: str, **more: Any) -> str:
        self.people[id] = {"id": id, "profile": {"email": email}, "is_email_confirmed": True, **more}
        return id

    def answered_at(self, url: str) -> str:
        """The text that came to this address for answers; fails without exactly one."""
        assert self.server is not None
        (asked,) = [one for one in self.server.asked if url.endswith(one.path)]
        return str(asked.json["text"])

    def answer(self, asked: Asked) -> Answered:
        if asked.path.startswith("/actions/"):
            self.answers.append(asked.json)
            return Answered({"ok": True}, self.takes_answers)
        if self.refuses is not None:
            return self.refuses
        if asked.path.startswith("/chat."):
            told = self.posted if asked.path == "/chat.postMessage" else self.updated
            told.append(asked.json)
            return Answered({"ok": True, "channel": asked.json["channel"], "ts": f"1.{len(told)}"})
        user = self.people.get(asked.query["user"][0])
        return Answered({"ok": True, "user": user} if user else {"ok": False, "error": "user_not_found"})


@contextmanager
def slack_site() -> Iterator[SlackSite]:
    """The workspace, while the block runs."""
    site = SlackSite()
    with scripted(site.answer) as server:
        site.server = server
        yield site
