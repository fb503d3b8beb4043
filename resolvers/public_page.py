"""Public pages that are declared, so that they are fetched and judged."""

from typing import Annotated, Any

import strawberry

import documents
from auth.permission import Permission
from documents.public_page import NEVER_FETCHED
from domain.endpoint import check_endpoint
from domain.errors import Invalid
from resolvers.context import Info
from resolvers.entry import AS_MADE, Fields, recorded
from resolvers.fields import mutation, query
from resolvers.governing import within
from resolvers.routing import WHAT
from schema.arguments import InOrganization
from schema.connection import DEFAULT_FIRST, After, Connection, First
from schema.public_page import PublicPage, RecordPublicPageInput, RecordPublicPagePayload

URL = ("input", "url")


@strawberry.type
class PublicPageQueries:
    @query(
        Connection[PublicPage],
        may=Permission.COMPLIANCE_READ,
        description="Public pages that are declared, the oldest entry first.",
    )
    async def public_pages(
        self, info: Info, organization_id: InOrganization = None, first: First = DEFAULT_FIRST, after: After = None
    ) -> Any:
        scope, pager = within(info.context.scope, organization_id), info.context.ports.pager
        return await pager.page(info, documents.PublicPage, scope, {}, AS_MADE, first=first, after=after)


@strawberry.type
class PublicPageMutations:
    @mutation(
        RecordPublicPagePayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="public_page.record",
        description="Declare a public page, or say that you have read it or which text of it is approved. It is "
        "fetched within ten minutes and twice a day from then on, and CW-GOV-05 and CW-PRV-01 judge what it answers.",
    )
    async def record_public_page(
        self, info: Info, input: Annotated[RecordPublicPageInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        url = _checked(input.url, info.context.ports.allow_private_endpoints)

        def settle(before: documents.PublicPage | None) -> Fields:
            is_same = before is not None and (before.url, before.purpose) == (url, input.purpose)
            reviewed = before.last_reviewed_at if before is not None and is_same else None
            now = info.context.now()
            anew = {} if is_same else {**NEVER_FETCHED, "due_at": now}
            return {"last_reviewed_at": now if input.has_reviewed else reviewed, **anew}

        fields = {"url": url, "purpose": input.purpose.value, "approved_sha256": input.approved_sha256}
        return await recorded(info, documents.PublicPage, input, fields, ["CW-GOV-05", "CW-PRV-01"], settle)


def _checked(url: str, allow_private: bool) -> str:
    """The address as it is fetched. Raises Invalid."""
    try:
        checked = check_endpoint(url, allow_private)
    except Invalid as error:
        raise Invalid(error.message, path=URL) from error
    if not checked.startswith("https://"):
        raise Invalid("The page must be an https:// address: customers are owed TLS.", path=URL)
    return checked
