"""Which actions of IAM the credentials in use lack, as IAM itself simulates it."""

import re
from collections.abc import Sequence
from contextlib import aclosing
from datetime import UTC, datetime

from connectors.clouds.aws import fields
from connectors.reading.listing import Answer, Place
from connectors.reading.source import Source
from domain.errors import ProviderError

# Source: IAM API reference, SimulatePrincipalPolicy; its own permission is part of the setup for acting.
SIMULATE = fields.call("iam.simulate_principal_policy", "iam:SimulatePrincipalPolicy")
AT_ONCE = 50
ASSUMED = re.compile(r"^arn:(aws[a-z-]*):sts::(\d{12}):assumed-role/([^/]+)/.+$")


async def missing(source: Source, wanted: Sequence[str], _native_id: str) -> frozenset[str] | None:
    """Those of the actions that are denied; None when IAM does not tell.

    What hangs on conditions that only a real call has counts as allowed. A role with a path cannot be named by what
    AWS says of its session, so IAM tells nothing of it.
    """
    identity = await source.identity()
    principal = policy_source(identity.principal)
    if principal is None:
        return frozenset()
    place = Place(account_id=identity.native_id, region=None, now=datetime.now(UTC))
    denied: set[str] = set()
    for start in range(0, len(wanted), AT_ONCE):
        asked = {"PolicySourceArn": principal, "ActionNames": list(wanted[start : start + AT_ONCE])}
        try:
            async with aclosing(source.pages(SIMULATE, place, asked)) as pages:
                async for page in pages:
                    denied |= set(denied_in(page))
        except ProviderError:
            return None
    return frozenset(denied)


def policy_source(principal: str) -> str | None:
    """The user or role whose policies count; None for the root user, who may do everything."""
    if principal.endswith(":root"):
        return None
    assumed = ASSUMED.match(principal)
    return principal if assumed is None else f"arn:{assumed[1]}:iam::{assumed[2]}:role/{assumed[3]}"


def denied_in(page: Answer) -> list[str]:
    """The actions a page of the simulation denies outright."""
    return [
        str(one["EvalActionName"])
        for one in page.get("EvaluationResults") or []
        if one["EvalDecision"] != "allowed" and not one.get("MissingContextValues")
    ]
