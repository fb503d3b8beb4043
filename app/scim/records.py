"""What can be done with users and groups alike: create, read, replace, patch, remove and search."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from scim2_models import (
    Context,
    InvalidSyntaxException,
    ListResponse,
    NotFoundException,
    PatchOp,
    Resource,
    ResponseParameters,
    SearchRequest,
)
from starlette.responses import Response

from app.scim.answers import answer
from app.scim.asked import Asked, etag
from app.scim.filters import Make, query_of
from app.scim.resources import DEFAULT_RESULTS, MOST_RESULTS, POLICY, PROVIDER
from documents.scim_access import Change
from documents.scim_record import ScimRecord
from documents.transaction import Transaction
from domain.errors import NotFound
from resolvers.provisioning import audit_access, tell_access

# Assigned here; Okta sends them along when it renames a group.
ASSIGNED = {"id", "meta", "schemas"}
Edit = Callable[[Any], Any]


class Records(ABC):
    """One resource type. `model` is its form on the wire, `document` how it is stored, `name` that of its endpoint."""

    name: ClassVar[str]
    noun: ClassVar[str]
    model: ClassVar[type[Resource[Any]]]
    document: ClassVar[type[ScimRecord]]
    known: ClassVar[Mapping[str, Make]]

    @abstractmethod
    async def shown(self, asked: Asked, records: Sequence[Any]) -> list[Any]:
        """The records in their form on the wire."""

    @abstractmethod
    async def begin(self, asked: Asked, sent: Any, tx: Transaction) -> tuple[ScimRecord, list[Change]]:
        """Store a new record; returns it and what that changed in who may do what."""

    @abstractmethod
    async def change(self, asked: Asked, record: Any, sent: Any, tx: Transaction) -> list[Change]:
        """Store what the record has become; returns what that changed in who may do what."""

    @abstractmethod
    async def end(self, asked: Asked, record: Any, tx: Transaction) -> list[Change]:
        """Remove the record; returns what that changed in who may do what."""

    def carry(self, wanted: Any, present: Any) -> None:  # noqa: B027 - most lose nothing
        """Hand on to what replaces a record whatever may not be lost by leaving it out."""

    @abstractmethod
    def audited(self, record: Any) -> dict[str, Any]:
        """What the audit log keeps a digest of."""

    async def create(self, asked: Asked) -> Response:
        """POST to the endpoint: 201 with the new record."""
        sent = self.model.model_validate(
            await asked.body(), scim_ctx=Context.RESOURCE_CREATION_REQUEST, scim_provider=PROVIDER
        )

        async def change(tx: Transaction) -> tuple[ScimRecord, list[Change]]:
            record, changes = await self.begin(asked, sent, tx)
            tx.audit(asked.org_id, target=self._target(record.id), after=self.audited(record))
            audit_access(tx, asked.org_id, changes)
            return record, changes

        record, changes = await asked.commit(f"{self.noun}.create", self._target(""), change)
        await tell_access(asked.ports, changes)
        return await self._answer(asked, record, Context.RESOURCE_CREATION_RESPONSE, 201)

    async def read(self, asked: Asked) -> Response:
        """GET of one record: 304 when the caller has this version."""
        record = await self._get(asked)
        if asked.is_known(record):
            return answer(None, 304, {"etag": etag(record)})
        return await self._answer(asked, record, Context.RESOURCE_QUERY_RESPONSE)

    async def replace(self, asked: Asked) -> Response:
        """PUT: the record becomes what is sent."""
        sent = self.model.model_validate(
            await asked.body(), scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST, scim_provider=PROVIDER
        )

        def edit(present: Any) -> Any:
            wanted = sent.model_copy(deep=True)
            wanted.replace(present)
            self.carry(wanted, present)
            return wanted

        record = await self._edit(asked, "replace", edit)
        return await self._answer(asked, record, Context.RESOURCE_REPLACEMENT_RESPONSE)

    async def patch(self, asked: Asked) -> Response:
        """PATCH: 200 with the record as it has become."""
        kind: Any = PatchOp.__class_getitem__(self.model)
        sent = kind.model_validate(
            _without_assigned(await asked.body()), scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_provider=PROVIDER
        )

        def edit(present: Any) -> Any:
            sent.patch(present, scim_policy=POLICY)
            return present

        record = await self._edit(asked, "patch", edit)
        return await self._answer(asked, record, Context.RESOURCE_PATCH_RESPONSE)

    async def remove(self, asked: Asked) -> Response:
        """DELETE: 204."""

        async def change(tx: Transaction) -> list[Change]:
            record = await self._get(asked, tx)
            asked.require_match(record)
            changes = await self.end(asked, record, tx)
            tx.audit(asked.org_id, target=self._target(record.id), before=self.audited(record))
            audit_access(tx, asked.org_id, changes)
            return changes

        await tell_access(asked.ports, await asked.commit(f"{self.noun}.delete", self._target(asked.id), change))
        return answer(None, 204)

    async def search(self, asked: Asked) -> Response:
        """GET of the endpoint: a page of records."""
        return await self._page(asked, dict(asked.request.query_params))

    async def search_posted(self, asked: Asked) -> Response:
        """POST to /.search: the same, with the parameters in the body."""
        return await self._page(asked, await asked.body())

    async def _page(self, asked: Asked, parameters: dict[str, Any]) -> Response:
        kind: Any = SearchRequest.__class_getitem__(self.model)
        wanted = kind.model_validate(parameters, scim_provider=PROVIDER)
        first = wanted.start_index or 1
        count = DEFAULT_RESULTS if wanted.count is None else min(wanted.count, MOST_RESULTS)
        query = query_of(wanted.filter, self.known)
        total, records = await self.document.matching(asked.scope, query, skip=first - 1, limit=count)
        listed: Any = ListResponse.__class_getitem__(self.model)
        page = listed(
            total_results=total,
            start_index=first,
            items_per_page=len(records),
            resources=await self.shown(asked, records),
        )
        return answer(
            page.model_dump(scim_ctx=Context.SEARCH_RESPONSE, response_parameters=wanted, scim_provider=PROVIDER)
        )

    async def _edit(self, asked: Asked, verb: str, edit: Edit) -> ScimRecord:
        async def change(tx: Transaction) -> tuple[ScimRecord, list[Change]]:
            record = await self._get(asked, tx)
            asked.require_match(record)
            before = self.audited(record)
            (present,) = await self.shown(asked, [record])
            changes = await self.change(asked, record, edit(present), tx)
            tx.audit(asked.org_id, target=self._target(record.id), before=before, after=self.audited(record))
            audit_access(tx, asked.org_id, changes)
            return record, changes

        record, changes = await asked.commit(f"{self.noun}.{verb}", self._target(asked.id), change)
        await tell_access(asked.ports, changes)
        return record

    async def _get(self, asked: Asked, tx: Transaction | None = None) -> Any:
        try:
            return await self.document.get_in(asked.scope, asked.id, session=tx.session if tx else None)
        except NotFound as error:
            raise NotFoundException(detail=error.message) from error

    async def _answer(self, asked: Asked, record: ScimRecord, context: Context, status: int = 200) -> Response:
        kind: Any = ResponseParameters.__class_getitem__(self.model)
        wanted = kind.model_validate(asked.parameters, scim_provider=PROVIDER)
        (one,) = await self.shown(asked, [record])
        body = one.model_dump(scim_ctx=context, response_parameters=wanted, scim_provider=PROVIDER)
        headers = {"etag": etag(record), "location": self.location(asked, record.id)}
        return answer(body, status, headers)

    def location(self, asked: Asked, id: object) -> str:
        """The address of a record."""
        return f"{asked.base}/{self.name}/{id}"

    def meta(self, asked: Asked, record: ScimRecord) -> dict[str, Any]:
        """What every record says of itself."""
        return {
            "resourceType": str(self.model.__schema__).rpartition(":")[2],
            "created": record.created_at,
            "lastModified": record.updated_at,
            "location": self.location(asked, record.id),
            "version": etag(record),
        }

    def _target(self, id: object) -> str:
        return f"{self.noun}:{id}"


def _without_assigned(body: dict[str, Any]) -> dict[str, Any]:
    operations = body.get("Operations")
    if not isinstance(operations, list):
        raise InvalidSyntaxException(detail="Send the list `Operations`.")
    return {**body, "Operations": [_operation(one) for one in operations]}


def _operation(one: Any) -> Any:
    if not isinstance(one, dict) or one.get("path") or not isinstance(one.get("value"), dict):
        return one
    return {**one, "value": {name: value for name, value in one["value"].items() if name not in ASSIGNED}}
