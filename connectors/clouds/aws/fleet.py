"""What Systems Manager knows of the machines it manages, and the tags of everything that can have some."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.clouds.aws import fields
from connectors.reading.listing import Answer, Batch, Item, Listing, at, joined
from domain.facts.resource import ResourceKind

MANAGED = ResourceKind.AWS_MANAGED_INSTANCE
# Source: Systems Manager API reference.
PAGE_SIZE = STATES_AT_ONCE = 50


def patch_states(items: Sequence[Item], pages: Sequence[Answer]) -> list[Mapping[str, Any] | None]:
    """The patch state of each instance, None for one that was never looked at."""
    by_id = {state["InstanceId"]: state for state in joined("InstancePatchStates")(pages)}
    return [by_id.get(item["InstanceId"]) for item in items]


LISTINGS = (
    Listing(
        operation=fields.call(
            "ssm.describe_instance_information", "ssm:DescribeInstanceInformation", page_size=PAGE_SIZE
        ),
        items=at("InstanceInformationList"),
        kind=MANAGED,
        parse=fields.resource(
            MANAGED,
            "InstanceId",
            name="ComputerName",
            passing=("LastPingDateTime", "LastAssociationExecutionDate", "LastSuccessfulAssociationExecutionDate"),
        ),
        batches=(
            Batch(
                key="PatchState",
                operation=fields.call(
                    "ssm.describe_instance_patch_states", "ssm:DescribeInstancePatchStates", page_size=100
                ),
                size=STATES_AT_ONCE,
                arguments=lambda items, _: {"InstanceIds": [item["InstanceId"] for item in items]},
                values=patch_states,
            ),
        ),
        is_regional=True,
    ),
    Listing(
        operation=fields.call("resourcegroupstaggingapi.get_resources", "tag:GetResources", page_size=100),
        items=at("ResourceTagMappingList"),
        is_regional=True,
    ),
)
