"""How a project of Google Cloud is told to publish its events, and a subscription to push them or to keep them."""

import re

from domain.facts.intake_settings import PubsubPullSettings, PubsubPushSettings
from domain.setup.event_place import EventPlace, plain
from domain.setup.guide import Snippet, lines

SUBSCRIPTION = re.compile(r"projects/([a-z0-9.:-]+)/subscriptions/([A-Za-z][A-Za-z0-9._~+%-]{2,254})")
TOPIC = "cloudwatcher-events"
# Changes, not reads; findings of Security Command Center and incidents of Monitoring name the topic themselves.
FILTER = 'log_id("cloudaudit.googleapis.com/activity")'


def push(place: EventPlace, settings: PubsubPushSettings) -> tuple[list[str], list[Snippet]]:
    """A subscription that pushes with a token of a service account."""
    project, name = _split(settings.subscription, place)
    audience, account = plain(settings.audience or place.address), plain(settings.service_account)
    return (
        [
            "Run the commands with gcloud, signed in as an owner of the project, or apply the Terraform.",
            *_ABOUT_TOPIC,
            "Pub/Sub signs each push as the service account; it needs no permissions of its own.",
        ],
        [
            Snippet(
                "Commands", "cloudwatcher-pubsub.sh", "bash", _push_commands(project, name, place, account, audience)
            ),
            Snippet(
                "Terraform", "cloudwatcher_pubsub.tf", "hcl", _push_terraform(project, name, place, account, audience)
            ),
        ],
    )


def pull(place: EventPlace, settings: PubsubPullSettings) -> tuple[list[str], list[Snippet]]:
    """A subscription that keeps events until they are read with the account's own key."""
    project, name = _split(settings.subscription, place)
    return (
        [
            "Run the commands with gcloud, signed in as an owner of the project, or apply the Terraform.",
            *_ABOUT_TOPIC,
            "The service account that the project is connected with must be a subscriber of the subscription.",
        ],
        [
            Snippet("Commands", "cloudwatcher-pubsub.sh", "bash", _pull_commands(project, name)),
            Snippet("Terraform", "cloudwatcher_pubsub.tf", "hcl", _pull_terraform(project, name)),
        ],
    )


_ABOUT_TOPIC = (
    "Name the topic in notification channels of Monitoring, in budgets and in notifications of Security Command "
    "Center, to get these as well.",
)


def _split(subscription: str, place: EventPlace) -> tuple[str, str]:
    match = SUBSCRIPTION.fullmatch(subscription)
    return (match[1], match[2]) if match else (plain(place.account), "cloudwatcher")


def _topic_commands(project: str) -> list[str]:
    return [
        "set -eu",
        f"PROJECT={project}",
        f'gcloud pubsub topics create {TOPIC} --project "$PROJECT"',
        f'gcloud logging sinks create {TOPIC} "pubsub.googleapis.com/projects/$PROJECT/topics/{TOPIC}" \\',
        f"  --project \"$PROJECT\" --log-filter '{FILTER}'",
        f'WRITER=$(gcloud logging sinks describe {TOPIC} --project "$PROJECT" --format "value(writerIdentity)")',
        f'gcloud pubsub topics add-iam-policy-binding {TOPIC} --project "$PROJECT" --member "$WRITER" \\',
        "  --role roles/pubsub.publisher",
    ]


def _push_commands(project: str, name: str, place: EventPlace, account: str, audience: str) -> str:
    return lines(
        *_topic_commands(project),
        f'gcloud pubsub subscriptions create {name} --project "$PROJECT" --topic {TOPIC} --ack-deadline 30 \\',
        f"  --push-endpoint {place.address} \\",
        f"  --push-auth-service-account {account} \\",
        f"  --push-auth-token-audience {audience}",
    )


def _pull_commands(project: str, name: str) -> str:
    return lines(
        *_topic_commands(project),
        f'gcloud pubsub subscriptions create {name} --project "$PROJECT" --topic {TOPIC} --ack-deadline 60',
        f'gcloud pubsub subscriptions add-iam-policy-binding {name} --project "$PROJECT" \\',
        '  --member "serviceAccount:cloudwatcher@$PROJECT.iam.gserviceaccount.com" --role roles/pubsub.subscriber',
    )


def _topic_terraform(project: str) -> list[str]:
    return [
        'resource "google_pubsub_topic" "cloudwatcher" {',
        f'  project = "{project}"',
        f'  name    = "{TOPIC}"',
        "}",
        'resource "google_logging_project_sink" "cloudwatcher" {',
        f'  project                = "{project}"',
        f'  name                   = "{TOPIC}"',
        '  destination            = "pubsub.googleapis.com/${google_pubsub_topic.cloudwatcher.id}"',
        f"  filter                 = {_quoted(FILTER)}",
        "  unique_writer_identity = true",
        "}",
        'resource "google_pubsub_topic_iam_member" "cloudwatcher" {',
        f'  project = "{project}"',
        "  topic   = google_pubsub_topic.cloudwatcher.name",
        '  role    = "roles/pubsub.publisher"',
        "  member  = google_logging_project_sink.cloudwatcher.writer_identity",
        "}",
    ]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


def _push_terraform(project: str, name: str, place: EventPlace, account: str, audience: str) -> str:
    return lines(
        *_topic_terraform(project),
        'resource "google_pubsub_subscription" "cloudwatcher" {',
        f'  project              = "{project}"',
        f'  name                 = "{name}"',
        "  topic                = google_pubsub_topic.cloudwatcher.id",
        "  ack_deadline_seconds = 30",
        "  push_config {",
        f'    push_endpoint = "{place.address}"',
        "    oidc_token {",
        f'      service_account_email = "{account}"',
        f'      audience              = "{audience}"',
        "    }",
        "  }",
        "}",
    )


def _pull_terraform(project: str, name: str) -> str:
    return lines(
        *_topic_terraform(project),
        'resource "google_pubsub_subscription" "cloudwatcher" {',
        f'  project              = "{project}"',
        f'  name                 = "{name}"',
        "  topic                = google_pubsub_topic.cloudwatcher.id",
        "  ack_deadline_seconds = 60",
        "}",
        'resource "google_pubsub_subscription_iam_member" "cloudwatcher" {',
        f'  project      = "{project}"',
        "  subscription = google_pubsub_subscription.cloudwatcher.name",
        '  role         = "roles/pubsub.subscriber"',
        f'  member       = "serviceAccount:cloudwatcher@{project}.iam.gserviceaccount.com"',
        "}",
    )
