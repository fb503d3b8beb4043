"""The words of what an organization keeps of vendors, risks, data, people's requests and exercises."""

from enum import StrEnum


class RiskLevel(StrEnum):
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class RiskTreatment(StrEnum):
    MITIGATE = "MITIGATE"
    ACCEPT = "ACCEPT"
    TRANSFER = "TRANSFER"
    AVOID = "AVOID"


class PrivacyRequestKind(StrEnum):
    """What somebody asks of data about them. Source: GDPR, Articles 15 to 18, 20 and 21, and 77 for complaints."""

    ACCESS = "ACCESS"
    RECTIFICATION = "RECTIFICATION"
    ERASURE = "ERASURE"
    RESTRICTION = "RESTRICTION"
    PORTABILITY = "PORTABILITY"
    OBJECTION = "OBJECTION"
    COMPLAINT = "COMPLAINT"


class ExerciseKind(StrEnum):
    """TABLETOP: responding to an incident is talked through. TECHNICAL: it is tried on systems."""

    TABLETOP = "TABLETOP"
    TECHNICAL = "TECHNICAL"


class PagePurpose(StrEnum):
    """What a public page is for. SECURITY_TXT is the file of RFC 9116."""

    SECURITY = "SECURITY"
    STATUS = "STATUS"
    TERMS = "TERMS"
    CONTACT = "CONTACT"
    PRIVACY = "PRIVACY"
    SECURITY_TXT = "SECURITY_TXT"
