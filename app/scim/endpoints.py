"""The SCIM service: its addresses, who may ask, and what it says of itself (RFC 7644 section 4)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from scim2_models import (
    ListResponse,
    Meta,
    NotFoundException,
    NotImplementedException,
    Resource,
    SCIMException,
)
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

from app.access import Access
from app.graphql.budget import CostBudget
from app.graphql.call import request_id_of
from app.http.client_address import bucket_of
from app.scim.answers import answer, refusal
from app.scim.asked import Asked
from app.scim.groups import Groups
from app.scim.records import Records
from app.scim.resources import CONFIG, PROVIDER
from app.scim.users import Users
from auth.api_key import is_key
from auth.permission import Permission
from auth.viewer import Viewer
from domain.errors import Forbidden, RateLimited, Unauthenticated

PATH = "/scim/v2"
# Points of the budget that the graph counts in too: what a page of a list costs there.
COST = 25

Handler = Callable[[Asked], Awaitable[Response]]


class MethodNotAllowed(SCIMException):
    status = 405


class Scim:
    """`public_url` is the address of the installation, under which records are named."""

    def __init__(self, access: Access, budget: CostBudget, public_url: str) -> None:
        self._access = access
        self._budget = budget
        self._base = public_url.rstrip("/") + PATH

    def routes(self) -> Mount:
        """Everything under /scim/v2; errors, those for unknown addresses included, are in the form of SCIM."""
        routes: list[BaseRoute] = []
        for records in (Users(), Groups()):
            routes += self._of(records)
        for name, found in self._about().items():
            routes.append(self._route(f"/{name}", {"GET": _all(found, is_list=name != "ServiceProviderConfig")}))
            routes.append(self._route(f"/{name}/{{id}}", {"GET": _one(found)}))
        routes.append(self._route("/.search", {"POST": _search_everything}))
        routes.append(self._route("/{rest:path}", {}))
        return Mount(PATH, routes=routes)

    def _of(self, records: Records) -> list[BaseRoute]:
        name = f"/{records.name}"
        one = {"GET": records.read, "PUT": records.replace, "PATCH": records.patch, "DELETE": records.remove}
        return [
            self._route(name, {"GET": records.search, "POST": records.create}),
            self._route(f"{name}/.search", {"POST": records.search_posted}),
            self._route(f"{name}/{{id}}", one),
        ]

    def _about(self) -> dict[str, list[Resource[Any]]]:
        """What the service says of itself, each with its address."""
        config, types = CONFIG.model_copy(deep=True), [one.model_copy(deep=True) for one in PROVIDER.resource_types]
        schemas = [one.model_copy(deep=True) for one in PROVIDER.schemas]
        config.meta = self._meta("ServiceProviderConfig", "ServiceProviderConfig")
        for type_ in types:
            type_.meta = self._meta("ResourceType", f"ResourceTypes/{type_.id}")
        for schema in schemas:
            schema.meta = self._meta("Schema", f"Schemas/{schema.id}")
        return {"ServiceProviderConfig": [config], "ResourceTypes": [*types], "Schemas": [*schemas]}

    def _meta(self, kind: str, path: str) -> Meta:
        return Meta(resource_type=kind, location=f"{self._base}/{path}")

    def _route(self, path: str, handlers: Mapping[str, Handler]) -> Route:
        return Route(path, _Endpoint(self, handlers))

    async def answered(self, request: Request, handlers: Mapping[str, Handler]) -> Response:
        """What the handler of the method says, or why not."""
        request_id = request_id_of(request.headers)
        try:
            viewer = await self._viewer(request)
            handler = handlers.get(request.method)
            if handler is None:
                raise _unanswered(request, handlers)
            asked = Asked(
                request=request,
                viewer=viewer,
                ports=self._access.ports,
                base=self._base,
                address=self._access.addresses.of(request.scope),
                request_id=request_id,
            )
            response = await handler(asked)
        except Exception as error:  # noqa: BLE001 - every error, bugs included, is answered in the form of SCIM
            response = refusal(error, request_id)
        response.headers["x-request-id"] = request_id
        return response

    async def _viewer(self, request: Request) -> Viewer:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not is_key(token.strip()):
            raise Unauthenticated("Send an API key of a service account as a bearer token.")
        address = self._access.addresses.of(request.scope)
        viewer = await self._access.viewer_of(token.strip(), address)
        if len(viewer.organizations_with(Permission.SCIM_PROVISION)) != 1:
            raise Forbidden("This key does not have the permission scim:provision.")
        if not (await self._budget.take(viewer.actor, COST, bucket_of(address))).allowed:
            raise RateLimited("Too many requests. Slow down.")
        self._access.note_use(viewer, address)
        return viewer


class _Endpoint:
    """An ASGI application, because the framework would answer for methods it does not know by itself."""

    def __init__(self, scim: Scim, handlers: Mapping[str, Handler]) -> None:
        self._scim = scim
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._scim.answered(Request(scope, receive), self._handlers)
        await response(scope, receive, send)


def _unanswered(request: Request, handlers: Mapping[str, Handler]) -> SCIMException:
    if not handlers:
        return NotFoundException(detail="There is nothing at this address.")
    return MethodNotAllowed(detail=f"{request.method} is not offered here: use {', '.join(handlers)}.")


def _all(found: list[Resource[Any]], *, is_list: bool) -> Handler:
    async def handler(asked: Asked) -> Response:
        if "filter" in asked.request.query_params:
            # RFC 7644 section 4: what a service says of itself cannot be filtered.
            raise Forbidden("This cannot be filtered.")
        if not is_list:
            return answer(found[0].model_dump())
        kind: Any = ListResponse.__class_getitem__(type(found[0]))
        page = kind(total_results=len(found), start_index=1, items_per_page=len(found), resources=found)
        return answer(page.model_dump())

    return handler


def _one(found: list[Resource[Any]]) -> Handler:
    async def handler(asked: Asked) -> Response:
        for resource in found:
            if resource.id is not None and resource.id.lower() == asked.id.lower():
                return answer(resource.model_dump())
        raise NotFoundException(detail="There is nothing at this address.")

    return handler


async def _search_everything(asked: Asked) -> Response:
    raise NotImplementedException(detail="Search users and groups one at a time: /Users/.search, /Groups/.search.")
