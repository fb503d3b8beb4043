"""The external id of an organization: its own, the same every time, and nobody else's."""

from auth.external_id import ExternalIds
from domain.facts.aws_credentials import EXTERNAL_ID


def test_an_organization_has_one_that_stays_and_that_no_other_has() -> None:
    ids = ExternalIds([b"new", b"old"])

    assert ids.of("a" * 24) == ids.of("a" * 24)
    assert not set(ids.of("a" * 24)) & set(ids.of("b" * 24))
    assert all(EXTERNAL_ID.fullmatch(one) for one in ids.of("a" * 24))


def test_that_of_a_key_in_use_before_stays_good_behind_the_newest() -> None:
    before, after = ExternalIds([b"old"]), ExternalIds([b"new", b"old"])

    assert after.of("a" * 24)[1:] == before.of("a" * 24)
    assert after.of("a" * 24)[0] == ExternalIds([b"new"]).of("a" * 24)[0]
