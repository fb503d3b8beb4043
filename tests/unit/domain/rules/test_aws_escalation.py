import json

import pytest

from domain.rules.aws_escalation import PATHS, to_deny


def test_paths_are_those_that_are_known(shared):
    known = json.loads((shared / "facts" / "iam_privilege_escalation.json").read_text())
    wanted = {one["id"]: tuple(one["required"]) for one in known["methods"] if one["id"] not in known["retired"]}

    assert wanted == PATHS


@pytest.mark.parametrize("path", PATHS)
def test_each_path_is_closed_by_one_permission_of_its_own(path):
    denied = to_deny([path])

    assert len(denied) == 1
    assert set(denied) <= set(PATHS[path])


def test_together_every_path_is_closed():
    denied = set(to_deny(PATHS))

    assert all(denied.intersection(required) for required in PATHS.values())
