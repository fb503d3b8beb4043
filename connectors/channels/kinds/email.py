"""Mail to the addresses of a channel, one mail for all of them; what is about the same thing stands in one thread."""

from datetime import timedelta
from urllib.parse import urlsplit

from connectors.channels.channel import Channel, Message, Outlet, Sent
from connectors.channels.letter import Letter, write_letter
from connectors.channels.mail import Mail
from connectors.channels.text import cut, one_line, paragraphs
from connectors.channels.wording import body, heading
from domain.facts.channel import ChannelKind
from domain.facts.channel_settings import EmailSettings

# RFC 5322, 2.1.1: a line has 998 characters at most; mailboxes show far fewer of a subject.
SUBJECT, TEXT, LINE, LINES = 150, 20_000, 1000, 300
LETTER = "notice"


async def send(message: Message, settings: EmailSettings, outlet: Outlet) -> Sent:
    """Hand the mail in. It is sent once some address was taken; those refused for good are told in the answer."""
    message_id = f"<{message.key}@{urlsplit(outlet.public_url).hostname}>"
    first, *others = settings.addresses
    mail = Mail(
        to=first, letter=letter(message), message_id=message_id, others=tuple(others), replies_to=message.reference
    )
    refused = await outlet.guard.call("Mail", "to take a mail", lambda: outlet.post.send(mail))
    answer = f"taken, but not for {', '.join(refused)}" if refused else "taken"
    return Sent(reference=message.reference or message_id, answer=answer)


def letter(message: Message) -> Letter:
    """What the mail says, as text and as HTML."""
    notice = message.notice
    labelled = [_line(line.label, line.text, line.link) for line in notice.lines[:LINES]]
    said = [cut(line, LINE) for line in paragraphs(cut(body(message), TEXT))]
    values = {
        "title": cut(heading(notice), SUBJECT),
        "summary": cut(one_line(notice.message), SUBJECT),
        "organization": cut(one_line(notice.organization), SUBJECT),
        "link": notice.link or "",
    }
    return write_letter(LETTER, values, lines=[*said, *labelled])


def _line(label: str, text: str, link: str | None) -> str:
    told = f"{one_line(label)}: {one_line(text)}"
    return cut(told, LINE) if link is None or len(link) > LINE else f"{cut(told, LINE)} ({one_line(link)})"


CHANNEL = Channel(
    kind=ChannelKind.EMAIL,
    name="E-mail",
    settings=EmailSettings,
    send=send,
    # Ours: relays of small senders count messages by the minute.
    per_minute=60,
    # A server that looks for viruses takes its time.
    within=timedelta(seconds=55),
)
