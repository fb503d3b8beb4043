"""The clouds an account can live in, and the other systems that can be connected."""

from enum import StrEnum


class Provider(StrEnum):
    AWS = "AWS"
    AZURE = "AZURE"
    GCP = "GCP"
    DIGITALOCEAN = "DIGITALOCEAN"
    GITHUB = "GITHUB"
    OKTA = "OKTA"
    JIRA = "JIRA"
    SLACK = "SLACK"
    OTHER = "OTHER"
