"""A directory that provisions an organization over SCIM, as Entra ID or Okta do."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import orjson

import documents
from app.wiring import Backend
from tests.factories.machine import Machine, make_machine
from tests.factories.tenant import Tenant, make_tenant

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


@dataclass(frozen=True)
class Directory:
    """`admin` is the administrator who set it up, `machine` the service account it comes with."""

    admin: Tenant
    machine: Machine
    http: httpx2.AsyncClient

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        content = None if body is None else orjson.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.request(
            method, path, content=content, headers={"content-type": "application/scim+json", **named}
        )

    async def add_user(self, address: str | None = None, **fields: Any) -> dict[str, Any]:
        name = address or f"p{secrets.token_hex(4)}@example.com"
        body = {"schemas": [USER], "userName": name, "emails": [{"value": name, "primary": True}], **fields}
        answer = await self.ask("POST", "/Users", body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def add_group(self, name: str, *members: str, **fields: Any) -> dict[str, Any]:
        body = {"schemas": [GROUP], "displayName": name, "members": [{"value": one} for one in members], **fields}
        answer = await self.ask("POST", "/Groups", body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> httpx2.Response:
        return await self.ask("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, **headers)

    async def held(self, address: str) -> tuple[str, Any] | None:
        """(role, custom role) that the person holds in the organization, None when they are no member."""
        user = await documents.User.get_pymongo_collection().find_one({"email": address})
        assert user is not None
        query = {"user_id": user["_id"], "org_id": self.admin.organization.id}
        raw = await documents.Membership.get_pymongo_collection().find_one(query)
        return None if raw is None else (raw["role"], raw["custom_role_id"])


@asynccontextmanager
async def directory_of(backend: Backend, address: str, admin: Tenant | None = None) -> AsyncIterator[Directory]:
    """A directory of the tenant, or of a fresh one."""
    owner = admin or await make_tenant(backend)
    machine = await make_machine(owner, "scim:provision", name=f"directory {secrets.token_hex(4)}")
    headers = {"authorization": f"Bearer {machine.token}"}
    async with httpx2.AsyncClient(base_url=f"{address}/scim/v2", headers=headers, timeout=30) as http:
        yield Directory(owner, machine, http)
