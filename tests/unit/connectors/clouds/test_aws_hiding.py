import pytest

from connectors.clouds.aws import hiding


def test_field_is_left_out_wherever_it_stands():
    answer = {"Versions": [{"Data": {"UserData": "c2VjcmV0", "ImageId": "ami-1"}}], "UserData": "x"}

    assert hiding.without("UserData")(answer) == {"Versions": [{"Data": {"ImageId": "ami-1"}}]}


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("fast", hiding.HIDDEN),
        ("https://example.com/a:b@c", hiding.HIDDEN),
        ("AKIAIOSFODNN7EXAMPLE", hiding.LOOKS_LIKE_SECRET),
        ("postgres://root" + ":pass@db.example.com/orders", hiding.LOOKS_LIKE_SECRET),
        ("-----BEGIN RSA PRIVATE KEY-----", hiding.LOOKS_LIKE_SECRET),
        ("xoxb-1-2", hiding.LOOKS_LIKE_SECRET),
    ],
)
def test_of_a_variable_its_name_is_kept_and_whether_its_value_looks_like_a_secret(value, kept):
    answer = {"Functions": [{"Environment": {"Variables": {"DB": value}}}]}

    assert hiding.values_of("Variables")(answer) == {"Functions": [{"Environment": {"Variables": {"DB": kept}}}]}


def test_variables_of_an_unknown_shape_are_hidden_whole():
    assert hiding.values_of("Variables")({"Variables": ["DB=secret"]}) == {"Variables": hiding.HIDDEN}
