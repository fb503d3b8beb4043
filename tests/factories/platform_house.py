"""An organization that uses the application, whose own records are then judged by the job that judges everybody's."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

import documents
from app.wiring import Backend
from documents import Role
from documents.base import utc_now
from documents.check import Check
from domain.facts.compliance import Integration, Verdict
from jobs.tasks.judge_controls import judge_asked
from schema.node import global_id
from tests.factories.graph import Graph
from tests.factories.synthetic_account import context_of
from tests.factories.tenant import Tenant, add_member, make_tenant

PASS, WARNING, FAIL = Verdict.PASS, Verdict.WARNING, Verdict.FAIL


@dataclass
class House:
    """`tenant` is an administrator of it, `other` a second one."""

    backend: Backend
    graph: Graph
    tenant: Tenant
    other: Tenant

    @property
    def org_id(self) -> Any:
        return self.tenant.organization.id

    def job(self, at: datetime | None = None) -> dict[str, Any]:
        """What a job is handed at that time, now unless another is given."""
        return {"context": context_of(self.backend, **({} if at is None else {"now": lambda: at}))}

    async def do(self, verb: str, shown: str, who: Tenant | None = None, **input: Any) -> dict[str, Any]:
        """What a mutation answers: `shown` are the fields of its success. Fails where the application refuses."""
        field, name = f"{verb[0].lower()}{verb[1:]}", f"{verb}Success"
        text = f"""mutation($input: {verb}Input!) {{ done: {field}(input: $input) {{ __typename
          ... on {name} {{ {shown} }} ... on UserError {{ message path }} }} }}"""
        done: dict[str, Any] = (await self.graph.ask(text, (who or self.tenant).token, input=input))["done"]
        assert done["__typename"] == name, done
        return done

    async def member(self, who: Tenant | None = None) -> str:
        """The global id of somebody's membership."""
        raw = await documents.Membership.rows().find_one({"user_id": (who or self.tenant).user.id})
        assert raw is not None
        return global_id("Member", raw["_id"])

    async def people(self, count: int) -> list[Tenant]:
        """So many more members."""
        return [await add_member(self.backend, self.tenant.organization, Role.USER) for _ in range(count)]

    async def check(self, control_id: str, *, at: datetime | None = None) -> Check:
        """What the judging job comes to when somebody asks for the control, at that time."""
        asked = {"org_id": self.tenant.org_id, "control_ids": [control_id], "account_id": None}
        await judge_asked(self.job(at), request_id=uuid4().hex, **asked)
        query = {"org_id": self.org_id, "control_id": control_id, "integration": Integration.PLATFORM.value}
        (raw,) = await documents.Check.rows().find(query).to_list()
        return Check.stored(raw)


Make = Callable[[House], Awaitable[str]]


class Recorded(NamedTuple):
    """`make` has the records made and returns what they are about; `after` that time the control must say `verdict` of
    it, because of what it has `seen`.
    """

    control: str
    verdict: Verdict
    make: Make
    seen: str
    after: timedelta = timedelta()


async def open_house(backend: Backend, graph: Graph) -> House:
    """A fresh organization of two administrators."""
    tenant = await make_tenant(backend)
    return House(backend, graph, tenant, await add_member(backend, tenant.organization, Role.ADMIN))


def said(check: Check) -> list[tuple[str, Verdict, str]]:
    """What is said of each thing, with what was seen of it."""
    return [(item.resource, item.verdict, item.observed) for item in check.items]


def told(at: datetime) -> str:
    """A time as the graph takes it."""
    return at.isoformat()


def ago(**units: float) -> str:
    """A time in the past, as the graph takes it."""
    return told(utc_now() - timedelta(**units))
