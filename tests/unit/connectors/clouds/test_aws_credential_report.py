"""What is made of IAM's credential report, also when it is not what it should be."""

from typing import Any

import pytest

from connectors.clouds.aws import credential_report
from connectors.reading.listing import Place
from tests.fakes.collecting import NOW

HERE = Place(account_id="123456789012", region=None, now=NOW)
HEAD = (
    "user,arn,user_creation_time,password_enabled,password_last_used,mfa_active,"
    "access_key_1_active,access_key_1_last_used_date,access_key_2_active,access_key_2_last_used_date"
)
ROOT = (
    "<root_account>,arn:aws:iam::123456789012:root,2020-01-01T00:00:00+00:00,not_supported,"
    "2026-11-25T10:00:00+00:00,false,false,N/A,false,N/A"
)
ADA = "ada,arn:aws:iam::123456789012:user/ada,2024-02-03T04:05:06+00:00,true,no_information,true,true,N/A,false,N/A"


def report(*lines: str, **changes: Any) -> dict[str, Any]:
    content = "\n".join((HEAD, *lines))
    made = {"Content": content, "ReportFormat": "text/csv", "GeneratedTime": "2026-11-26T08:00:00+00:00"}
    return {**made, **changes}


def test_report_has_every_column_that_is_relied_on():
    assert set(HEAD.split(",")) == credential_report.COLUMNS


def test_root_user_and_users_are_rows_with_truths_and_awss_own_words():
    root, ada = credential_report.parse_rows(report(ROOT, ADA))

    assert (root["user"], root["password_enabled"], root["mfa_active"]) == ("<root_account>", "not_supported", False)
    assert root["password_last_used"] == "2026-11-25T10:00:00+00:00"
    assert (ada["password_enabled"], ada["password_last_used"], ada["mfa_active"]) == (True, "no_information", True)
    assert ada["access_key_1_last_used_date"] == "N/A"


def test_each_row_says_when_its_report_was_made():
    assert [row["GeneratedTime"] for row in credential_report.parse_rows(report(ROOT, ADA))] == [
        "2026-11-26T08:00:00+00:00"
    ] * 2


def test_row_is_a_resource_by_the_arn_of_its_user():
    (row,) = credential_report.parse_rows(report(ADA))

    found = credential_report.parse_row(row, {}, HERE)

    assert (found.native_id, found.name, found.region) == ("arn:aws:iam::123456789012:user/ada", "ada", None)
    assert found.created_at is not None
    assert found.created_at.isoformat() == "2024-02-03T04:05:06+00:00"


def test_column_that_is_new_is_kept():
    content = f"{HEAD},cert_1_active\n{ADA},false"

    (row,) = credential_report.parse_rows(report(Content=content))

    assert row["cert_1_active"] is False


def test_name_with_commas_quotes_and_formulas_stays_one_value():
    hostile = '"=cmd|\'/c calc\'!A1,""x"""'
    (row,) = credential_report.parse_rows(report(ADA.replace("ada,arn", f"{hostile},arn", 1)))

    assert row["user"] == "=cmd|'/c calc'!A1,\"x\""
    assert row["arn"] == "arn:aws:iam::123456789012:user/ada"


def test_report_without_users_has_no_rows():
    assert credential_report.parse_rows(report()) == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"ReportFormat": "text/html"}, "no CSV"),
        ({"Content": ""}, "lacks columns"),
        ({"Content": "user,arn\nada,arn:x"}, "lacks columns"),
        ({"Content": f"{HEAD}\nada,arn:x"}, "several lengths"),
        ({"Content": f"{HEAD}\n{ADA},one,two"}, "several lengths"),
        ({"Content": f'{HEAD}\n"ada'}, "broken"),
        ({"Content": f"{HEAD}\n{'a' * 200_000},{ADA}"}, "broken|several lengths"),
        ({"Content": f"{HEAD}\n{ADA}".replace("ada,", '"ada"x,', 1)}, "broken"),
    ],
)
def test_report_of_another_shape_is_refused(changes, why):
    with pytest.raises(ValueError, match=why):
        credential_report.parse_rows(report(**changes))
