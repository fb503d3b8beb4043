"""What answers the operations of Jira."""

PRISM = "Prism on jira.json"
PEERS = {
    "GET /rest/api/3/myself": PRISM,
    "GET /rest/api/3/project/search": PRISM,
    "POST /rest/api/3/search/jql": PRISM,
    "GET /rest/api/3/issue/{issueIdOrKey}/changelog": "scripted server",
}
NOT_EXERCISED: dict[str, str] = {}
