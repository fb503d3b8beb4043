"""The words of compliance on the wire."""

from domain.facts.compliance import CheckStatus, Integration, Verdict
from schema.values import register_enum

register_enum(
    Integration,
    "What a control is judged by: a connected system, CloudWatcher itself, or what people file.",
    {
        Integration.AWS: "Amazon Web Services.",
        Integration.AZURE: "Microsoft Azure.",
        Integration.GCP: "Google Cloud.",
        Integration.DIGITALOCEAN: "DigitalOcean.",
        Integration.GITHUB: "GitHub.",
        Integration.OKTA: "Okta.",
        Integration.JIRA: "Jira Cloud.",
        Integration.SLACK: "Slack.",
        Integration.PLATFORM: "The records of CloudWatcher itself.",
        Integration.MANUAL: "What people file here.",
    },
)
register_enum(
    CheckStatus,
    "What is said of a check, a control or a requirement.",
    {
        CheckStatus.FAIL: "Something is not as it must be.",
        CheckStatus.ERROR: "Something that is needed could not be read in whole, so nothing is said.",
        CheckStatus.WARNING: "Nothing fails, but something is about to, or is weaker than it should be.",
        CheckStatus.PASS: "Everything that was looked at is as it must be.",
        CheckStatus.EXEMPT: "An approved exception covers everything that fails.",
        CheckStatus.NOT_APPLICABLE: "There is provably nothing to judge.",
        CheckStatus.NOT_ASSESSED: "Nothing that is connected can tell.",
    },
)
register_enum(
    Verdict,
    "What is said of one thing that was looked at.",
    {
        Verdict.PASS: "It is as it must be.",
        Verdict.WARNING: "It is about to fail, or is weaker than it should be.",
        Verdict.FAIL: "It is not as it must be.",
        Verdict.EXEMPT: "It fails, and an approved exception covers it.",
    },
)
