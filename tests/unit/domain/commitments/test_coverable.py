"""Which charges commitments cover, by SKUs as the clouds print them."""

import pytest

from domain.commitments.coverable import POOLS, place_of, pool, pools_of
from domain.facts.provider import Provider

AWS, AZURE, GCP = Provider.AWS, Provider.AZURE, Provider.GCP
EC2, RDS = "Amazon Elastic Compute Cloud", "Amazon Relational Database Service"
COVERED = [
    (AWS, EC2, "$1.624 per On Demand Linux g5.4xlarge Instance Hour", ("aws-compute", "g5")),
    (AWS, EC2, "USE1-BoxUsage:m5.large", ("aws-compute", "m5")),
    (AWS, EC2, '{"InstanceType": "u-6tb1.metal"}', ("aws-compute", "u-6tb1")),
    (AWS, "Amazon Elastic Container Service", "AWS Fargate - vCPU  - US West 2 (Oregon)", ("aws-compute", "Fargate")),
    (AWS, "AWS Lambda", "AWS Lambda - Total Compute - US West (Oregon)-Tier-1", ("aws-compute", "Lambda")),
    (AWS, RDS, "InstanceUsage:db.r6g.large", ("aws-database", "db.r6g")),
    (AWS, "Amazon SageMaker", "USE1-Host:ml.c5.xlarge", ("aws-machine-learning", "ml.c5")),
    (AZURE, "Virtual Machines", "D4s v5", ("azure-compute", "Dsv5")),
    (AZURE, "Virtual Machines", "Standard_D2s_v5", ("azure-compute", "Dsv5")),
    (AZURE, "Virtual Machines", "E8-4ads v5", ("azure-compute", "Eadsv5")),
    (AZURE, "Azure App Service", "P1 v3", ("azure-compute", "Pv3")),
    (AZURE, "SQL Database", "General Purpose vCore", ("azure-database", "vCore")),
    (GCP, "Compute Engine", "N2D AMD Instance Ram running in Belgium", ("gcp-compute", "N2D")),
    (GCP, "Compute Engine", "N1 Predefined Instance Core running in Americas", ("gcp-compute", "N1")),
    (GCP, "Cloud SQL", "Cloud SQL for PostgreSQL: Zonal - vCPU in Belgium", ("gcp-database", "Cloud SQL")),
]
NOT_COVERED = [
    (AWS, EC2, "$0.045 per NAT Gateway Hour"),
    (AWS, EC2, "$0.08 per GB-month of General Purpose (gp3) provisioned storage - US East"),
    (AWS, EC2, "EBSOptimized:m4.large"),
    (AWS, "Amazon Elastic Container Service", "USE1-Fargate-EphemeralStorage-GB-Hours"),
    (AWS, "AWS Lambda", "AWS Lambda - Total Requests - US East (Ohio)"),
    (AWS, "Amazon Simple Storage Service", "m5.large"),
    (AZURE, "Virtual Machines", "D4s v5 Spot"),
    (GCP, "Compute Engine", "Spot Preemptible N2 Instance Core running in Belgium"),
    (GCP, "Compute Engine", "Storage PD Capacity"),
    (Provider.DIGITALOCEAN, EC2, "m5.large"),
]


@pytest.mark.parametrize(("provider", "service", "words", "place"), COVERED, ids=[row[2] for row in COVERED])
def test_what_a_commitment_covers_is_known_by_its_family(provider, service, words, place):
    assert place_of(provider, service, [None, words]) == place


@pytest.mark.parametrize(("provider", "service", "words"), NOT_COVERED, ids=[row[2] for row in NOT_COVERED])
def test_what_none_covers_has_no_place(provider, service, words):
    assert place_of(provider, service, [words]) is None


def test_every_pool_is_found_by_its_id_and_its_cloud():
    assert all(pool(one.id) is one and one in pools_of(one.provider) and one.source for one in POOLS)
    assert pool("gcp-database").services == ("Cloud SQL",)
