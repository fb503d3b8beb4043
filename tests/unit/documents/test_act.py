"""Whose act it is that the audit log tells of."""

import pytest

from documents.audit import Act, Outcome, acting, acting_as, drafted


def actor() -> str:
    entry = drafted("a" * 24, "session:1", None, None, Outcome.DONE, None)
    assert entry["action"] == "user.sign_in"
    return str(entry["actor"])


def test_an_act_is_that_of_the_person_from_when_they_have_shown_who_they_are() -> None:
    with acting(Act(action="user.sign_in", actor="anonymous")):
        before = actor()
        with acting_as("user:1"):
            within = actor()
        after = actor()

    assert (before, within, after) == ("anonymous", "user:1", "anonymous")


def test_where_nobody_acts_nobody_turns_out_to_be_somebody() -> None:
    with pytest.raises(RuntimeError, match="Nobody acts"), acting_as("user:1"):
        pass
