"""How an AWS account is prepared: a role that may be assumed for one organization only."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from domain.facts.access import ReadNeed
from domain.facts.provider import Provider
from domain.rules.rule import Rule
from domain.setup.guide import Setup, Snippet, permissions_of
from domain.setup.level import AccessLevel

IAM_ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z0-9]+")
# A managed policy has 6,144 characters at most, white space aside. Source: IAM and STS quotas.
POLICY_CHARACTERS = 6144
NAMES = {AccessLevel.READ: "CloudWatcherRead", AccessLevel.ACT: "CloudWatcherAct"}
SESSION_SECONDS = 3600
# Asks IAM what the role itself may do, so that what is missing is known before anything is approved.
MAY_I = "iam:SimulatePrincipalPolicy"


def aws_setup(needs: Sequence[ReadNeed], rules: Iterable[Rule], level: AccessLevel, external_id: str) -> Setup:
    """Exactly the actions that the reads and the rules need; to act, also those that their remedies take."""
    chosen = tuple(rules)
    acting = (name for rule in chosen if rule.remedy for name in rule.remedy.permissions)
    wanted = permissions_of(needs, *(name for rule in chosen for name in rule.permissions))
    read = [name for name in wanted if IAM_ACTION.fullmatch(name)]
    actions = sorted({*read, *((*acting, MAY_I) if level is AccessLevel.ACT else ())})
    name, policies = NAMES[level], split_policies(actions)
    template = json.dumps(cloud_formation(name, policies, external_id), indent=2) + "\n"
    return Setup(
        provider=Provider.AWS,
        level=level,
        external_id=external_id,
        permissions=actions,
        steps=_steps(name, level),
        snippets=[
            Snippet("CloudFormation template", f"{name}.template.json", "json", template),
            Snippet("Terraform configuration", f"{name}.tf", "hcl", terraform(name, policies, external_id)),
        ],
    )


def _steps(name: str, level: AccessLevel) -> list[str]:
    connect = "Connect the account with"
    if level is AccessLevel.ACT:
        connect = "Connect the account to be read first, with a role of its own; then call allowRemediation with"
    return [
        "Find the ARN of the identity CloudWatcher's processes run under: its instance role, or the user whose keys "
        "they were started with. It needs sts:AssumeRole on the role made here.",
        "Create a stack from the CloudFormation template, or apply the Terraform configuration, and give that ARN as "
        "the principal. Whole organizations: deploy the template with a stack set to every account, under one name.",
        "Leave the external id as it is: it is this organization's own, and keeps others from using the role.",
        f"{connect} the ARN of the role {name}, which both print when they are done; with allAccounts "
        "for the management account of an organization.",
    ]


def split_policies(actions: Sequence[str]) -> list[dict[str, Any]]:
    """Policy documents that allow these actions, each within the size IAM takes, the actions in order."""
    documents: list[list[str]] = [[]]
    for action in actions:
        if _size([*documents[-1], action]) > POLICY_CHARACTERS:
            documents.append([])
        documents[-1].append(action)
    return [_policy(one) for one in documents]


def _policy(actions: list[str]) -> dict[str, Any]:
    statement = {"Sid": "CloudWatcher", "Effect": "Allow", "Action": actions, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _size(actions: list[str]) -> int:
    return len(json.dumps(_policy(actions), separators=(",", ":")))


def _trust(principal: Any, external_id: str) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def cloud_formation(name: str, policies: Sequence[dict[str, Any]], external_id: str) -> dict[str, Any]:
    """A template with the role and its managed policies."""
    managed = {
        f"Policy{number}": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {
                "ManagedPolicyName": f"{name}-{number}",
                "PolicyDocument": policy,
                "Roles": [{"Ref": "Role"}],
            },
        }
        for number, policy in enumerate(policies, 1)
    }
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": name,
            "MaxSessionDuration": SESSION_SECONDS,
            "AssumeRolePolicyDocument": _trust({"Ref": "CloudWatcherPrincipal"}, external_id),
        },
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The role by which CloudWatcher enters this account.",
        "Parameters": {
            "CloudWatcherPrincipal": {
                "Type": "String",
                "Description": "ARN of the identity CloudWatcher runs under.",
                "AllowedPattern": "^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/.+$",
            }
        },
        "Resources": {**managed, "Role": role},
        "Outputs": {"RoleArn": {"Description": "For connectAccount.", "Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }


def terraform(name: str, policies: Sequence[dict[str, Any]], external_id: str) -> str:
    """The same for Terraform; policy documents are JSON, which HCL takes as expressions."""
    trust = json.dumps(_trust("PRINCIPAL", external_id), indent=2).replace('"PRINCIPAL"', "var.cloudwatcher_principal")
    parts = [
        'variable "cloudwatcher_principal" {\n  type        = string\n'
        '  description = "ARN of the identity CloudWatcher runs under."\n}',
        f'resource "aws_iam_role" "cloudwatcher" {{\n  name                 = "{name}"\n'
        f"  max_session_duration = {SESSION_SECONDS}\n  assume_role_policy   = jsonencode({_inner(trust)})\n}}",
    ]
    for number, policy in enumerate(policies, 1):
        document = _inner(json.dumps(policy, indent=2))
        parts += [
            f'resource "aws_iam_policy" "cloudwatcher_{number}" {{\n  name   = "{name}-{number}"\n'
            f"  policy = jsonencode({document})\n}}",
            f'resource "aws_iam_role_policy_attachment" "cloudwatcher_{number}" {{\n'
            f"  role       = aws_iam_role.cloudwatcher.name\n"
            f"  policy_arn = aws_iam_policy.cloudwatcher_{number}.arn\n}}",
        ]
    parts.append('output "role_arn" {\n  value = aws_iam_role.cloudwatcher.arn\n}')
    return "\n\n".join(parts) + "\n"


def _inner(text: str) -> str:
    return text.replace("\n", "\n  ")
