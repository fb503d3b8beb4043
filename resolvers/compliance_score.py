"""Compliance scores and their trend, what does not hold, and what has changed."""

from datetime import date, datetime
from typing import Annotated, Any

import strawberry

from auth.permission import Permission
from documents.score_day import score_days, statuses_at
from domain.compliance.gap import changes_of, gaps_of
from domain.errors import Invalid
from resolvers.context import Info
from resolvers.fields import query
from resolvers.standing import place_of, shown_control, shown_score
from schema.arguments import InAccount, InOrganization
from schema.compliance_score import ComplianceChange, ComplianceGap, ComplianceScore, ComplianceTrend
from schema.directives import Cost

OfFramework = Annotated[str | None, strawberry.argument(description="Id of the framework; left out: all controls.")]
FromDay = Annotated[date, strawberry.argument(description="First day (UTC).")]
UntilDay = Annotated[date, strawberry.argument(description="The day after the last one (UTC).")]
Since = Annotated[datetime, strawberry.argument(description="The instant.")]


@strawberry.type
class ComplianceScoreQueries:
    @query(
        ComplianceScore,
        may=Permission.COMPLIANCE_READ,
        directives=(Cost(weight=5),),
        description="The score of a framework, or of all controls, in an organization or one account, as it is now.",
    )
    async def compliance_score(
        self,
        info: Info,
        framework: OfFramework = None,
        organization_id: InOrganization = None,
        account_id: InAccount = None,
    ) -> Any:
        place = await place_of(info.context, organization_id, account_id)
        found = await place.framework(framework)
        return shown_score(found, await place.score(found))

    @query(
        ComplianceTrend,
        may=Permission.COMPLIANCE_READ,
        directives=(Cost(weight=5),),
        description="The score of each day. Frameworks have one from the day on which they are switched on.",
    )
    async def compliance_trend(
        self,
        info: Info,
        first: FromDay,
        until: UntilDay,
        framework: OfFramework = None,
        organization_id: InOrganization = None,
        account_id: InAccount = None,
    ) -> Any:
        if until <= first:
            raise Invalid("first must come before until.", path=("until",))
        place = await place_of(info.context, organization_id, account_id)
        await place.framework(framework)  # one that there is not has no trend
        days = await score_days(place.org_id, framework, place.account_id, first, until)
        return ComplianceTrend(
            framework=framework,
            days=[day for day, _ in days],
            ratios=[score.ratio for _, score in days],
            assessed_ratios=[score.assessed / score.total if score.total else 0.0 for _, score in days],
        )

    @query(
        list[ComplianceGap],
        may=Permission.COMPLIANCE_READ,
        directives=(Cost(list_size=92),),
        description="Controls that do not hold or could not be looked at: the heaviest first, and of these what takes "
        "the least effort.",
    )
    async def compliance_gaps(
        self,
        info: Info,
        framework: OfFramework = None,
        organization_id: InOrganization = None,
        account_id: InAccount = None,
    ) -> Any:
        place = await place_of(info.context, organization_id, account_id)
        found = await place.framework(framework)
        said, rows = await place.statuses(), await place.controls()
        counted = [one for one in await place.in_force() if found is None or one.id in found.controls]
        return [
            ComplianceGap(
                control=shown_control(gap.control, said, rows.get(gap.control.id)),
                weight=gap.weight,
                effort=gap.effort,
                effort_reason=gap.effort_reason,
                gain=gap.gain,
            )
            for gap in gaps_of(counted, said)
        ]

    @query(
        list[ComplianceChange],
        may=Permission.COMPLIANCE_READ,
        directives=(Cost(list_size=92),),
        description="Controls of the organization that stand otherwise since an instant, the newest change first.",
    )
    async def compliance_changes(self, info: Info, since: Since, organization_id: InOrganization = None) -> Any:
        place = await place_of(info.context, organization_id)
        before = await statuses_at(place.org_id, None, since)
        now = {id: (row.status, row.since) for id, row in (await place.controls()).items()}
        names = {control.id: control.name for control in await place.in_force()}
        return [
            ComplianceChange(
                control_id=one.control_id,
                name=names[one.control_id],
                before=one.before,
                after=one.after,
                changed_at=one.at,
            )
            for one in changes_of(before, now, since)
            if one.control_id in names
        ]
