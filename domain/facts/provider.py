"""The clouds an account can live in."""

from enum import StrEnum


class Provider(StrEnum):
    AWS = "AWS"
    AZURE = "AZURE"
    GCP = "GCP"
    DIGITALOCEAN = "DIGITALOCEAN"
    OTHER = "OTHER"
