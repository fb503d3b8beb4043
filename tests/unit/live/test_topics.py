from live import topics


def test_topics_of_one_organization_are_distinct():
    names = {topics.alerts("a"), topics.syncs("a"), topics.costs("a"), topics.wake_channel("a")}

    assert len(names) == 4


def test_topic_names_its_tenant_first():
    assert topics.alerts("65f0") == "tenant/65f0/alerts"
