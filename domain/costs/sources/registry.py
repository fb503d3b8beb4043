"""Which native form a file has, told by its header."""

from collections.abc import Mapping, Sequence

from domain.costs.native import NativeSource, fold
from domain.costs.sources import (
    aws_cur,
    azure_details,
    azure_query,
    cost_explorer,
    digitalocean,
    gcp_export,
    oci_report,
)

_IN_FILES = (aws_cur.AWS_CUR, oci_report.OCI_REPORT, gcp_export.GCP_EXPORT, digitalocean.DIGITALOCEAN_INVOICE)

# Every mapping there is, by the heading under which the guide shows it.
SOURCES: Mapping[str, NativeSource] = {
    source.name: source
    for source in (
        *_IN_FILES,
        *azure_details.AZURE_DETAILS.values(),
        cost_explorer.COST_EXPLORER,
        azure_query.AZURE_QUERY,
        digitalocean.DIGITALOCEAN_INSIGHTS,
    )
}

# With these a file is FOCUS, whatever else it has.
_FOCUS = ("billedcost", "chargecategory")


def source_of(names: Sequence[str], file: str = "", beside: Sequence[str] = ()) -> NativeSource | None:
    """The native form of a file with this header, None for FOCUS and for what nobody knows.

    `file` is its name and `beside` are the names of files loaded with it: Azure's actual and amortised costs look the
    same and are told apart by their names.
    """
    if {name.strip().casefold() for name in names}.issuperset(_FOCUS):
        return None
    folded = frozenset(map(fold, names))
    if azure_details.AZURE_DETAILS[azure_details.Half.ACTUAL].is_told_by(folded):
        return azure_details.AZURE_DETAILS[azure_details.half_of(file, tuple(beside))]
    return next((source for source in _IN_FILES if source.is_told_by(folded)), None)


def reading_of(file: str, beside: Sequence[str]) -> str:
    """What the names of files add to what their rows mean, "" where they add nothing."""
    half = azure_details.half_of(file, tuple(beside))
    return "" if half is azure_details.Half.ACTUAL else half.value
