"""Lambda functions that everybody may call."""

from collections.abc import Callable
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.aws_policy import ANYONE, as_text, conditions, lets_in_anyone, many, principals, statements
from domain.rules.rule import Observation, Rule, RuleContext, fires, quiet

GONE = ("ResourceNotFoundException",)
# Lambda says so of a statement that is there already. Source: Lambda API reference, AddPermission.
THERE = ("ResourceConflictException",)


def _is_true(text: str) -> bool:
    return text.lower() == "true"


# The conditions that a call can write, by operator and key. Source: Lambda API reference, AddPermission.
WRITABLE: dict[tuple[str, str], tuple[str, Callable[[str], Any]]] = {
    ("stringequals", "lambda:functionurlauthtype"): ("FunctionUrlAuthType", str),
    ("stringequals", "lambda:eventsourcetoken"): ("EventSourceToken", str),
    ("bool", "lambda:invokedviafunctionurl"): ("InvokedViaFunctionUrl", _is_true),
}


def is_open(function: Resource, _: RuleContext) -> Observation | None:
    """Fires on a policy that lets everybody call the function without a condition that narrows it."""
    opened = _opened(function)
    if not opened:
        return None
    by_web = any("lambda:functionurlauthtype" in [key for _, key, _ in conditions(one)] for one in opened)
    told = "over its web address" if by_web else "from any AWS account"
    return Observation(
        reason=f"Anybody may call function {function.name} {told}, and what that does is on your bill.",
        observed={"statements": opened},
    )


def _opened(function: Resource) -> list[dict[str, Any]]:
    return [one for one in statements(function.config.get("Policy")) if lets_in_anyone(one)]


def close(function: Resource, _: RuleContext) -> tuple[Step, ...]:
    """Takes out those statements one by one; Lambda writes each of them again for the undo."""
    return tuple(_taken_out(function, one, number) for number, one in enumerate(_opened(function)))


def _taken_out(function: Resource, statement: dict[str, Any], number: int) -> Step:
    named = {"FunctionName": function.native_id}
    sid, given = statement.get("Sid"), _given(statement)
    if not sid or given is None:
        raise NoPlan(f"A statement of function {function.name} could not be written again: {as_text(statement)}.")
    back = Step(
        name="allow",
        says=f"Let everybody call function {function.name} again, by statement {sid}.",
        call=Call(
            operation="lambda.add_permission",
            region=function.region,
            arguments={**named, "StatementId": sid, **given},
        ),
        gone=THERE,
    )
    return Step(
        name=f"remove-{number}",
        says=f"Take statement {sid}, by which everybody may call it, out of the policy of function {function.name}.",
        call=Call(
            operation="lambda.remove_permission",
            region=function.region,
            arguments={**named, "StatementId": sid},
        ),
        gone=GONE,
        undo=(back,),
    )


def _given(statement: dict[str, Any]) -> dict[str, Any] | None:
    """The statement as a call writes it; None when no call can."""
    actions = many(statement.get("Action"))
    if len(actions) != 1 or principals(statement) != [ANYONE]:
        return None
    given = {"Action": actions[0], "Principal": ANYONE}
    for operator, key, values in conditions(statement):
        if (operator, key) not in WRITABLE or len(values) != 1:
            return None
        name, of_text = WRITABLE[operator, key]
        given[name] = of_text(str(values[0]))
    return given


def _function(*given: dict[str, Any], **config: Any) -> Resource:
    """A function whose policy has these statements, for the examples."""
    policy = {"Policy": as_text({"Version": "2012-10-17", "Statement": list(given)})} if given else {"Policy": None}
    return Resource(
        kind=ResourceKind.AWS_LAMBDA_FUNCTION,
        native_id="arn:aws:lambda:us-east-1:123456789012:function:thumbs",
        name="thumbs",
        region="us-east-1",
        config={**policy, **config},
    )


def _allowed(
    principal: Any = "*", sid: str = "all", action: Any = "lambda:InvokeFunction", **condition: Any
) -> dict[str, Any]:
    statement = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}
    return {**statement, "Condition": condition} if condition else statement


_BY_WEB: dict[str, Any] = {
    "StringEquals": {"lambda:FunctionUrlAuthType": "NONE"},
    "Bool": {"lambda:InvokedViaFunctionUrl": "true"},
}
PUBLIC = Rule(
    id="aws-lambda-public",
    title="Lambda function can be called by everybody",
    description="Strangers may run such a function at your cost, with whatever they hand it.",
    category=FindingCategory.SECOPS,
    severity=Severity.CRITICAL,
    risk=Risk.HIGH,
    applies_to=ResourceKind.AWS_LAMBDA_FUNCTION,
    permissions=("lambda:GetPolicy", "lambda:ListFunctions"),
    source="AWS Security Hub Lambda.1; Lambda developer guide, resource-based policies; Lambda GetPolicy",
    blind_spots="Policies of single versions and aliases are not read. A function that is meant for the public, by its "
    "web address, looks the same: exempt it. Conditions count by their key and whether any value fits.",
    needs=("Policy",),
    check=is_open,
    group="data-exposure",
    remedy=Remedy(
        says="Takes the statements that let in everybody out of the policy, and keeps the rest.",
        plan=close,
        reversible=Reversible.YES,
        permissions=("lambda:AddPermission", "lambda:RemovePermission"),
    ),
    examples=(
        fires(_function(_allowed())),
        fires(_function(_allowed({"AWS": "*"}, **_BY_WEB), _allowed({"Service": "s3.amazonaws.com"}, "s3"))),
        fires(_function(_allowed(sid=""))),
        fires(_function(_allowed(action=["lambda:InvokeFunction", "lambda:GetFunction"]))),
        fires(_function(_allowed(StringEquals={"aws:PrincipalTag/team": "ops"}))),
        quiet(_function(_allowed(StringEquals={"aws:PrincipalOrgID": "o-1"}))),
        quiet(_function(_allowed({"Service": "s3.amazonaws.com"}))),
        quiet(_function()),
    ),
)
