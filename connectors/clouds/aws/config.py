"""AWS Config: what it records of the account's resources, and where it delivers it."""

from collections.abc import Mapping
from typing import Any

from connectors.clouds.aws import fields
from connectors.reading.listing import Detail, Item, Listing, Place, at, first, joined
from domain.facts.resource import Resource, ResourceKind

KIND = ResourceKind.AWS_CONFIG_RECORDER
# The part of a recorder's status that changes only with what happens to it; times change all day.
STATUS_FIELDS = ("recording", "lastStatus", "lastErrorCode", "lastErrorMessage")


def parse_recorder(item: Item, details: Mapping[str, Any], place: Place) -> Resource:
    """A recorder by region and name. A status that could not be read leaves no `recording`.

    Source: Config DescribeConfigurationRecorders, DescribeConfigurationRecorderStatus, DescribeDeliveryChannels.
    """
    status = (details.get("Status") or [{}])[0]
    kept = {field: status[field] for field in STATUS_FIELDS if field in status}
    channels = {key: details[key] for key in ("DeliveryChannels",) if key in details}
    whole = {**item, "Region": place.region}
    return fields.resource(KIND, "{Region}/{name}", name="name")(whole, {**kept, **channels}, place)


LISTINGS = (
    Listing(
        operation=fields.call("config.describe_configuration_recorders", "config:DescribeConfigurationRecorders"),
        items=at("ConfigurationRecorders"),
        kind=KIND,
        parse=parse_recorder,
        details=(
            Detail(
                key="Status",
                operation=fields.call(
                    "config.describe_configuration_recorder_status",
                    "config:DescribeConfigurationRecorderStatus",
                    absent=("NoSuchConfigurationRecorderException",),
                ),
                arguments=lambda recorder, _: {"ConfigurationRecorderNames": [recorder["name"]]},
                pick=first("ConfigurationRecordersStatus"),
            ),
            Detail(
                key="DeliveryChannels",
                operation=fields.call("config.describe_delivery_channels", "config:DescribeDeliveryChannels"),
                arguments=lambda _, __: {},
                pick=joined("DeliveryChannels"),
            ),
        ),
        is_regional=True,
    ),
)
