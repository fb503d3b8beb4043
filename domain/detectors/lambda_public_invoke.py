"""A function that anybody may call."""

from domain.detection.cloudtrail import asked, is_call
from domain.detection.detector import Detector, DetectorContext, Sighting
from domain.detection.example import STRANGER, call, fires, quiet
from domain.facts.provider_event import ProviderEvent
from domain.facts.severity import Severity

_NARROWING = ("sourceAccount", "sourceArn", "principalOrgID")
_CALL = "AddPermission20150331v2"


def is_function_public(event: ProviderEvent, _: DetectorContext) -> Sighting | None:
    """Fires when everybody is allowed and nothing narrows it."""
    request = asked(event)
    if event.source != "lambda.amazonaws.com" or not event.name.startswith("AddPermission"):
        return None
    if not is_call(event, event.name) or request.get("principal") != "*" or any(map(request.get, _NARROWING)):
        return None
    function = str(request.get("functionName") or "a function")
    return Sighting(message=f"{event.principal} lets anybody call {function}.", resource=function)


DETECTOR = Detector(
    id="lambda-public-invoke",
    title="A function may be called by anybody",
    severity=Severity.HIGH,
    source="AWS Security Hub Lambda.1; Lambda AddPermission; Stratus Red Team aws.persistence.lambda-backdoor-function",
    blind_spots="Function URLs without authentication are meant to be open and look the same. An account named as "
    "principal "
    "is not judged.",
    check=is_function_public,
    examples=(
        fires(call(_CALL, "lambda", request={"functionName": "f", "principal": "*"})),
        quiet(call(_CALL, "lambda", request={"functionName": "f", "principal": "*", "principalOrgID": "o-1"})),
        quiet(call(_CALL, "lambda", request={"functionName": "f", "principal": STRANGER})),
        quiet(call(_CALL, "sns", request={"principal": "*"})),
        quiet(call(_CALL, "lambda", request={"functionName": "f", "principal": "*"}, error="AccessDenied")),
    ),
)
