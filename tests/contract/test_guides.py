"""Who follows a guide grants what is read, and nothing that writes; and what they paste is taken."""

import json
import re

import graphql
import pytest
from graphql.execution.values import get_variable_values

from connectors.registry import registrations
from domain.facts.provider import Provider
from tests.contract.graph_walk import GRAPH
from tests.contract.guide_permissions import GUIDES, guide_of, listed, needed
from tests.contract.test_documentation import blocks

VENDORS = sorted(set(Provider) - {Provider.OTHER})
# Of IAM's verbs those that change nothing. A credential report is made anew by asking for it.
READS = re.compile(r"[a-z0-9-]+:(BatchGet|Describe|Filter|GET|GenerateCredentialReport|Get|List|Lookup|Search|View)\w*")


@pytest.mark.parametrize("provider", sorted(registrations()))
def test_a_guide_lists_exactly_what_the_reads_need(provider: Provider) -> None:
    assert listed(provider) == needed(provider), "run `make guides` and read the difference"


def test_the_guide_of_aws_grants_nothing_that_writes() -> None:
    assert [name for name in listed(Provider.AWS) if not READS.fullmatch(name)] == []


@pytest.mark.parametrize("provider", VENDORS)
def test_what_a_guide_has_one_paste_is_a_valid_request(provider: Provider) -> None:
    text = guide_of(provider).read_text()
    (connect,) = [block for block in blocks("graphql", text) if "connectAccount" in block]
    (variables,) = [found for block in blocks("json", text) if "input" in (found := json.loads(block))]
    operation = graphql.parse(connect).definitions[0]
    assert isinstance(operation, graphql.OperationDefinitionNode)

    taken = get_variable_values(GRAPH, operation.variable_definitions, variables)

    assert not isinstance(taken, list), taken
    assert list(variables["input"]["access"]) == [provider.value.lower()]


@pytest.mark.parametrize("provider", VENDORS)
def test_a_guide_says_how_to_prepare_to_read_on_to_rotate_and_to_remove(provider: Provider) -> None:
    text = guide_of(provider).read_text()

    for word in ("accountSetup", "connectAccount", "missing", "rotateCredentials", "disconnectAccount"):
        assert word in text
    assert (GUIDES / "connected-accounts.md").exists()
