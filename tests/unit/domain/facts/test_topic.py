from domain.facts import topic


def test_topics_of_one_organization_are_distinct_and_name_their_tenant_first():
    makers = (
        topic.alerts,
        topic.syncs,
        topic.costs,
        topic.incidents,
        topic.jobs,
        topic.channels,
        topic.integrations,
        topic.audit_exports,
    )

    names = [make("65f0") for make in makers]

    assert names == [
        "tenant/65f0/alerts",
        "tenant/65f0/syncs",
        "tenant/65f0/costs",
        "tenant/65f0/incidents",
        "tenant/65f0/jobs",
        "tenant/65f0/channels",
        "tenant/65f0/integrations",
        "tenant/65f0/audit-exports",
    ]
