"""What is said of ways in the domain is what their receivers do."""

import pytest

from connectors.intake.receiver import Receiver
from connectors.intake.registry import receiver_of, receivers
from domain.errors import Invalid
from domain.facts.intake import IntakeWay


@pytest.mark.parametrize("receiver", receivers().values(), ids=lambda receiver: receiver.way.value)
def test_the_domain_knows_who_makes_the_secret_of_a_way(receiver: Receiver) -> None:
    way = receiver.way

    assert receiver.has_secret == (way.makes_secret or way.takes_secret)
    assert not receiver.has_secret or receiver.makes_secret == way.makes_secret
    assert not way.is_pulled


def test_what_is_pulled_has_no_receiver() -> None:
    with pytest.raises(Invalid, match="not a way that is pushed"):
        receiver_of(IntakeWay.AWS_SQS)
