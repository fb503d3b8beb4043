from domain.facts import topic


def test_topics_of_one_organization_are_distinct_and_name_their_tenant_first():
    names = {topic.alerts("65f0"), topic.syncs("65f0"), topic.costs("65f0")}

    assert names == {"tenant/65f0/alerts", "tenant/65f0/syncs", "tenant/65f0/costs"}
