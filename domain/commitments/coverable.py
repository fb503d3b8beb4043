"""Which charges of a bill a commitment could cover, and to which family of things they belong.

One readable table, one entry for each way to commit to a whole group of services. Not for prices or rates.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from domain.facts.provider import Provider

# A size of AWS after its family: m5.large, db.r6g.2xlarge, ml.c5.metal.
_SIZE = r"\.(?:nano|micro|small|medium|large|\d*xlarge|metal(?:-\w+)?)\b"


@dataclass(frozen=True, slots=True)
class Part:
    """Charges of these services (FOCUS ServiceName) whose SKU reads like `family`, and not like `unless`.

    What the pattern's group finds is the family; `named` is the family of patterns without a group.
    """

    services: tuple[str, ...]
    family: re.Pattern[str]
    unless: re.Pattern[str] | None = None
    named: str | None = None


@dataclass(frozen=True, slots=True)
class Pool:
    """What one kind of commitment could cover together. `source` says where the provider writes so."""

    id: str
    provider: Provider
    covers: str
    source: str
    parts: tuple[Part, ...]

    @property
    def services(self) -> tuple[str, ...]:
        return tuple(name for part in self.parts for name in part.services)

    def family_of(self, service: str, words: str) -> str | None:
        """The family of a charge by its service and by what its SKU says; None for what no commitment covers.

        `words` are the meter, the details of the price and the description, whichever the bill has.
        """
        for part in self.parts:
            if service in part.services and not (part.unless and part.unless.search(words)):
                found = part.family.search(words)
                if found is not None:
                    return part.named or "".join(group for group in found.groups() if group)
        return None


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


EC2 = ("Amazon Elastic Compute Cloud", "Amazon Elastic Compute Cloud - Compute", "AmazonEC2")
RDS = ("Amazon Relational Database Service", "AmazonRDS")
POOLS = (
    Pool(
        id="aws-compute",
        provider=Provider.AWS,
        covers="EC2 instances, Fargate and Lambda",
        source="Savings Plans user guide, Compute and EC2 Instance Savings Plans; Amazon EC2 user guide, Reserved "
        "Instances",
        parts=(
            # Not what is sold beside a machine by its size: faster disks, credits for processors.
            Part(EC2, re.compile(rf"(?<![\w.])([a-z][a-z0-9-]*){_SIZE}"), unless=_words("EBSOptimized", "Spot")),
            Part(
                ("Amazon Elastic Container Service", "Amazon Elastic Kubernetes Service", "AmazonECS", "AmazonEKS"),
                _words("Fargate"),
                unless=_words("Storage", "Spot"),
                named="Fargate",
            ),
            # Requests are not covered.
            Part(
                ("AWS Lambda", "AWSLambda"),
                _words("GB-Second", "Total Compute", "Provisioned-(?:GB-Second|Concurrency)"),
                named="Lambda",
            ),
        ),
    ),
    Pool(
        id="aws-database",
        provider=Provider.AWS,
        covers="RDS and Aurora instances",
        source="Savings Plans user guide, Database Savings Plans; Amazon RDS user guide, reserved DB instances",
        parts=(Part(RDS, re.compile(rf"(?<![\w.])(db\.[a-z][a-z0-9-]*){_SIZE}")),),
    ),
    Pool(
        id="aws-machine-learning",
        provider=Provider.AWS,
        covers="SageMaker instances",
        source="Savings Plans user guide, SageMaker AI Savings Plans",
        parts=(
            Part(
                ("Amazon SageMaker", "Amazon SageMaker AI", "AmazonSageMaker"),
                re.compile(rf"(?<![\w.])(ml\.[a-z][a-z0-9-]*){_SIZE}"),
                unless=_words("Spot"),
            ),
        ),
    ),
    Pool(
        id="azure-compute",
        provider=Provider.AZURE,
        covers="virtual machines, App Service and Container Instances",
        source="Azure savings plans, What is Azure savings plan for compute; Azure Reservations, virtual machines",
        parts=(
            # D4s v5, Standard_D4s_v5 and D2/D2s are series, a number of cores, features and a version.
            Part(
                ("Virtual Machines",),
                re.compile(
                    r"(?<![A-Za-z0-9])(?:Standard_)?([A-Z]{1,2})\d+(?:-\d+)?([a-z]*)[ _]?(v\d+)?(?![A-Za-z0-9])"
                ),
                unless=_words("Spot", "Low Priority", "License"),
            ),
            Part(("Azure App Service",), re.compile(r"(?<![A-Za-z0-9])(P)[0-9]m?(?:v| v)(3|4)(?![0-9])"), named="Pv3"),
            Part(("Container Instances",), _words("vCPU", "Memory"), unless=_words("Spot"), named="Containers"),
        ),
    ),
    Pool(
        id="azure-database",
        provider=Provider.AZURE,
        covers="vCores of SQL Database",
        source="Azure Reservations, Azure SQL Database reserved capacity",
        parts=(Part(("SQL Database", "Azure SQL Database"), _words("vCore"), named="vCore"),),
    ),
    Pool(
        id="gcp-compute",
        provider=Provider.GCP,
        covers="cores and memory of Compute Engine",
        source="Compute Engine documentation, Committed use discounts",
        parts=(
            Part(
                ("Compute Engine",),
                re.compile(r"(?:^|\s)([A-Z]\d?[A-Z]?) (?:[A-Za-z-]+ )*Instance (?:Core|Ram)\b"),
                unless=_words("Spot", "Preemptible", "Sole Tenancy", "Reserved"),
            ),
        ),
    ),
    Pool(
        id="gcp-database",
        provider=Provider.GCP,
        covers="cores and memory of Cloud SQL",
        source="Cloud SQL documentation, Committed use discounts",
        # Machines with a shared core are not covered; their SKUs name neither.
        parts=(Part(("Cloud SQL",), _words(r"\bvCPU\b", r"\bRAM\b"), named="Cloud SQL"),),
    ),
)
_BY_ID = {pool.id: pool for pool in POOLS}


def pool(id: str) -> Pool:
    """Raises KeyError for an id no pool has."""
    return _BY_ID[id]


def pools_of(provider: Provider) -> tuple[Pool, ...]:
    """What can be committed to there, in the order of the table; empty for clouds that sell no commitments."""
    return tuple(one for one in POOLS if one.provider is provider)


def place_of(provider: Provider, service: str, words: Iterable[str | None]) -> tuple[str, str] | None:
    """The pool and the family of a charge; None for what no commitment covers."""
    text = " | ".join(word for word in words if word)
    for one in pools_of(provider):
        family = one.family_of(service, text)
        if family is not None:
            return one.id, family
    return None
