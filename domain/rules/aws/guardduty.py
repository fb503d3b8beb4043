"""GuardDuty where something runs and nobody watches."""

from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import TOKEN, Call, Step, answer
from domain.rules.aws_region import BLIND, SIGNS, example_instance, example_region, is_used, within
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

KIND = ResourceKind.AWS_GUARDDUTY_DETECTOR
# GuardDuty says so of a detector that is gone. Source: GuardDuty API reference, DeleteDetector.
GONE = ("BadRequestException: not owned by the current account",)


def is_off(region: Resource, context: RuleContext) -> Observation | None:
    """Fires on a used region without a detector, or with one that is switched off."""
    detectors = within(region, KIND, context)
    if detectors is None or not is_used(region, context):
        return None
    states = [one.config.get("Status") for one in detectors]
    if any(state != "DISABLED" for state in states):
        return None
    told = "its detector is switched off" if states else "it has no detector"
    return Observation(
        reason=f"GuardDuty watches nothing in {region.name}, where something runs: {told}.",
        observed={"detectors": {one.native_id: one.config.get("Status") for one in detectors}},
    )


def turn_on(region: Resource, context: RuleContext) -> tuple[Step, ...]:
    """Switches on the detector that is there, or makes one."""
    detectors = within(region, KIND, context)
    return (_switched_on(region, detectors[0].native_id) if detectors else _made(region),)


def _made(region: Resource) -> Step:
    arguments = {"DetectorId": answer("create", "DetectorId")}
    back = Step(
        name="delete",
        says=f"Delete the detector in {region.name}, and what it has found.",
        call=Call(operation="guardduty.delete_detector", region=region.name, arguments=arguments),
        gone=GONE,
    )
    return Step(
        name="create",
        says=f"Turn GuardDuty on in {region.name}. It is billed by what it looks at; the first 30 days are free.",
        call=Call(
            operation="guardduty.create_detector",
            region=region.name,
            arguments={"Enable": True, "ClientToken": TOKEN},
        ),
        undo=(back,),
    )


def _switched_on(region: Resource, detector: str) -> Step:
    back = _switch(region, "off", detector, is_on=False, says=f"Switch detector {detector} off again.", undo=())
    return _switch(region, "on", detector, is_on=True, says=f"Switch detector {detector} on.", undo=(back,))


def _switch(region: Resource, name: str, detector: str, *, is_on: bool, says: str, undo: tuple[Step, ...]) -> Step:
    arguments = {"DetectorId": detector, "Enable": is_on}
    call = Call(operation="guardduty.update_detector", region=region.name, arguments=arguments)
    return Step(name=name, says=says, call=call, undo=undo)


def _detector(region: str = "eu-west-1", **config: Any) -> Resource:
    return Resource(kind=KIND, native_id="d-1", name="d-1", region=region, config=config)


OFF = Rule(
    id="aws-guardduty-off",
    title="GuardDuty is off in a used region",
    description="GuardDuty notices stolen keys, mining and traffic to known attackers. It needs no agents.",
    category=FindingCategory.SECOPS,
    severity=Severity.HIGH,
    risk=Risk.LOW,
    applies_to=ResourceKind.AWS_REGION,
    permissions=("guardduty:GetDetector", "guardduty:ListDetectors"),
    source="AWS Security Hub GuardDuty.1; GuardDuty ListDetectors, GetDetector",
    blind_spots=f"{BLIND}. Regions that CloudWatcher does not read are not judged. A detector that an organization's "
    "administrator has suspended may only be switched on there.",
    needs=("RegionName",),
    also_reads=(KIND, *SIGNS),
    check=is_off,
    group="detection",
    remedy=Remedy(
        says="Turns GuardDuty on in the region.",
        plan=turn_on,
        reversible=Reversible.YES,
        permissions=(
            "guardduty:CreateDetector",
            "guardduty:DeleteDetector",
            "guardduty:UpdateDetector",
            "iam:CreateServiceLinkedRole",
        ),
    ),
    examples=(
        fires(example_region(), example_instance()),
        fires(example_region(), example_instance(), _detector(Status="DISABLED")),
        fires(example_region(), example_instance(), _detector("us-east-1", Status="ENABLED")),
        quiet(example_region(), example_instance(), _detector(Status="ENABLED")),
        quiet(example_region(), example_instance(), _detector()),
        quiet(example_region(), example_instance("us-east-1")),
        quiet(example_region(), example_instance(), is_listed=lambda kind, _: kind is not KIND),
    ),
)
