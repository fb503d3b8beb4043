import pytest

from domain.remediation.step import reached

ANSWER = {
    "snapshots": [{"name": "a", "id": 1}, "odd", {"name": "b", "id": 2}],
    "droplet": {"status": "off", "next": None},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", ANSWER),
        ("droplet.status", "off"),
        ("snapshots.0.id", 1),
        ("snapshots.3", None),
        ("snapshots.first", None),
        ("droplet.status.first", None),
        ("nothing.inside", None),
        ("snapshots.name=b.id", 2),
        ("snapshots.id=2.name", "b"),
        ("snapshots.name=c.id", None),
        ("droplet.status=off", ANSWER["droplet"]),
        ("droplet.status=active", None),
        ("droplet.next=None.status", "off"),
        ("nothing.name=b", None),
    ],
)
def test_path_leads_by_keys_places_and_values(path, found):
    assert reached(ANSWER, path) == found


def test_list_may_be_the_answer_itself():
    assert reached([{"type": "APP_ADMIN"}, {"type": "SUPER_ADMIN", "id": "r2"}], "type=SUPER_ADMIN.id") == "r2"
