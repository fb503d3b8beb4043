"""Steps that keep an EBS volume as a snapshot, and that make it again from there. No rules here."""

from domain.facts.resource import Resource
from domain.remediation.step import TOKEN, Call, Look, Step, answer
from domain.rules.aws_tagging import found_by_mark, marked

MISSING = "InvalidVolume.NotFound"


def snapshot_of(volume: Resource) -> Step:
    """Keeps the volume in a snapshot and waits for it; later steps find it as the answer of `snapshot`."""
    return Step(
        name="snapshot",
        says=f"Take a snapshot of {volume.native_id} and wait until it is complete.",
        call=Call(
            operation="ec2.create_snapshot",
            region=volume.region,
            arguments={
                "VolumeId": volume.native_id,
                "Description": f"Kept by CloudWatcher before {volume.native_id} was deleted",
                "TagSpecifications": marked("snapshot", volume.tags),
            },
        ),
        found=found_by_mark("ec2.describe_snapshots", "Snapshots.0", volume.region),
        wait=Look(
            call=Call(
                operation="ec2.describe_snapshots",
                region=volume.region,
                arguments={"SnapshotIds": [answer("snapshot", "SnapshotId")]},
            ),
            path="Snapshots.0.State",
            ready=("completed",),
            failed=("error",),
        ),
    )


def deleted(volume: Resource, undo: tuple[Step, ...]) -> Step:
    """The volume goes."""
    return Step(
        name="delete",
        says=f"Delete {volume.native_id}.",
        call=Call(operation="ec2.delete_volume", region=volume.region, arguments={"VolumeId": volume.native_id}),
        gone=(MISSING,),
        undo=undo,
    )


def made_again(volume: Resource) -> Step:
    """A volume like this one from its snapshot, under another id; the step is called `create`."""
    kept = ("AvailabilityZone", "VolumeType", "Iops", "Throughput", "Encrypted", "KmsKeyId", "MultiAttachEnabled")
    given = {name: volume.config[name] for name in kept if volume.config.get(name) not in (None, "", False)}
    if volume.config.get("VolumeType") not in ("io1", "io2", "gp3"):
        # What AWS prints of the other types cannot be given.
        given = {name: value for name, value in given.items() if name not in ("Iops", "Throughput")}
    return Step(
        name="create",
        says=f"Make a volume like {volume.native_id} from the snapshot.",
        call=Call(
            operation="ec2.create_volume",
            region=volume.region,
            arguments={
                **given,
                "SnapshotId": answer("snapshot", "SnapshotId"),
                "TagSpecifications": marked("volume", volume.tags),
                "ClientToken": TOKEN,
            },
        ),
        found=found_by_mark("ec2.describe_volumes", "Volumes.0", volume.region),
        wait=Look(call=volume_look(volume.region, answer("create", "VolumeId")), path=STATE, ready=("available",)),
    )


STATE = "Volumes.0.State"


def volume_look(region: str | None, volume_id: object) -> Call:
    """The read that shows one volume."""
    return Call(operation="ec2.describe_volumes", region=region, arguments={"VolumeIds": [volume_id]})


def of_type(volume: Resource, wanted: str) -> Look:
    """Whether the volume has this type already."""
    arguments = {"VolumeIds": [volume.native_id], "Filters": [{"Name": "volume-type", "Values": [wanted]}]}
    return Look(
        call=Call(operation="ec2.describe_volumes", region=volume.region, arguments=arguments), path="Volumes.0"
    )
