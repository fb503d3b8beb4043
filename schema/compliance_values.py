"""Registers the words of compliance and of frameworks for GraphQL."""

from domain.facts.compliance import CheckStatus, EvidenceKind, Frequency, Integration, Verdict
from domain.facts.framework import Coverage, Direction, Effort, Fit
from schema.values import register_enum

register_enum(
    CheckStatus,
    "What is said of a procedure, a control or a requirement. The first of these that one of several says is what is "
    "said of all.",
    {
        CheckStatus.FAIL: "Something that was looked at does not hold.",
        CheckStatus.ERROR: "Something needed could not be read in whole; never counted as a pass or a fail.",
        CheckStatus.WARNING: "Nothing fails, and something comes close.",
        CheckStatus.PASS: "Everything that was looked at holds.",
        CheckStatus.EXEMPT: "An approved exception covers all that fails.",
        CheckStatus.NOT_APPLICABLE: "There is provably nothing to judge.",
        CheckStatus.NOT_ASSESSED: "Nothing connected can tell.",
    },
)
register_enum(
    Integration,
    "Where the answers come from that a procedure judges.",
    {
        Integration.AWS: "Amazon Web Services.",
        Integration.AZURE: "Microsoft Azure.",
        Integration.GCP: "Google Cloud.",
        Integration.DIGITALOCEAN: "DigitalOcean.",
        Integration.GITHUB: "GitHub.",
        Integration.OKTA: "Okta.",
        Integration.JIRA: "Jira Cloud.",
        Integration.SLACK: "Slack.",
        Integration.PLATFORM: "CloudWatcher's own records.",
        Integration.MANUAL: "Records that people upload and a reviewer judges.",
    },
)
register_enum(
    EvidenceKind,
    "What a control is judged by.",
    {
        EvidenceKind.MACHINE_STATE: "Settings read from a system.",
        EvidenceKind.EVENT_POPULATION: "Every event of a window.",
        EvidenceKind.WORKFLOW_RECORD: "What people record in tickets or here.",
        EvidenceKind.HUMAN_ATTESTATION: "A statement that a named reviewer has judged.",
    },
)
register_enum(
    Frequency,
    "How often a control is judged without being asked.",
    {
        Frequency.HALF_HOURLY: "Every thirty minutes.",
        Frequency.DAILY: "Every day.",
        Frequency.WEEKLY: "Every week.",
        Frequency.MONTHLY: "Every thirty days.",
        Frequency.QUARTERLY: "Every 92 days.",
        Frequency.ANNUAL: "Every 365 days.",
    },
)
register_enum(
    Fit,
    "How well the controls answer a requirement.",
    {
        Fit.DIRECT: "They meet it.",
        Fit.PARTIAL: "They are part of the evidence.",
        Fit.MANUAL: "A person must judge; the controls hold the record.",
    },
)
register_enum(
    Coverage,
    "How much of a requirement's evidence comes by itself.",
    {
        Coverage.AUTOMATED: "All: the fit is direct, and something is judged without an upload.",
        Coverage.PARTIAL: "Part of it.",
        Coverage.MANUAL: "None.",
    },
)
register_enum(
    Effort,
    "What it takes to have a control hold.",
    {
        Effort.LOW: "A setting that a remediation here can change.",
        Effort.MEDIUM: "Work by hand, or records that people keep.",
        Effort.HIGH: "Another way of working, or proof that a reviewer has to judge.",
    },
)
register_enum(
    Direction,
    "Which way a parameter is tightened.",
    {
        Direction.HIGHER: "A higher number is stricter, each for itself in a table.",
        Direction.LOWER: "A lower number is stricter, each for itself in a table.",
        Direction.MORE: "More members of the list are stricter.",
        Direction.FEWER: "Fewer members of the list are stricter.",
        Direction.FREE: "It is a name, neither stricter nor laxer than another.",
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
