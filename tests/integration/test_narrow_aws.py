"""An event of CloudTrail has the account that moto stands in for read where it can have changed, and nowhere else."""

from collections.abc import Iterator

import orjson
import pytest

import documents
from app.wiring import Backend
from connectors.clouds.aws import session
from documents.account import sealed
from tests.factories.synthetic_account import again, rows_of, sync, work_on
from tests.fakes.aws import ACCOUNT, REGION, Moto, credentials
from tests.integration.event_house import called, make_house

# Who we are is asked with every sync; the list of the account itself looks at what IAM says of it, too.
BESIDE = {"sts", "s3", "s3control", "account", "shield"}


@pytest.fixture
def moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[Moto]:
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    monkeypatch.setattr(session, "PREPARING_SECONDS", 0.01)
    with Moto().served() as running:
        running.reset()
        yield running


async def test_an_event_of_iam_has_iam_read_and_nothing_else(backend: Backend, moto: Moto) -> None:
    house = await make_house(backend, native_id=ACCOUNT)
    cipher = await backend.vault.seal(house.tenant.org_id, orjson.dumps(credentials(moto.url).revealed()).decode())
    stored = {"$set": {"credentials": sealed(cipher)}}
    await documents.Account.rows().update_one({"_id": house.account.id}, stored)
    ec2, iam = moto.client("ec2"), moto.client("iam")
    group = ec2.create_security_group(GroupName="gone", Description="gone")["GroupId"]
    iam.create_user(UserName="leaving")
    whole = await sync(backend, house.account)
    iam.delete_user(UserName="leaving")
    iam.create_user(UserName="coming")
    ec2.delete_security_group(GroupId=group)
    moto.asked.clear()

    await house.receives(called("CreateUser", "iam", readOnly=False))
    await house.processes()
    (run,) = [one for one in await rows_of(documents.SyncRun, house.account) if one.id != whole.id]
    ended = await work_on(backend, await again(run))

    asked = {operation.partition(".")[0] for operation in moto.asked if operation}
    assert (ended, run.is_narrow, (await again(run)).touched) == ("SUCCEEDED", True, [f"iam@{REGION}"])
    assert "iam" in asked
    assert asked - BESIDE == {"iam"}
    users = {one.name: one.is_gone for one in await rows_of(documents.Resource, house.account, kind="AWS_IAM_USER")}
    assert (users["leaving"], users["coming"]) == (True, False)
    # Nobody has asked about groups: what became of this one is not known.
    (kept,) = await rows_of(documents.Resource, house.account, native_id=group)
    assert not kept.is_gone
