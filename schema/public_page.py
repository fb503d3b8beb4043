"""Public pages that an organization has declared."""

from datetime import datetime

import strawberry
from pydantic import Field

import documents
from domain.facts.register import PagePurpose
from schema.errors import payload
from schema.node import said, view
from schema.register import EntryInput, RegisterEntry
from schema.values import register_enum

register_enum(
    PagePurpose,
    "What a public page is for.",
    {
        PagePurpose.SECURITY: "It tells how we keep what is given to us.",
        PagePurpose.STATUS: "It tells how our services do.",
        PagePurpose.TERMS: "It has the terms that hold between us and customers.",
        PagePurpose.CONTACT: "It tells how to reach us.",
        PagePurpose.PRIVACY: "It is the notice on privacy.",
        PagePurpose.SECURITY_TXT: "It is /.well-known/security.txt, which RFC 9116 describes.",
    },
)


@view(documents.PublicPage, description="A public page that was declared, as it answered last.")
class PublicPage(RegisterEntry):
    url: str = said("Its address.")
    purpose: PagePurpose = said("What it is for.")
    last_reviewed_at: datetime | None = said("When a member last said that they have read it; null: never.")
    approved_sha256: str | None = said("SHA-256 of the text that was approved; null: none was.")
    fetched_at: datetime | None = said("When it was last fetched; null: not yet, which takes ten minutes at most.")
    status_code: int | None = said("The HTTP status it answered; null: nobody answered, or with a bad certificate.")
    is_tls: bool = said("Whether that was over verified TLS.")
    body_sha256: str | None = said("SHA-256 of what it answered; pass it as approvedSha256 to approve that text.")
    sections: list[str] = said(
        "Of a notice on privacy: which of purpose, retention, sharing, choice and contact were found."
    )
    security_txt_expires: datetime | None = said("Of a security.txt: until when it holds.")


@strawberry.pydantic.input(description="A public page as it shall be from now on.")
class RecordPublicPageInput(EntryInput):
    url: str = Field(min_length=9, max_length=500, description="Its https:// address, without ? and #.")
    purpose: PagePurpose = Field(description="What it is for.")
    has_reviewed: bool = Field(
        default=False, description="That you have read it now. Else the last time stays, while the address does."
    )
    approved_sha256: str | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256 of the text that is approved, as bodySha256 tells it; left out: none is.",
    )


RecordPublicPagePayload = payload("RecordPublicPage", "page", PublicPage, "The page now.")
