"""Texts to copy that grant exactly what is read, in forms that the vendors take."""

import json
import re

import boto3
import pytest
from moto import mock_aws

from domain.errors import Invalid
from domain.facts.access import ReadNeed
from domain.facts.provider import Provider
from domain.rules.registry import all_rules
from domain.setup.aws import MAY_I, POLICY_CHARACTERS, split_policies
from domain.setup.guide import Setup
from domain.setup.level import AccessLevel
from domain.setup.vendors import READERS, setup_of

PRINCIPAL = "arn:aws:iam::111122223333:role/cloudwatcher-worker"


def need(*permissions: str, plan: str | None = None) -> ReadNeed:
    return ReadNeed(operation="read", service="s", permissions=permissions, plan=plan)


def setup(provider: Provider, *needs: ReadNeed, level: AccessLevel = AccessLevel.READ) -> Setup:
    return setup_of(provider, needs, level, "cw-0123")


def for_rules(provider: Provider, *rule_ids: str, level: AccessLevel = AccessLevel.ACT) -> Setup:
    return setup_of(provider, [need("sign:In"), need("other:Read")], level, "cw-0123", rule_ids)


def content(made: Setup, part: int = 0) -> str:
    return made.snippets[part].content


def of_remedies(provider: Provider) -> set[str]:
    """What the remedies of a vendor's rules take."""
    rules = [rule for rule in all_rules() if rule.id.startswith(f"{provider.value.lower()}-") and rule.remedy]
    return {name for rule in rules for name in rule.remedy.permissions}


MANY = [need(f"service-{number}:DescribeSomethingQuiteLong{number}") for number in range(400)]


@pytest.mark.parametrize("level", AccessLevel)
def test_aws_grants_what_reads_rules_and_remediations_take_and_nothing_else(level):
    made = setup(Provider.AWS, need("sts:GetCallerIdentity"), need("no action in words"), level=level)

    of_rules = {name for rule in all_rules() if rule.id.startswith("aws-") for name in rule.permissions}
    acting = {*of_remedies(Provider.AWS), MAY_I} if level is AccessLevel.ACT else set()
    wanted = {"sts:GetCallerIdentity", *of_rules, *acting}
    template = json.loads(content(made))
    policies = [one for one in template["Resources"].values() if one["Type"] == "AWS::IAM::ManagedPolicy"]
    granted = [name for one in policies for name in one["Properties"]["PolicyDocument"]["Statement"][0]["Action"]]
    assert sorted(granted) == sorted(wanted) == made.permissions
    assert not [name for name in granted if "*" in name]


@pytest.mark.parametrize("level", AccessLevel)
def test_the_template_makes_a_role_that_only_this_organization_may_assume(level):
    made = setup(Provider.AWS, *MANY, level=level)

    with mock_aws():
        clouds, iam = boto3.client("cloudformation", "us-east-1"), boto3.client("iam", "us-east-1")
        parameters = [{"ParameterKey": "CloudWatcherPrincipal", "ParameterValue": PRINCIPAL}]
        clouds.create_stack(
            StackName="cloudwatcher",
            TemplateBody=content(made),
            Parameters=parameters,
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        (stack,) = clouds.describe_stacks(StackName="cloudwatcher")["Stacks"]
        name = {AccessLevel.READ: "CloudWatcherRead", AccessLevel.ACT: "CloudWatcherAct"}[level]
        role = iam.get_role(RoleName=name)["Role"]
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        documents = [
            iam.get_policy_version(PolicyArn=one["PolicyArn"], VersionId="v1")["PolicyVersion"]["Document"]
            for one in attached
        ]

    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert stack["Outputs"][0]["OutputValue"] == role["Arn"]
    assert trust["Principal"] == {"AWS": PRINCIPAL}
    assert trust["Condition"] == {"StringEquals": {"sts:ExternalId": "cw-0123"}}
    assert len(attached) > 1
    assert sorted(name for one in documents for name in one["Statement"][0]["Action"]) == made.permissions


def test_no_policy_is_larger_than_iam_takes_and_none_is_made_in_vain():
    names = [name for one in MANY for name in one.permissions]
    policies = split_policies(names)
    sizes = [len(json.dumps(one, separators=(",", ":"))) for one in policies]

    assert max(sizes) <= POLICY_CHARACTERS
    # All of it is at least so much text; each policy but the last is nearly full.
    assert len(policies) == -(-sum(len(name) + 3 for name in names) // (POLICY_CHARACTERS - 150))
    assert [name for one in policies for name in one["Statement"][0]["Action"]] == names


def test_terraform_says_the_same_as_the_template():
    made = setup(Provider.AWS, *MANY)
    text = content(made, 1)

    depth = 0
    for sign in re.findall(r"[{}\[\]()]", re.sub(r'"[^"\n]*"', "", text)):
        depth += 1 if sign in "{[(" else -1
        assert depth >= 0
    assert depth == 0
    documents = re.findall(r"policy = jsonencode\((\{.*?\n  \})\)", text, re.DOTALL)
    granted = [name for one in documents for name in json.loads(one)["Statement"][0]["Action"]]
    assert sorted(granted) == made.permissions
    assert text.count("aws_iam_role_policy_attachment") == len(documents)
    (trust,) = re.findall(r"assume_role_policy\s+= jsonencode\((\{.*?\n  \})\)", text, re.DOTALL)
    assert json.loads(trust.replace("var.cloudwatcher_principal", '"p"'))["Statement"][0]["Condition"] == {
        "StringEquals": {"sts:ExternalId": "cw-0123"}
    }


def test_azure_tells_actions_of_roles_from_permissions_of_graph():
    made = setup(Provider.AZURE, need("Microsoft.Compute/disks/read", "User.Read.All"), need("*/read", plan="P1"))

    role = json.loads(content(made))
    assert role["Actions"] == ["*/read", "Microsoft.Compute/disks/read"]
    assert "for NAME in User.Read.All; do" in content(made, 1)
    assert [step for step in made.steps if "P1" in step]


def test_google_cloud_grants_in_the_project_only_what_a_role_of_it_can_hold():
    needs = [
        need("compute.disks.list", plan="the API compute.googleapis.com"),
        need("resourcemanager.organizations.get"),
        need("the Workspace role with Users > Read"),
        need("securitycenter.findings.list", plan="Security Command Center"),
    ]
    made = setup(Provider.GCP, *needs)

    text = content(made)
    assert "  compute.disks.list,securitycenter.findings.list\n" in text
    assert 'services enable --project "$PROJECT" compute.googleapis.com\n' in text
    assert [step for step in made.steps if "resourcemanager.organizations.get" in step]
    assert [step for step in made.steps if "Workspace role" in step]
    assert [step for step in made.steps if "Security Command Center" in step]


def test_google_cloud_without_anything_above_the_project_says_nothing_of_it():
    made = setup(Provider.GCP, need("compute.disks.list"))

    assert "services enable" not in content(made)
    assert len(made.steps) == 2


def test_slack_gets_a_manifest_with_the_scopes_of_a_bot():
    made = setup(Provider.SLACK, need("users:read"), need("admin", plan="a paid plan"))

    assert json.loads(content(made))["oauth_config"]["scopes"]["bot"] == ["users:read"]


def test_github_gets_a_manifest_with_its_own_names():
    made = setup(Provider.GITHUB, need("administration=read", "organization_administration=read"), need("read:org"))

    assert json.loads(content(made))["default_permissions"] == {
        "administration": "read",
        "organization_administration": "read",
    }


@pytest.mark.parametrize("provider", [Provider.DIGITALOCEAN, Provider.OKTA, Provider.JIRA])
def test_scopes_are_listed_one_a_line(provider):
    made = setup(provider, need("b:read"), need("a:read"), need("a key in words"))

    assert content(made) == "a:read\nb:read\n"
    assert [step for step in made.steps if "a key in words" in step]


@pytest.mark.parametrize("provider", sorted(READERS))
def test_acting_takes_what_the_remedies_of_the_vendor_take(provider):
    wanted = of_remedies(provider)

    if not wanted:
        with pytest.raises(Invalid, match="nothing that CloudWatcher changes"):
            setup(provider, level=AccessLevel.ACT)
        return

    made = setup(provider, need("read"), level=AccessLevel.ACT)
    assert made.level is AccessLevel.ACT
    assert wanted <= set(made.permissions)
    assert not wanted & set(setup(provider, need("read")).permissions)


def test_acting_for_some_rules_takes_what_these_look_at_and_change_and_nothing_else():
    aws = for_rules(Provider.AWS, "aws-ebs-gp2-to-gp3")
    okta = for_rules(Provider.OKTA, "okta-api-token-unused")
    rule = {one.id: one for one in all_rules()}["okta-api-token-unused"]

    assert set(aws.permissions) == {MAY_I, "sign:In", "ec2:DescribeVolumes", "ec2:ModifyVolume"}
    assert set(okta.permissions) == {"sign:In", *rule.permissions, *rule.remedy.permissions}


@pytest.mark.parametrize(
    ("provider", "rule_id", "level", "path"),
    [
        (Provider.AZURE, "aws-ebs-gp2-to-gp3", AccessLevel.ACT, ("ruleIds",)),
        (Provider.AZURE, "azure-no-such-rule", AccessLevel.ACT, ("ruleIds",)),
        (Provider.AWS, "aws-ebs-gp2-to-gp3", AccessLevel.READ, ("ruleIds",)),
    ],
)
def test_rules_that_mend_nothing_of_the_vendor_and_rules_for_reading_are_refused(provider, rule_id, level, path):
    with pytest.raises(Invalid) as refused:
        for_rules(provider, rule_id, level=level)

    assert refused.value.path == path


@pytest.mark.parametrize("provider", sorted({*READERS, Provider.AWS} - {Provider.JIRA, Provider.SLACK}))
def test_what_acts_is_another_identity_than_what_reads(provider):
    reads, acts = (setup(provider, need("read"), level=level) for level in AccessLevel)

    assert [step for step in acts.steps if "allowRemediation" in step]
    assert not [step for step in reads.steps if "allowRemediation" in step]
    assert content(reads) != content(acts)


def test_an_app_that_acts_may_write_where_that_is_listed():
    manifest = json.loads(content(setup(Provider.GITHUB, need("members=read", "metadata=read"), level=AccessLevel.ACT)))

    assert manifest["default_permissions"]["members"] == "write"
    assert manifest["default_permissions"]["metadata"] == "read"


def test_no_permission_of_graph_means_no_consent():
    made = setup(Provider.AZURE, need("Microsoft.Compute/disks/read"))

    assert "GRAPH" not in content(made, 1)
    assert not [step for step in made.steps if "Graph" in step]


def test_every_vendor_can_be_prepared():
    assert {*READERS, Provider.AWS} == set(Provider) - {Provider.OTHER}
