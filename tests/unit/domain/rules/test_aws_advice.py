from decimal import Decimal

import pytest

from domain.facts.resource import Resource, ResourceKind
from domain.remediation.remedy import NoPlan
from domain.rules.aws import ec2_size, rds_size
from domain.rules.aws_advice import advice_on_instance, saving_of
from domain.rules.rule import RuleContext
from tests.factories.aws import NOW, instance


def advice(**config) -> Resource:
    return Resource(
        kind=ResourceKind.AWS_RECOMMENDATION,
        native_id="compute-optimizer.get_ec2_instance_recommendations/arn:aws-cn:ec2:cn-north-1:123456789012:instance/i-1",
        name="web",
        config=config,
    )


def context(*resources: Resource) -> RuleContext:
    return RuleContext(now=NOW, resources={(one.kind, one.native_id): one for one in resources})


def test_advice_in_china_is_found_by_the_arn_of_that_partition():
    own = instance(NetworkInterfaces=[{"OwnerId": "123456789012"}]).model_copy(update={"region": "cn-north-1"})

    assert advice_on_instance(own, context(advice())) == advice()


def test_saving_in_another_currency_is_not_mixed_with_dollars():
    assert saving_of(advice(EstimatedMonthlySaving={"Amount": "10", "Currency": "CNY"})) == (None, None)


def test_saving_is_what_aws_estimates_in_whole_cents():
    saving, formula = saving_of(advice(EstimatedMonthlySaving={"Amount": "10.004", "Currency": "USD"}))

    assert saving.amount == Decimal("10.00")
    assert formula == "10.00 USD by Compute Optimizer's estimate"


def test_nothing_is_resized_once_the_advice_is_gone():
    with pytest.raises(NoPlan, match="recommends nothing"):
        ec2_size.resize(instance(), context())


def test_no_database_is_resized_once_the_advice_is_gone():
    with pytest.raises(NoPlan, match="recommends nothing"):
        rds_size.resize(instance(), context())
