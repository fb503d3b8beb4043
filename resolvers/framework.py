"""Frameworks and their requirements; an organization's own are made, replaced and deleted."""

from typing import Annotated, Any

import strawberry
from bson import ObjectId

import documents
from auth.permission import Permission
from documents.compliance_settings import compliance_settings
from documents.framework import (
    add_framework,
    delete_framework,
    framework_of,
    own_framework,
    own_frameworks,
    replace_framework,
)
from documents.transaction import Transaction
from domain.compliance import framework as facts
from domain.compliance.framework_text import framework_of_csv, framework_of_rows, framework_of_toml
from domain.compliance.frameworks import all_frameworks, find_framework, known
from domain.compliance.registry import all_controls
from domain.compliance.score import Statuses, standing_of
from domain.facts.compliance import CheckStatus
from domain.facts.framework import Coverage
from domain.rules.registry import get_rule
from resolvers.context import Info
from resolvers.fields import mutation, query
from resolvers.routing import WHAT
from resolvers.standing import place_of
from schema.arguments import InAccount, InOrganization
from schema.directives import Cost
from schema.framework import (
    Answering,
    CreateFrameworkInput,
    CreateFrameworkPayload,
    DeleteFrameworkInput,
    DeleteFrameworkPayload,
    Framework,
    FrameworkContentInput,
    Requirement,
    UpdateFrameworkInput,
    UpdateFrameworkPayload,
)

Key = Annotated[str, strawberry.argument(description="Id of the framework, such as soc2_tsc_2017.")]
InGroup = Annotated[str | None, strawberry.argument(description="Under this heading only.")]
WithStatus = Annotated[
    list[CheckStatus] | None, strawberry.argument(description="Only those that stand like one of these.")
]


@strawberry.type
class FrameworkQueries:
    @query(
        list[Framework],
        may=Permission.COMPLIANCE_READ,
        directives=(Cost(list_size=10),),
        description="The frameworks that come with the product, then the organization's own.",
    )
    async def frameworks(self, info: Info, organization_id: InOrganization = None) -> Any:
        org_id = (await place_of(info.context, organization_id)).org_id
        adopted = (await compliance_settings(org_id)).adopted
        builtin = [shown(one, is_adopted=one.id in adopted) for one in all_frameworks()]
        return [*builtin, *(shown_own(one) for one in await own_frameworks(org_id))]

    @query(Framework, may=Permission.COMPLIANCE_READ, description="A framework by its id.")
    async def framework(self, info: Info, key: Key, organization_id: InOrganization = None) -> Any:
        org_id = (await place_of(info.context, organization_id)).org_id
        found = find_framework(key)
        if found is None:
            return shown_own(await own_framework(org_id, key))
        return shown(found, is_adopted=key in (await compliance_settings(org_id)).adopted)

    @query(
        list[Requirement],
        may=Permission.COMPLIANCE_READ,
        directives=(Cost(list_size=100),),
        description="The requirements of a framework in its order, and where each stands.",
    )
    async def requirements(
        self,
        info: Info,
        framework: Key,
        organization_id: InOrganization = None,
        account_id: InAccount = None,
        group: InGroup = None,
        statuses: WithStatus = None,
    ) -> Any:
        place = await place_of(info.context, organization_id, account_id)
        found = await framework_of(place.org_id, framework)
        said = await place.statuses(found.findings)
        rows = [_requirement(one, said) for one in found.requirements if group in (None, one.group)]
        return [row for row in rows if not statuses or row.status in statuses]


@strawberry.type
class FrameworkMutations:
    @mutation(
        CreateFrameworkPayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="framework.create",
        description="Make a framework of your own and map controls to it. A fault in a text is told with its line.",
    )
    async def create_framework(
        self, info: Info, input: Annotated[CreateFrameworkInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        org_id = ObjectId(info.context.organization(input.organization_id))
        content = _content(input.content)

        async def change(tx: Transaction) -> Framework:
            made = await add_framework(org_id, content, tx.session)
            tx.audit(org_id, target=f"framework:{made.key}", after=content.model_dump(mode="json"))
            return shown_own(made)

        return await info.context.ports.writer.commit(change)

    @mutation(
        UpdateFrameworkPayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="framework.update",
        description="Replace a framework of your own. A fault in a text is told with its line.",
    )
    async def update_framework(
        self, info: Info, input: Annotated[UpdateFrameworkInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        org_id = ObjectId(info.context.organization(input.organization_id))
        content = _content(input.content)

        async def change(tx: Transaction) -> Framework:
            current = await own_framework(org_id, input.key, tx.session)
            changed = await replace_framework(current, content, input.expected_version, tx.session)
            before, after = (one.content.model_dump(mode="json") for one in (current, changed))
            tx.audit(org_id, target=f"framework:{current.key}", before=before, after=after)
            return shown_own(changed)

        return await info.context.ports.writer.commit(change)

    @mutation(
        DeleteFrameworkPayload,
        may=Permission.COMPLIANCE_MANAGE,
        audit="framework.delete",
        description="Delete a framework of your own. Its milestones and the scores of the past stay.",
    )
    async def delete_framework(
        self, info: Info, input: Annotated[DeleteFrameworkInput, strawberry.argument(description=WHAT)]
    ) -> Any:
        org_id = ObjectId(info.context.organization(input.organization_id))

        async def change(tx: Transaction) -> str:
            current = await own_framework(org_id, input.key, tx.session)
            await delete_framework(current, input.expected_version, tx.session)
            before = current.content.model_dump(mode="json")
            tx.audit(org_id, target=f"framework:{current.key}", before=before)
            return current.key

        return await info.context.ports.writer.commit(change)


def shown(framework: facts.Framework, *, is_adopted: bool, own_version: int | None = None) -> Framework:
    """The framework as the graph tells it."""
    counts = framework.coverages({control.id for control in all_controls() if control.automated})
    plain = ("name", "version", "source", "applies_to", "notes", "retention_days")
    return Framework(
        key=framework.id,
        **{name: getattr(framework, name) for name in plain},
        is_own=own_version is not None,
        is_adopted=is_adopted,
        own_version=own_version,
        requirement_count=len(framework.requirements),
        automated=counts[Coverage.AUTOMATED],
        partial=counts[Coverage.PARTIAL],
        manual=counts[Coverage.MANUAL],
    )


def shown_own(own: documents.Framework) -> Framework:
    """One of the organization's own, which is always switched on."""
    return shown(own.content, is_adopted=True, own_version=own.version)


def _requirement(requirement: facts.Requirement, statuses: Statuses) -> Requirement:
    standing = standing_of(requirement, statuses)
    automated = {control.id for control in all_controls() if control.automated}
    plain = ("name", "group", "kind", "fit")
    return Requirement(
        key=requirement.id,
        **{name: getattr(requirement, name) for name in plain},
        coverage=requirement.coverage(automated),
        status=standing.status,
        assessed=standing.assessed,
        total=standing.total,
        answered_by=_answering(requirement, statuses),
    )


def _answering(requirement: facts.Requirement, statuses: Statuses) -> list[Answering]:
    controls = [(one.id, one.name, one.severity, False) for one in all_controls() if one.id in requirement.controls]
    rules = [(one.id, one.title, one.severity, True) for one in map(get_rule, requirement.findings)]
    return [
        Answering(
            key=id,
            name=name,
            severity=severity,
            status=statuses.get(id, CheckStatus.NOT_ASSESSED),
            is_rule=is_rule,
        )
        for id, name, severity, is_rule in (*controls, *rules)
    ]


def _content(input: FrameworkContentInput) -> facts.Framework:
    """The framework of an input. Raises Invalid, with the line of what is wrong."""
    if input.toml is not None:
        return framework_of_toml(input.toml, known())
    if input.csv is not None:
        return framework_of_csv(input.csv.head(), input.csv.text, known())
    assert input.fields is not None  # noqa: S101 - exactly one of the three is set
    rows = [
        {"id": one.key, "name": one.name, "group": one.group, "controls": one.controls, "findings": one.rules}
        | {"fit": one.fit}
        for one in input.fields.requirements
    ]
    return framework_of_rows(input.fields.head(), rows, known(), name="requirements")
