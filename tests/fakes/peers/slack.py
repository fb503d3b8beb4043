"""What answers the operations of Slack."""

PRISM = "Prism on slack.json"
PEERS = {
    "auth.test": PRISM,
    "team.info": PRISM,
    "users.list": PRISM,
    "conversations.list": PRISM,
    "conversations.info": "scripted server",
    "team.integrationLogs": "scripted server",
}
NOT_EXERCISED: dict[str, str] = {}
