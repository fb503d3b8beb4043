"""EBS volumes for which more operations are bought than are made."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from math import ceil
from typing import Any

from domain.facts.finding import FindingCategory, Risk
from domain.facts.resource import Resource, ResourceKind
from domain.facts.severity import Severity
from domain.remediation.remedy import NoPlan, Remedy, Reversible
from domain.remediation.step import Call, Step
from domain.rules.aws_list_price import IO_VOLUME, IO_VOLUME_IOPS
from domain.rules.aws_metric import series
from domain.rules.aws_volume import described, size_gib
from domain.rules.aws_volume_step import of_type
from domain.rules.list_price import AWS_GP3_EXTRA_IOPS, AWS_GP3_EXTRA_THROUGHPUT, AWS_VOLUME, usd
from domain.rules.rule import EXAMPLE_NOW, Observation, Parameter, Rule, RuleContext, fires, quiet

BOUGHT = ("io1", "io2")
SECONDS, HOURS = 3600, 24
# Half of what is bought: the catalogue's measure of a volume that is hardly used.
USED_PERCENT, PERCENTILE = 50, 99
# Hours hide their peaks, so twice the busiest one is kept.
HEADROOM = 2
# Source: Amazon EBS user guide, "General Purpose SSD volumes": what gp3 includes, the least of what it can be given,
# and that an operation of an SSD volume moves at most 256 KiB.
GP3_IOPS, GP3_MOST_IOPS, GP3_MIBPS, GP3_MOST_MIBPS, GP3_MOST_GIB = 3000, 16000, 125, 1000, 16384
MIB_OF_OPERATION = 0.25


def is_overprovisioned(volume: Resource, context: RuleContext) -> Observation | None:
    """Fires when 99 of 100 hours need less than half of the operations that are bought."""
    bought = volume.config.get("Iops")
    rates = _rates(volume)
    is_known = len({hour[:10] for hour in rates}) >= context.parameters["lookback_days"]
    if volume.config.get("VolumeType") not in BOUGHT or not bought or not is_known:
        return None
    usual = _percentile(list(rates.values()))
    if usual >= bought * USED_PERCENT / 100:
        return None
    saving, formula = _saving(volume, context, max(rates.values()))
    return Observation(
        reason=f"{described(volume)} has {bought} IOPS and needs at most {ceil(usual)} in 99 of 100 hours.",
        observed={"Iops": bought, "p99_iops": round(usual, 1), "busiest_hour_iops": round(max(rates.values()), 1)},
        estimated_monthly_saving=saving,
        saving_formula=formula,
    )


def _rates(volume: Resource) -> Mapping[str, float]:
    """Hour -> operations a second in it. Empty unless reads and writes are known for the same hours."""
    reads, writes = series(volume, "VolumeReadOps.Sum") or {}, series(volume, "VolumeWriteOps.Sum") or {}
    if reads.keys() != writes.keys():
        return {}
    return {hour: (reads[hour] + writes[hour]) / SECONDS for hour in reads}


def _percentile(values: list[float]) -> float:
    """The least value that 99 of 100 do not exceed."""
    return sorted(values)[ceil(len(values) * PERCENTILE / 100) - 1]


def _needed(busiest: float) -> tuple[int, int]:
    """IOPS and MiB/s for twice the busiest hour, each operation counted at its largest."""
    wanted = busiest * HEADROOM
    return max(GP3_IOPS, ceil(wanted)), max(GP3_MIBPS, min(ceil(wanted * MIB_OF_OPERATION), GP3_MOST_MIBPS))


def _saving(volume: Resource, context: RuleContext, busiest: float) -> tuple[Any, str]:
    size, bought = size_gib(volume), volume.config["Iops"]
    billed = context.billed_usd(volume.native_id)
    now = size * IO_VOLUME.usd + bought * IO_VOLUME_IOPS.usd if billed is None else billed
    iops, mibps = _needed(busiest)
    extra = (iops - GP3_IOPS) * AWS_GP3_EXTRA_IOPS.usd + (mibps - GP3_MIBPS) * AWS_GP3_EXTRA_THROUGHPUT.usd
    formula = (
        f"{usd(now).amount} USD - ({size} GiB * {AWS_VOLUME['gp3'].usd}"
        f" + {iops - GP3_IOPS} IOPS * {AWS_GP3_EXTRA_IOPS.usd}"
        f" + {mibps - GP3_MIBPS} MiB/s * {AWS_GP3_EXTRA_THROUGHPUT.usd})"
    )
    return usd(Decimal(now) - size * AWS_VOLUME["gp3"].usd - extra), formula


def make_gp3(volume: Resource, _: RuleContext) -> tuple[Step, ...]:
    """One change of the type while the volume is in use, and back."""
    iops, mibps = _needed(max(_rates(volume).values()))
    if iops > GP3_MOST_IOPS or size_gib(volume) > GP3_MOST_GIB:
        raise NoPlan(f"A gp3 volume is not sure to be large and fast enough for {volume.native_id}.")
    if volume.config.get("MultiAttachEnabled"):
        raise NoPlan(f"{volume.native_id} may be attached to several instances, which gp3 does not allow.")
    former, bought = volume.config["VolumeType"], volume.config["Iops"]
    back = Step(
        name="back",
        says=f"Change {volume.native_id} back to {former} with {bought} IOPS.",
        call=_modified(volume, VolumeType=former, Iops=bought),
        found=of_type(volume, former),
    )
    return (
        Step(
            name="modify",
            says=f"Change {volume.native_id} from {former} with {bought} IOPS to gp3 with {iops} IOPS and "
            f"{mibps} MiB/s. AWS allows the next change six hours later.",
            call=_modified(volume, VolumeType="gp3", Iops=iops, Throughput=mibps),
            found=of_type(volume, "gp3"),
            undo=(back,),
        ),
    )


def _modified(volume: Resource, **wanted: Any) -> Call:
    return Call(operation="ec2.modify_volume", region=volume.region, arguments={"VolumeId": volume.native_id, **wanted})


def _volume(operations: int, days: int = 2, **config: Any) -> Resource:
    """100 GiB of io1 with 5000 IOPS for the examples, and as many operations read and written each second."""
    start = EXAMPLE_NOW.replace(hour=0) - timedelta(days=days)
    hours = [(start + timedelta(hours=hour)).isoformat() for hour in range(days * HOURS)]
    half = dict.fromkeys(hours, operations * SECONDS / 2)
    return Resource(
        kind=ResourceKind.AWS_EBS_VOLUME,
        native_id="vol-1",
        name="data",
        region="us-east-1",
        config={
            "VolumeType": "io1",
            "Size": 100,
            "Iops": 5000,
            "Metrics": {"VolumeReadOps.Sum": half, "VolumeWriteOps.Sum": half},
            **config,
        },
    )


TWO_DAYS = {"lookback_days": 2}
OVERPROVISIONED = Rule(
    id="aws-ebs-io-overprovisioned",
    title="EBS volume has far more IOPS than it uses",
    description="Operations of io1 and io2 volumes are bought one by one. gp3 has 3000 of them in its price.",
    category=FindingCategory.FINOPS,
    severity=Severity.MEDIUM,
    risk=Risk.MEDIUM,
    applies_to=ResourceKind.AWS_EBS_VOLUME,
    permissions=("cloudwatch:GetMetricData", "ec2:DescribeVolumes"),
    source="CloudWatch metrics VolumeReadOps and VolumeWriteOps; Amazon EBS pricing and user guide",
    blind_spots="Operations are counted by the hour, so a peak of minutes is not seen; twice the busiest hour is kept. "
    "The lower latency and durability that io2 promises are not weighed. An io2 volume of more than 32000 IOPS is "
    "cheaper than the list price says. Hours in which a volume was detached have no values.",
    parameters=(
        Parameter(name="lookback_days", default=30, least=1, most=30, meaning="Days for which its use must be known."),
    ),
    # Of other types CloudWatch is not asked, and what could not be read is carried over.
    needs=("VolumeType",),
    check=is_overprovisioned,
    group="rightsizing",
    remedy=Remedy(
        says="Changes the type of the volume to gp3 while it is in use.",
        plan=make_gp3,
        reversible=Reversible.YES,
        permissions=("ec2:ModifyVolume",),
    ),
    examples=(
        # 100 * 0.125 + 5000 * 0.065 - 100 * 0.08: the 100 operations a second are within what gp3 includes.
        fires(_volume(operations=100), parameters=TWO_DAYS),
        fires(_volume(operations=9000, Iops=20000), parameters=TWO_DAYS),
        fires(_volume(operations=100, MultiAttachEnabled=True), parameters=TWO_DAYS),
        quiet(_volume(operations=2500), parameters=TWO_DAYS),
        quiet(_volume(operations=100, days=1), parameters=TWO_DAYS),
        quiet(_volume(operations=100, VolumeType="gp3"), parameters=TWO_DAYS),
        quiet(_volume(operations=100, Metrics={"VolumeReadOps.Sum": {"2026-06-14": 0}}), parameters=TWO_DAYS),
    ),
)
