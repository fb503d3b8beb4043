"""A Slack workspace that changes as it is told, and takes messages.

It takes only requests that Slack's description allows, and gives only answers that it has. What the description lacks
is in the shapes of Slack's reference.
"""

from typing import Any

from tests.fakes.described_cloud import DescribedCloud, on
from tests.fakes.scripted import Answered, Asked

TEAM, BOT = "T012AB3C4", "B19LU7CSY"
# What its own example of a person leaves out, although its description demands it.
LEFT_OUT = {"title": "", "phone": "", "skype": "", "fields": []}
# What Slack does not say of those who were removed.
NOT_OF_THE_REMOVED = (
    *("has_2fa", "is_admin", "is_owner", "is_primary_owner", "is_restricted", "is_ultra_restricted"),
    *("real_name", "tz", "tz_label", "tz_offset", "color"),
)
NEXT = {"next_cursor": "dXNlcjpVMEc5V0ZYTlo="}
# People are of the time in which Slack's description was written, unless they are said to have changed.
CHANGED = 1502138686


class SlackWorkspace(DescribedCloud):
    """`members` and `channels` are as Slack lists them, `logs` the changes of apps, `posted` the messages taken.

    `refuses` are errors by method, of the next call for those in `once`. Lists of methods that are `cut` break off
    after their first page. `untrue` are answers that the description does not have.
    """

    undescribed = frozenset({"GET /team.integrationLogs"})

    def __init__(self, *about: Any) -> None:
        super().__init__(*about)
        self.reset()

    def reset(self) -> None:
        """A workspace with nobody in it but Slack's own helper, an app, and somebody who was removed."""
        self.members: list[dict[str, Any]] = []
        self.channels: list[dict[str, Any]] = []
        self.logs: list[dict[str, Any]] = []
        self.posted: list[dict[str, Any]] = []
        self.refuses: dict[str, str] = {}
        self.once: set[str] = set()
        self.cut: set[str] = set()
        self.untrue: list[str] = []
        self.broken.clear()
        self.add_person("slackbot", id="USLACKBOT", without=("has_2fa",))
        self.add_person("app", is_bot=True, has_address=False, without=("has_2fa",))
        self.add_person("removed", deleted=True, without=NOT_OF_THE_REMOVED)

    def add_person(self, name: str, *, has_address: bool = True, without: tuple[str, ...] = (), **own: Any) -> str:
        """A member whose address, if any, is name@example.com. `without` are fields that Slack leaves out."""
        example = self._example("users.list")["members"][0]
        profile = {**example["profile"], **LEFT_OUT, "email": f"{name}@example.com"}
        if not has_address:
            del profile["email"]
        plain = {"id": f"U{len(self.members):08}", "name": name, "updated": CHANGED, "is_admin": False, "has_2fa": True}
        made = {**example, **plain, "profile": profile, **own}
        self.members.append({key: value for key, value in made.items() if key not in without})
        return str(made["id"])

    def add_channel(self, name: str, **own: Any) -> str:
        """A public channel that we were invited to."""
        example = self._example("conversations.list")["channels"][1]
        made = {**example, "id": f"C{len(self.channels):08}", "name": name, "name_normalized": name, **own}
        self.channels.append(made)
        return str(made["id"])

    def archive(self, channel: str) -> None:
        """Nobody is a member of it from then on."""
        (found,) = (one for one in self.channels if one["id"] == channel)
        found |= {"is_archived": True, "is_member": False, "num_members": 0}

    def refuse_once(self, method: str, error: str) -> None:
        """The next call of this method is refused."""
        self.refuses[method] = error
        self.once.add(method)

    def __call__(self, asked: Asked) -> Answered:
        answered = super().__call__(asked)
        if answered.body["ok"]:
            found = self.described.answer_problems(asked.method, asked.path, answered.status, answered.body)
            self.untrue += [f"{asked.method} {asked.path}: {one}" for one in found]
        return answered

    def refusal(self, message: str) -> Any:
        return {"ok": False, "error": message}

    def _answer(self, asked: Asked, body: Any) -> Any:
        method = asked.path.removeprefix("/")
        if method in self.refuses:
            error = self.refuses.pop(method) if method in self.once else self.refuses[method]
            return self.refusal(error)
        if method in self.cut and "cursor" in asked.query:
            return self.refusal("internal_error")
        answer = super()._answer(asked, body)
        return (
            {**answer, "response_metadata": {"next_cursor": "dXNlcjpVMEc5V0ZYTlo="}} if method in self.cut else answer
        )

    @on("GET /auth.test")
    def test(self, _: Asked) -> Any:
        return {**self._example("auth.test"), "team_id": TEAM}

    @on("GET /users.list")
    def list_users(self, _: Asked) -> Any:
        return {"ok": True, "members": self.members, "cache_ts": CHANGED}

    @on("GET /conversations.list")
    def list_channels(self, _: Asked) -> Any:
        return {"ok": True, "channels": self.channels, "response_metadata": {"next_cursor": ""}}

    @on("GET /conversations.info")
    def channel(self, asked: Asked) -> Any:
        (wanted,) = asked.query["channel"]
        found = next((one for one in self.channels if one["id"] == wanted), None)
        return {"ok": True, "channel": found} if found else self.refusal("channel_not_found")

    @on("GET /team.integrationLogs")
    def integration_logs(self, _: Asked) -> Any:
        paging = {"count": len(self.logs), "total": len(self.logs), "page": 1, "pages": 1}
        return {"ok": True, "logs": self.logs, "paging": paging}

    @on("POST /chat.postMessage")
    def post(self, asked: Asked) -> Any:
        """Into a channel by its id or its name, as Slack takes both."""
        wanted = asked.json["channel"]
        found = next((one for one in self.channels if wanted in (one["id"], f"#{one['name']}")), None)
        if found is None:
            return self.refusal("channel_not_found")
        if found["is_archived"]:
            return self.refusal("is_archived")
        self.posted.append(asked.json)
        ts = f"1503435956.{len(self.posted):06}"
        message = {"bot_id": BOT, "type": "message", "subtype": "bot_message", "text": asked.json["text"], "ts": ts}
        return {"ok": True, "channel": found["id"], "ts": ts, "message": message}

    def _example(self, method: str) -> Any:
        return self.described.answer("GET", f"/{method}")
