"""Until when AWS supports what functions and clusters run on.

Only the ends that are fixed: AWS has put off that of the runtimes on Amazon Linux 2 (java8.al2, java11, java17,
python3.10, python3.11, provided.al2), and a version that is not listed counts as supported.
"""

from datetime import UTC, datetime

# Deprecation dates. Source: AWS Lambda developer guide, "Lambda runtimes".
RUNTIMES = {
    "nodejs": "2016-10-31",
    "nodejs4.3": "2020-03-05",
    "nodejs4.3-edge": "2019-04-30",
    "nodejs6.10": "2019-08-12",
    "nodejs8.10": "2020-03-06",
    "nodejs10.x": "2021-07-30",
    "nodejs12.x": "2023-03-31",
    "nodejs14.x": "2023-12-04",
    "nodejs16.x": "2024-06-12",
    "nodejs18.x": "2025-09-01",
    "nodejs20.x": "2026-04-30",
    "nodejs22.x": "2027-04-30",
    "nodejs24.x": "2028-04-30",
    "python2.7": "2021-07-15",
    "python3.6": "2022-07-18",
    "python3.7": "2023-12-04",
    "python3.8": "2024-10-14",
    "python3.9": "2025-12-15",
    "python3.12": "2028-10-31",
    "python3.13": "2029-06-30",
    "ruby2.5": "2021-07-30",
    "ruby2.7": "2023-12-07",
    "ruby3.2": "2026-03-31",
    "ruby3.3": "2027-03-31",
    "ruby3.4": "2028-03-31",
    "java8": "2024-01-08",
    "go1.x": "2024-01-08",
    "provided": "2024-01-08",
    "dotnetcore1.0": "2019-06-27",
    "dotnetcore2.0": "2019-05-30",
    "dotnetcore2.1": "2022-01-05",
    "dotnetcore3.1": "2023-04-03",
    "dotnet6": "2024-12-20",
    "dotnet8": "2026-11-10",
    "dotnet10": "2028-11-14",
}
# Ends of standard support; the extended one lasts a year longer. Source: Amazon EKS user guide, "Kubernetes versions".
CLUSTERS = {
    "1.24": "2024-01-31",
    "1.25": "2024-05-01",
    "1.26": "2024-06-11",
    "1.27": "2024-07-24",
    "1.28": "2024-11-26",
    "1.29": "2025-03-23",
    "1.30": "2025-07-23",
    "1.31": "2025-11-26",
    "1.32": "2026-03-23",
    "1.33": "2026-07-29",
    "1.34": "2026-12-02",
    "1.35": "2027-03-27",
}


def runtime_end(runtime: str) -> datetime | None:
    """When AWS stops to mend a runtime of Lambda; None where no end is fixed."""
    return _moment(RUNTIMES[runtime]) if runtime in RUNTIMES else None


def cluster_ends(version: str) -> tuple[datetime, datetime] | None:
    """When the standard and the extended support of a version of EKS end; None where no end is fixed.

    Those before the first one listed ended with it. Raises ValueError for what is no version.
    """
    oldest = min(CLUSTERS, key=_number)
    listed = oldest if _number(version) < _number(oldest) else version
    if listed not in CLUSTERS:
        return None
    standard = _moment(CLUSTERS[listed])
    return standard, standard.replace(year=standard.year + 1)


def _moment(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
