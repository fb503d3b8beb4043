"""How much an account is opened to CloudWatcher."""

from enum import StrEnum


class AccessLevel(StrEnum):
    READ = "READ"
    ACT = "ACT"
