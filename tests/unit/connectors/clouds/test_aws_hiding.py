import pytest

from connectors.clouds.aws.hiding import HIDDEN, LOOKS_LIKE_SECRET, values_of, without


def test_field_is_left_out_wherever_it_stands():
    answer = {"Versions": [{"Data": {"UserData": "c2VjcmV0", "ImageId": "ami-1"}}], "UserData": "x"}

    assert without("UserData")(answer) == {"Versions": [{"Data": {"ImageId": "ami-1"}}]}


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("fast", HIDDEN),
        ("https://example.com/a:b@c", HIDDEN),
        ("AKIAIOSFODNN7EXAMPLE", LOOKS_LIKE_SECRET),
        ("postgres://root" + ":pass@db.example.com/orders", LOOKS_LIKE_SECRET),
        ("-----BEGIN RSA PRIVATE KEY-----", LOOKS_LIKE_SECRET),
        ("xoxb-1-2", LOOKS_LIKE_SECRET),
    ],
)
def test_of_a_variable_its_name_is_kept_and_whether_its_value_looks_like_a_secret(value, kept):
    answer = {"Functions": [{"Environment": {"Variables": {"DB": value}}}]}

    assert values_of("Variables")(answer) == {"Functions": [{"Environment": {"Variables": {"DB": kept}}}]}


def test_variables_of_an_unknown_shape_are_hidden_whole():
    assert values_of("Variables")({"Variables": ["DB=secret"]}) == {"Variables": HIDDEN}
