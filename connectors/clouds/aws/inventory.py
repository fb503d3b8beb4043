"""Everything CloudWatcher reads from an AWS account in one sync."""

from collections.abc import Coroutine
from typing import Any

from connectors.clouds.aws import cloudtrail, ec2, iam, s3, session, survey
from connectors.guard import together
from domain.facts.aws_credentials import AwsCredentials
from domain.facts.inventory import InventorySnapshot
from domain.facts.resource import Resource

REGIONAL_KINDS = (*(kind for _, _, kind, _ in ec2.LISTS), cloudtrail.KIND)


async def fetch_inventory(
    credentials: AwsCredentials, *, on_progress: survey.OnProgress, allow_private_endpoint: bool = False
) -> InventorySnapshot:
    """All resources of the kinds CloudWatcher knows, and a gap for each thing that could not be read.

    `on_progress(service, done, expected)` is called after each step in order of `done`, and may be called again before
    it returns; `expected` may grow. Raises CredentialsRejected, Unavailable or Throttled when the account cannot be
    entered at all, Invalid for an endpoint that may not be used; once inside, what single services refuse becomes gaps.
    """
    async with session.open_session(credentials, allow_private_endpoint=allow_private_endpoint) as entered:
        identity = await entered.identity()
        run = survey.Run(entered, on_progress)
        regions = entered.regions or await _enabled_regions(run)
        run.expect(2 + len(regions) * (len(ec2.LISTS) + 1))
        parts: list[Coroutine[Any, Any, list[Resource]]] = [
            s3.fetch_buckets(run),
            iam.fetch_users(run),
            cloudtrail.fetch_trails(run, regions),
            *(ec2.fetch_region(run, region) for region in regions),
        ]
        found = await together(parts)
        return InventorySnapshot(
            account_native_id=identity.account_id,
            resources=tuple(resource for resources in found for resource in resources),
            incomplete=run.gaps(),
        )


async def _enabled_regions(run: survey.Run) -> tuple[str, ...]:
    """The regions enabled in the account. Source: EC2 DescribeRegions, which lists only those unless asked for all."""
    reader = await run.session.reader("ec2", run.session.home_region)
    listed = await run.whole_list(reader, "describe_regions", "Regions", REGIONAL_KINDS, None)
    return tuple(sorted(region["RegionName"] for region in listed if region.get("RegionName")))
