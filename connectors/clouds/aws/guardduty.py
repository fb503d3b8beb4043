"""GuardDuty: a detector in each region where it is on, and its plans to look for malware."""

from collections.abc import Mapping
from typing import Any

from connectors.clouds.aws import fields
from connectors.reading.listing import Detail, Item, Listing, Place, at
from domain.facts.resource import Resource, ResourceKind

KIND = ResourceKind.AWS_GUARDDUTY_DETECTOR


def parse_detector(item: Item, details: Mapping[str, Any], place: Place) -> Resource | None:
    """A detector by its id, which is all that the list tells. Source: GuardDuty ListDetectors, GetDetector."""
    made = fields.merged("Detector", fields.resource(KIND, "DetectorId", created="CreatedAt"))
    return made({"DetectorId": item}, details, place)


LISTINGS = (
    Listing(
        operation=fields.call("guardduty.list_detectors", "guardduty:ListDetectors"),
        items=at("DetectorIds"),
        kind=KIND,
        parse=parse_detector,
        details=(
            Detail(
                key="Detector",
                operation=fields.call("guardduty.get_detector", "guardduty:GetDetector"),
                arguments=lambda detector, _: {"DetectorId": detector},
            ),
        ),
        is_regional=True,
    ),
    Listing(
        operation=fields.call("guardduty.list_malware_protection_plans", "guardduty:ListMalwareProtectionPlans"),
        items=at("MalwareProtectionPlans"),
        is_regional=True,
    ),
)
