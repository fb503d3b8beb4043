"""What a step sends is filled in from its token and from answers before it."""

import pytest
from pydantic import ValidationError

from domain.remediation.remedy import Remedy, Reversible
from domain.remediation.step import TOKEN, Call, Look, Step, answer, asked_answers, filled, picked, reached

CALL = Call(operation="ec2.delete_volume")


def step(name: str = "delete", **more) -> Step:
    return Step(name=name, says="Delete it.", call=CALL, **more)


def test_token_and_answers_are_put_in_however_deep_they_stand():
    arguments = {"Id": answer("snapshot", "Snapshots.0.Id"), "Tags": [{"Value": TOKEN}], "Size": 1}

    sent = filled(arguments, "cw-1", {"snapshot": {"Snapshots": [{"Id": "snap-1"}]}})

    assert sent == {"Id": "snap-1", "Tags": [{"Value": "cw-1"}], "Size": 1}
    assert list(asked_answers(arguments)) == ["snapshot"]


@pytest.mark.parametrize("path", ["Id", "Snapshots.1", "Snapshots.0.Id.more"])
def test_answer_that_lacks_a_value_names_the_step(path):
    with pytest.raises(KeyError, match="snapshot"):
        picked({"Snapshots": [{"Id": "snap-1"}]}, path, "snapshot")


def test_path_without_parts_is_the_answer_itself():
    assert reached({"a": 1}, "") == {"a": 1}


def test_every_call_a_step_may_make_is_told():
    looks = Look(call=Call(operation="ec2.describe_volumes"), path="Volumes.0")

    calls = step(found=looks, wait=looks).calls

    assert [call.operation for call in calls] == ["ec2.delete_volume", "ec2.describe_volumes", "ec2.describe_volumes"]


def test_what_takes_a_step_back_is_not_taken_back_itself():
    with pytest.raises(ValidationError, match="not taken back itself"):
        step(undo=(step("create", undo=(step("again"),)),))


@pytest.mark.parametrize(("reversible", "loses"), [(Reversible.YES, "Something."), (Reversible.NO, "")])
def test_remedy_says_what_is_lost_exactly_when_not_everything_comes_back(reversible, loses):
    with pytest.raises(ValidationError, match="says what is lost"):
        Remedy(says="Do it.", plan=lambda *_: (), reversible=reversible, permissions=("a:B",), loses=loses)
