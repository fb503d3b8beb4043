"""What answers the operations of Okta."""

PRISM = "Prism on okta.json"
SCRIPTED = "scripted server"
# The description lacks these two.
UNDESCRIBED = ("GET /api/v1/logStreams", "GET /api/v1/device-assurances")
PEERS = {
    "GET /api/v1/org": PRISM,
    "GET /api/v1/users": PRISM,
    "GET /api/v1/users/{id}": PRISM,
    "GET /api/v1/users/{userId}/factors": PRISM,
    "GET /api/v1/users/{userId}/roles": PRISM,
    "GET /api/v1/groups": PRISM,
    "GET /api/v1/iam/assignees/users": PRISM,
    "GET /api/v1/policies": PRISM,
    "GET /api/v1/policies/{policyId}/rules": PRISM,
    "GET /api/v1/authenticators": PRISM,
    "GET /api/v1/apps": PRISM,
    "GET /api/v1/apps/{appId}/users": PRISM,
    "GET /api/v1/api-tokens": PRISM,
    "GET /api/v1/behaviors": PRISM,
    "GET /api/v1/threats/configuration": PRISM,
    "GET /api/v1/logs": PRISM,
    "GET /api/v1/logs?filter": PRISM,
    "GET /api/v1/logStreams": SCRIPTED,
    "GET /api/v1/device-assurances": SCRIPTED,
}
NOT_EXERCISED: dict[str, str] = {}
