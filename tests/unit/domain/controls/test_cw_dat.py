"""What holds for all controls of data."""

import pytest

from domain.controls.cw_dat_01 import CONTROL as PRIVATE
from domain.controls.cw_dat_02 import CONTROL as ENCRYPTED
from domain.controls.cw_dat_03 import CONTROL as IN_MOTION
from domain.controls.cw_dat_04 import CONTROL as KEYS
from domain.controls.cw_dat_05 import CONTROL as SECRETS
from domain.controls.cw_dat_06 import CONTROL as LABELS
from domain.controls.cw_dat_07 import CONTROL as TERMS
from domain.facts.compliance import CheckStatus
from tests.factories.judged_alone import depends_on, judged

CONTROLS = (PRIVATE, ENCRYPTED, IN_MOTION, KEYS, SECRETS, LABELS, TERMS)
# The list of keys gives no more than their ids; what is stored is asked only when a key is about to be destroyed.
NOW_AND_THEN = {
    KEYS.id: (
        "kms.list_keys",
        "ec2.describe_volumes",
        "rds.describe_db_instances",
        "efs.describe_file_systems",
        "secretsmanager.list_secrets",
        "logs.describe_log_groups",
        "s3.get_bucket_encryption",
        "dynamodb.describe_table",
    )
}
NEEDED = [one for control in CONTROLS for one in depends_on((control,), *NOW_AND_THEN.get(control.id, ()))]


@pytest.mark.parametrize(("control", "integration", "operation"), NEEDED)
def test_nothing_is_said_of_what_was_not_read(control, integration, operation):
    found = judged(control, integration, unread=(operation,))

    assert (found.status, found.problem) == (CheckStatus.ERROR, f"{operation}: the call was refused")


@pytest.mark.parametrize(
    ("control", "integration"), [(control, one.integration) for control in CONTROLS for one in control.procedures]
)
def test_where_nothing_is_there_is_nothing_to_judge(control, integration):
    assert judged(control, integration).status is CheckStatus.NOT_APPLICABLE
