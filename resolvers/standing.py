"""Where an organization or one of its accounts stands: what queries about compliance begin with."""

from collections.abc import Collection
from dataclasses import dataclass

from bson import ObjectId

import documents
from documents.base import object_id
from documents.compliance_settings import controls_in_force
from documents.control_status import ControlRow, control_rows, statuses_in
from documents.framework import framework_of
from documents.rule_status import rule_statuses
from domain.compliance.control import Control as CatalogueControl
from domain.compliance.framework import Framework
from domain.compliance.gap import effort_of
from domain.compliance.mending import rules_that_mend
from domain.compliance.score import Score, Statuses, score_of, weights_of
from domain.errors import NotFound
from domain.facts.compliance import WEIGHTS, CheckStatus
from resolvers.context import Context
from schema.compliance_score import ComplianceScore, StatusCount
from schema.control import Control
from schema.node import global_id, local_id


@dataclass(frozen=True, slots=True)
class Place:
    """What is asked about: an organization, or one account of it."""

    org_id: ObjectId
    account_id: ObjectId | None = None

    async def statuses(self, rules: Collection[str] = ()) -> Statuses:
        """What is said here of each control, and of these rules."""
        said = await statuses_in(self.org_id, self.account_id)
        return {**said, **await rule_statuses(self.org_id, rules, self.account_id)}

    async def framework(self, key: str | None) -> Framework | None:
        """The framework with this id, None for none. Raises NotFound."""
        return None if key is None else await framework_of(self.org_id, key)

    async def score(self, framework: Framework | None) -> Score:
        """The score of a framework, or of all controls."""
        statuses = await self.statuses(() if framework is None else framework.findings)
        return score_of(weights_of(await self.in_force(), framework), statuses)

    async def in_force(self) -> tuple[CatalogueControl, ...]:
        """What is judged in the organization: the catalogue, and the checks of the bundles that are switched on."""
        return await controls_in_force(self.org_id)

    async def controls(self) -> dict[str, ControlRow]:
        """What is stored of each control of the organization."""
        return await control_rows(self.org_id)


async def place_of(context: Context, organization_id: str | None, account_id: str | None = None) -> Place:
    """Raises NotFound for an account or organization that is not there, and for an account of another one."""
    if account_id is None:
        return Place(object_id(context.organization(organization_id), "organization"))
    account = await documents.Account.get_in(context.scope, local_id("Account", account_id))
    if organization_id is not None and str(account.org_id) != context.organization(organization_id):
        raise NotFound.of(documents.Account.noun)
    return Place(ObjectId(str(account.org_id)), ObjectId(str(account.id)))


def shown_score(framework: Framework | None, score: Score) -> ComplianceScore:
    """The score as the graph tells it."""
    counts = [StatusCount(status=status, count=score.counts.get(status, 0)) for status in CheckStatus]
    return ComplianceScore(
        framework=None if framework is None else framework.id,
        ratio=score.ratio,
        assessed_ratio=score.assessed_ratio,
        assessed=score.assessed,
        total=score.total,
        counts=counts,
    )


def shown_control(control: CatalogueControl, statuses: Statuses, row: ControlRow | None) -> Control:
    """The control with where it stands; `row` is what is stored of it in the organization."""
    effort, reason = effort_of(control)
    plain = ("name", "objective", "category", "severity", "frequency", "evidence_kind", "owner_role")
    return Control(
        key=control.id,
        **{name: getattr(control, name) for name in plain},
        weight=WEIGHTS[control.severity],
        is_automated=control.automated,
        criteria=list(control.criteria),
        effort=effort,
        effort_reason=reason,
        remediations=list(control.remediations),
        mended_by=sorted(rules_that_mend(control.id)),
        evidence=list(control.evidence),
        bundle=control.bundle,
        status=statuses.get(control.id, CheckStatus.NOT_ASSESSED),
        since=None if row is None else row.since,
        owner=None if row is None or row.owner is None else global_id("User", row.owner),
    )
