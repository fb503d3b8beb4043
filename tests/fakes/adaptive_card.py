"""What Microsoft says a card in a message of a workflow looks like, as far as we use it.

Written from the pages "Adaptive Card schema" (1.2 for text runs, 1.4 for the card) and "Create incoming webhooks with
Workflows for Microsoft Teams". Nothing that is not named here passes.
"""

from typing import Any

OPEN_URL = {
    "type": "object",
    "required": ["type", "url"],
    "additionalProperties": False,
    "properties": {
        "type": {"const": "Action.OpenUrl"},
        "url": {"type": "string", "pattern": "^https://"},
        "title": {"type": "string"},
    },
}
TEXT_RUN = {
    "type": "object",
    "required": ["type", "text"],
    "additionalProperties": False,
    "properties": {
        "type": {"const": "TextRun"},
        "text": {"type": "string"},
        "color": {"enum": ["default", "dark", "light", "accent", "good", "warning", "attention"]},
        "size": {"enum": ["default", "small", "medium", "large", "extraLarge"]},
        "weight": {"enum": ["default", "lighter", "bolder"]},
        "isSubtle": {"type": "boolean"},
        "selectAction": OPEN_URL,
    },
}
RICH_TEXT = {
    "type": "object",
    "required": ["type", "inlines"],
    "additionalProperties": False,
    "properties": {
        "type": {"const": "RichTextBlock"},
        "inlines": {"type": "array", "minItems": 1, "items": TEXT_RUN},
    },
}
CARD = {
    "type": "object",
    "required": ["$schema", "type", "version", "body"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"const": "http://adaptivecards.io/schemas/adaptive-card.json"},
        "type": {"const": "AdaptiveCard"},
        "version": {"const": "1.4"},
        "fallbackText": {"type": "string"},
        "body": {"type": "array", "minItems": 1, "items": RICH_TEXT},
        "actions": {"type": "array", "maxItems": 6, "items": OPEN_URL},
    },
}
MESSAGE: dict[str, Any] = {
    "type": "object",
    "required": ["type", "attachments"],
    "additionalProperties": False,
    "properties": {
        "type": {"const": "message"},
        "attachments": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": {
                "type": "object",
                "required": ["contentType", "content"],
                "additionalProperties": False,
                "properties": {
                    "contentType": {"const": "application/vnd.microsoft.card.adaptive"},
                    "contentUrl": {"type": "null"},
                    "content": CARD,
                },
            },
        },
    },
}
