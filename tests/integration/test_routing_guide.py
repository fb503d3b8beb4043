"""What the guide about alerts and routing has one paste is taken, in its order."""

import json
import re
from typing import Any

import documents
from app.wiring import Backend
from documents.alert import AlertSource, Cause, raise_alert
from documents.base import utc_now
from domain.facts.severity import Severity
from schema.node import global_id
from tests.contract.sources import ROOT
from tests.factories.graph import Graph
from tests.factories.tenant import make_tenant
from tests.factories.told import make_channel

GUIDE = (ROOT / "docs/guides/alerts-and-routing.md").read_text()
PAIR = re.compile(r"^```graphql\n(.*?)^```\n\n^```json\n(.*?)^```", re.MULTILINE | re.DOTALL)


async def test_the_examples_of_the_guide_run_one_after_the_other(graph: Graph, backend: Backend) -> None:
    tenant = await make_tenant(backend)
    cause = Cause("trail", AlertSource.EVENT, Severity.HIGH, "Trail is stopped", "m")
    await backend.writer.commit(lambda tx: raise_alert(tx, tenant.organization.id, cause, utc_now()))
    (alert,) = await documents.Alert.list_in(tenant.scope, {})
    ids = {
        "ALERT_ID": global_id("Alert", alert.id),
        "OTHER_CHANNEL_ID": global_id("Channel", await make_channel(tenant, "chief")),
        "CHANNEL_ID": global_id("Channel", await make_channel(tenant, "on call")),
    }
    answers: list[dict[str, Any]] = []

    for operation, variables in PAIR.findall(GUIDE):
        for placeholder, id in ids.items():
            variables = variables.replace(f'"{placeholder}"', f'"{id}"')
        (answer,) = (await graph.ask(operation, tenant.token, **json.loads(variables))).values()
        answers.append(answer)
        ids |= {
            f"{noun.upper()}_ID": made["id"] for noun, made in answer.items() if isinstance(made, dict) and "id" in made
        }

    assert len(answers) == GUIDE.count("```graphql") == 9
    assert [answer for answer in answers if "message" in answer] == []
    assert answers[0]["alert"] == {
        "state": "OPEN",
        "occurrences": 1,
        "timesRaised": 1,
        "assigneeId": None,
        "isMuted": False,
        "mutedById": None,
    }
    comment, raised = answers[1]["nodes"]
    assert (comment["step"], comment["actor"]) == ("COMMENTED", f"user:{tenant.user.id}")
    assert comment["text"] == "Stopped for the move of the logs. Kim starts it again at noon."
    assert (raised["step"], raised["actor"]) == ("RAISED", None)
    preview = answers[5]
    assert [(one["name"], one["isMatch"]) for one in preview["rules"]] == [
        ("Morning paper", True),
        ("Night watch", False),
    ]
    assert preview["channels"][0]["until"].startswith("2026-12-25T07:30:00")
    assert answers[-1]["window"]["endedAt"] is not None
