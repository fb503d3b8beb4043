"""What each kind of channel is sent: within the vendor's limits, and nothing in a tenant's data becomes markup."""

import re
from typing import Any

import jsonschema
import orjson
import pytest

from connectors.channels.kinds import email, pagerduty, slack_bot, teams
from connectors.channels.registry import channels
from connectors.channels.slack import blocks, escape, fallback
from connectors.channels.text import cut, escaped, one_line
from connectors.channels.wording import heading
from connectors.rest.paging import Reply
from domain.errors import CredentialsRejected, PermissionMissing, ProviderError, Rejected, Throttled, Unavailable
from domain.facts.channel import ChannelKind
from domain.facts.notice import NoticeKind, NoticeLine
from domain.facts.severity import Severity
from jobs.chat_act import hours_of
from tests.factories.notices import make_message, make_notice
from tests.fakes.adaptive_card import MESSAGE

EVIL = "<!channel> <@U1> <https://evil.example|click> & *bold* **b** [a](https://evil.example) <b>x</b>"
HUGE = make_notice(
    title="t" * 50_000,
    message="<&>" * 50_000,
    organization="o" * 50_000,
    lines=tuple(
        NoticeLine(label="l" * 5000, text="ü" * 5000, link="https://a.example/" + "x" * 5000) for _ in range(400)
    ),
)


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [found for one in value.values() for found in strings(one)]
    if isinstance(value, list):
        return [found for one in value for found in strings(one)]
    return [value] if isinstance(value, str) else []


def test_every_kind_has_a_sender_with_its_own_settings_and_rate() -> None:
    assert channels().keys() == set(ChannelKind)
    for kind in channels().values():
        assert kind.limit.rate == kind.per_minute / 60
        assert kind.limit.attempts == 1


def test_a_cut_text_ends_in_an_ellipsis_and_a_short_one_is_left_alone() -> None:
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdefg", 6) == "abcde…"
    assert cut("abcd efg", 6) == "abcd…"


def test_an_escape_is_never_cut_in_two() -> None:
    found = escaped("&" * 100, 23, escape)

    assert len(found) <= 23
    assert re.fullmatch("(&amp;)+…", found)


def test_a_heading_says_what_happened_and_how_bad_it_is_in_one_line() -> None:
    assert heading(make_notice(title="Trail\nstopped")) == "[CRITICAL] Trail stopped"
    assert heading(make_notice(NoticeKind.RESOLVED)) == "[Resolved, CRITICAL] Trail is stopped: cedar-eu-audit"
    assert heading(make_notice(NoticeKind.EVENT, severity=None)) == "Trail is stopped: cedar-eu-audit"
    assert one_line("a\r\n\tb\x00c") == "a b c"


def test_slack_gets_header_text_fields_and_buttons_with_the_signed_values() -> None:
    made = blocks(make_message())

    assert [block["type"] for block in made] == ["header", "section", "section", "actions", "context"]
    assert made[0]["text"]["text"] == "[CRITICAL] Trail is stopped: cedar-eu-audit"
    assert made[2]["fields"] == [{"type": "mrkdwn", "text": "*Account*\nproduction", "verbatim": True}]
    buttons = made[3]["elements"]
    assert [(one["action_id"], one.get("value")) for one in buttons] == [
        ("acknowledge", "sealed-a"),
        ("snooze", "sealed-s"),
        ("snooze_4h", "sealed-s"),
        ("snooze_1d", "sealed-s"),
        ("open", None),
    ]
    assert [one["text"]["text"] for one in buttons[1:4]] == ["Snooze 1 hour", "Snooze 4 hours", "Snooze 1 day"]
    assert [hours_of(one["action_id"]) for one in buttons[1:4]] == [1, 4, 24]
    assert buttons[4]["url"] == "https://cloud.example.com/alerts/1"


def test_slack_offers_approval_where_the_notice_has_it_and_nothing_where_it_has_nothing() -> None:
    both = {"approve": "sealed-p", "decline": "sealed-d"}
    approvable = blocks(make_message(make_notice(actions=both, link=None)))
    plain = blocks(make_message(make_notice(actions={}, link=None, lines=(), message="")))

    approve, decline = approvable[3]["elements"]
    assert [(one["action_id"], one["value"]) for one in (approve, decline)] == [
        ("approve", "sealed-p"),
        ("decline", "sealed-d"),
    ]
    # Source: "Reference: composition objects", confirmation dialog.
    limits = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
    assert {name: len(approve["confirm"][name]["text"]) <= most for name, most in limits.items()} == dict.fromkeys(
        limits, True
    )
    assert "confirm" not in decline
    assert [block["type"] for block in plain] == ["header", "context"]


def test_slack_offers_everything_at_once_within_the_limits_of_buttons() -> None:
    actions = {"acknowledge": "a" * 2000, "snooze": "s" * 2000, "approve": "p" * 2000}
    whole = blocks(make_message(make_notice(actions=actions)))[3]["elements"]
    too_long = blocks(make_message(make_notice(actions={**actions, "approve": "p" * 2001})))[3]["elements"]

    ids = [one["action_id"] for one in whole]
    assert ids == ["acknowledge", "snooze", "snooze_4h", "snooze_1d", "approve", "open"]
    # Source: "Reference: block elements", button, and "Reference: blocks", actions.
    assert len(set(ids)) == len(ids) <= 25
    assert max(len(one["text"]["text"]) for one in whole) <= 75
    assert max(len(one.get("value", "")) for one in whole) <= 2000
    assert [one["action_id"] for one in too_long] == ["acknowledge", "snooze", "snooze_4h", "snooze_1d", "open"]


def test_slack_mentions_links_and_entities_are_only_text() -> None:
    line = NoticeLine(label=EVIL, text=EVIL, link="https://cloud.example.com/a|b>c")
    message = make_message(make_notice(title=EVIL, message=EVIL, organization=EVIL, lines=(line,)))

    markup = [
        one["text"] for block in blocks(message)[1:] for one in [block.get("text"), *block.get("fields", [])] if one
    ]
    for text in [*markup, fallback(message)]:
        without_ours = text.replace("<https://cloud.example.com/a%7Cb%3Ec|", "").removesuffix(">")
        assert "<" not in without_ours
        assert ">" not in without_ours


def test_slack_messages_of_any_size_keep_to_the_limits() -> None:
    made = blocks(make_message(HUGE))

    assert len(made) <= 50
    for block in made:
        if block["type"] == "header":
            assert len(block["text"]["text"]) <= 150
        if block["type"] == "section" and "text" in block:
            assert len(block["text"]["text"]) <= 3000
        assert all(len(field["text"]) <= 2000 for field in block.get("fields", []))
        assert len(block.get("fields", [])) <= 10
        for button in block.get("elements", []):
            assert len(button.get("url", "")) <= 3000
    assert len(fallback(make_message(HUGE))) <= 40_000


@pytest.mark.parametrize(
    "message", [make_message(), make_message(HUGE), make_message(make_notice(severity=None, link=None))]
)
def test_a_card_is_as_microsoft_describes_it_and_below_28_kb(message: Any) -> None:
    made = teams.payload(message)

    jsonschema.Draft202012Validator(MESSAGE).validate(made)
    assert len(orjson.dumps(made)) <= 28 * 1024


def test_the_card_schema_refuses_what_teams_would_not_show() -> None:
    made = teams.payload(make_message())
    made["attachments"][0]["content"]["body"].append({"type": "TextBlock", "text": "**markdown**"})

    assert not jsonschema.Draft202012Validator(MESSAGE).is_valid(made)


def test_a_card_has_the_tenants_words_as_runs_which_know_no_markdown() -> None:
    made = teams.payload(make_message(make_notice(message=EVIL)))

    blocks_of_card = made["attachments"][0]["content"]["body"]
    assert {one["type"] for one in blocks_of_card} == {"RichTextBlock"}
    assert EVIL in strings(blocks_of_card)


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        (NoticeKind.RAISED, "trigger"),
        (NoticeKind.REPEATED, "trigger"),
        (NoticeKind.ESCALATED, "trigger"),
        (NoticeKind.ACKNOWLEDGED, "acknowledge"),
        (NoticeKind.SNOOZED, "acknowledge"),
        (NoticeKind.RESOLVED, "resolve"),
        (NoticeKind.APPROVAL, "trigger"),
        (NoticeKind.DECIDED, "resolve"),
    ],
)
def test_pagerduty_follows_the_life_of_the_alert_under_one_key(kind: NoticeKind, action: str) -> None:
    made = pagerduty.event(make_message(make_notice(kind)), "k" * 32)

    assert made["event_action"] == action
    assert made["dedup_key"] == "alert:66b0f1c2d3e4f5a6b7c8d9e0"


def test_pagerduty_is_told_severities_in_its_own_words() -> None:
    def told(severity: Severity | None) -> str:
        return str(pagerduty.event(make_message(make_notice(severity=severity)), "k" * 32)["payload"]["severity"])

    assert [told(one) for one in Severity] == ["critical", "error", "warning", "info", "info"]
    assert told(None) == "info"


def test_a_pagerduty_event_of_any_size_keeps_to_the_limits() -> None:
    made = pagerduty.event(make_message(HUGE.model_copy(update={"subject": "s" * 300})), "k" * 32)

    assert len(made["payload"]["summary"]) <= 1024
    assert len(made["dedup_key"]) <= 255
    assert len(orjson.dumps(made)) <= 512 * 1024


def test_a_mail_has_the_tenants_words_escaped_in_html_and_no_lines_of_theirs_in_headers() -> None:
    line = NoticeLine(label="a", text=EVIL, link="https://cloud.example.com/1")
    letter = email.letter(make_message(make_notice(title="a\r\nBcc: x@example.com", message=EVIL, lines=(line,))))

    assert letter.subject == "[CRITICAL] a Bcc: x@example.com"
    assert "<b>x</b>" in letter.text
    assert "<b>x</b>" not in letter.html
    assert "&lt;b&gt;x&lt;/b&gt;" in letter.html
    assert "(https://cloud.example.com/1)" in letter.text


def test_a_mail_of_any_size_is_bounded_and_one_without_a_link_has_no_button() -> None:
    huge = email.letter(make_message(HUGE))
    plain = email.letter(make_message(make_notice(link=None), text="Our own words.\nIn two lines."))

    assert len(huge.subject) <= 150
    assert len(huge.text) < 400_000
    assert "<a href" not in plain.html
    assert "Our own words.\n\nIn two lines.\n\nAccount: production" in plain.text


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("ratelimited", Throttled),
        ("internal_error", Unavailable),
        ("invalid_auth", CredentialsRejected),
        ("account_inactive", CredentialsRejected),
        ("token_revoked", CredentialsRejected),
        ("missing_scope", PermissionMissing),
        ("channel_not_found", Rejected),
        ("is_archived", Rejected),
        ("something_new", Rejected),
    ],
)
def test_each_error_of_slack_has_its_meaning(code: str, meaning: type[ProviderError]) -> None:
    found = slack_bot.meaning(Reply(status=200, headers={}, body={"ok": False, "error": code}), "Slack")

    assert type(found) is meaning
    assert code in str(found)


def test_an_answer_of_slack_that_is_none_is_refused_and_a_good_one_is_not() -> None:
    assert isinstance(slack_bot.meaning(Reply(status=200, headers={}, body="<html>"), "Slack"), Rejected)
    assert isinstance(slack_bot.meaning(Reply(status=503, headers={}, body=None), "Slack"), Unavailable)
    assert slack_bot.meaning(Reply(status=200, headers={}, body={"ok": True}), "Slack") is None
