"""Parameters of controls: stricter is taken, laxer is refused, and the strictest of all is in force."""

from typing import Any

import pytest

from domain.compliance.tightening import check_tightening, directions, in_force
from domain.errors import Invalid
from tests.factories.controls import controls_of

IAM = {"min_length": 14, "idle_minutes": 60}
LOG = {"retention_days": 365, "floors": {"cert_in": 180}}
LABELS = {"label_key": "data-class", "values": ["pii", "phi"], "pass_ratio": 0.98}
PORTS = {"admin_ports": [22, 3389]}


def test_every_parameter_of_the_catalogue_has_a_direction(shared) -> None:
    for control in controls_of(shared):
        assert set(control.parameters) <= set(directions()[control.id])


@pytest.mark.parametrize(
    ("control", "defaults", "wanted"),
    [
        ("CW-IAM-04", IAM, {"min_length": 16, "idle_minutes": 15}),
        ("CW-IAM-04", IAM, {"min_length": 14}),
        ("CW-LOG-02", LOG, {"floors": {"cert_in": 365, "other": 1}, "log_location": "IN"}),
        ("CW-DAT-02", {}, {"customer_key_labels": ["phi"]}),
        ("CW-DAT-06", LABELS, {"label_key": "sensitivity", "values": ["phi"], "pass_ratio": 1}),
        ("CW-NET-01", PORTS, {"admin_ports": [22, 3389, 5900]}),
    ],
)
def test_what_is_stricter_is_taken(control: str, defaults: dict[str, Any], wanted: dict[str, Any]) -> None:
    check_tightening(control, defaults, wanted)


@pytest.mark.parametrize(
    ("control", "defaults", "wanted", "message"),
    [
        ("CW-IAM-04", IAM, {"min_length": 13}, "min_length of CW-IAM-04: 13 is laxer than 14. It may only be higher."),
        ("CW-IAM-04", IAM, {"idle_minutes": 61}, "61 is laxer than 60. It may only be lower."),
        ("CW-LOG-02", LOG, {"floors": {"cert_in": 90}}, "cert_in 90 is laxer than cert_in 180."),
        ("CW-LOG-02", LOG, {"floors": 400}, "name a key of its table."),
        ("CW-IAM-04", IAM, {"min_length": {"a": 15}}, "it is no table."),
        ("CW-IAM-04", IAM, {"min_length": "long"}, "that is not the kind of value it takes."),
        ("CW-IAM-04", IAM, {"min_length": True}, "that is not the kind of value it takes."),
        ("CW-IAM-04", IAM, {"idle_minutes": -1}, "it cannot be negative."),
        ("CW-IAM-04", IAM, {"other": 1}, "there is no such parameter."),
        ("CW-DAT-06", LABELS, {"pass_ratio": 1.5}, "it is a ratio, from 0 to 1."),
        ("CW-DAT-06", LABELS, {"values": ["pii", "new"]}, "pii, new is laxer than pii, phi. Members may only be taken"),
        ("CW-DAT-06", LABELS, {"values": []}, "Members may only be taken away, and one must stay."),
        ("CW-NET-01", PORTS, {"admin_ports": [22]}, "22 is laxer than 22, 3389. Members may only be added."),
        ("CW-ZZZ-01", {}, {}, "There is no control CW-ZZZ-01."),
    ],
)
def test_what_is_laxer_or_makes_no_sense_is_refused_by_name(control, defaults, wanted, message) -> None:
    with pytest.raises(Invalid) as refused:
        check_tightening(control, defaults, wanted, ("input", "parameters"))

    assert message in refused.value.message
    assert refused.value.path == ("input", "parameters")


@pytest.mark.parametrize(
    ("control", "defaults", "layers", "expected"),
    [
        (
            "CW-IAM-04",
            IAM,
            [{"idle_minutes": 15}, {"idle_minutes": 30, "min_length": 20}],
            {"min_length": 20} | {"idle_minutes": 15},
        ),
        (
            "CW-LOG-02",
            LOG,
            [{"floors": {"cert_in": 90, "x": 1}}],
            {"retention_days": 365, "floors": {"cert_in": 180, "x": 1}},
        ),
        ("CW-NET-01", PORTS, [{"admin_ports": [3389, 23]}], {"admin_ports": [22, 3389, 23]}),
        (
            "CW-DAT-06",
            {"values": ["a", "b"], "label_key": "k"},
            [{"values": ["b"], "label_key": "l"}],
            {"values": ["b"], "label_key": "l"},
        ),
        ("CW-DAT-02", {}, [{"customer_key_labels": ["phi"]}], {"customer_key_labels": ["phi"]}),
    ],
)
def test_the_strictest_of_all_is_in_force(control, defaults, layers, expected) -> None:
    assert in_force(control, defaults, layers) == expected
