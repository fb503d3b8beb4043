"""Bundles as the graph tells them: with where their checks stand in an organization."""

from collections.abc import Collection, Mapping

from documents.compliance_settings import compliance_settings
from documents.control_status import problems_of
from domain.compliance import bundle as facts
from domain.compliance.bundle import all_bundles
from domain.compliance.bundled import why_unassessed
from domain.compliance.score import Statuses
from domain.facts.compliance import CheckStatus
from resolvers.standing import Place
from schema.control import Bundle, BundleCheck

NOT_ON = "The bundle is not switched on."


def every_bundle() -> list[str]:
    """The ids of all bundles there are."""
    return [one.id for one in all_bundles()]


async def shown_bundles(place: Place) -> list[Bundle]:
    """Every bundle; its checks are assessed where it is switched on."""
    is_on = set((await compliance_settings(place.org_id)).bundles)
    ids = [check.id for one in all_bundles() if one.id in is_on for check in one.check]
    said = {id: status for id, status in (await place.statuses()).items() if id in ids}
    open_ids = [id for id in ids if said.get(id, CheckStatus.NOT_ASSESSED) is CheckStatus.NOT_ASSESSED]
    problems = await problems_of(place.org_id, open_ids) if open_ids else {}
    return [_bundle(one, said, problems, is_on=one.id in is_on) for one in all_bundles()]


def _bundle(bundle: facts.Bundle, said: Statuses, problems: Mapping[str, Collection[str]], *, is_on: bool) -> Bundle:
    plain = ("name", "industry")
    return Bundle(
        key=bundle.id,
        **{name: getattr(bundle, name) for name in plain},
        frameworks=list(bundle.frameworks),
        is_on=is_on,
        checks=[_check(one, said, problems.get(one.id, ()), is_on=is_on) for one in bundle.check],
    )


def _check(check: facts.BundleCheck, said: Statuses, problems: Collection[str], *, is_on: bool) -> BundleCheck:
    plain = ("name", "severity", "passes", "warns", "fails")
    status = said.get(check.id, CheckStatus.NOT_ASSESSED)
    problem = NOT_ON if not is_on else why_unassessed(check, problems) if status is CheckStatus.NOT_ASSESSED else None
    return BundleCheck(
        key=check.id,
        **{name: getattr(check, name) for name in plain},
        controls=list(check.controls),
        operations=list(check.operations),
        status=status,
        problem=problem,
    )
