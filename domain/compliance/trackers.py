"""Which hosts belong to trackers and ad tags, and whose they are.

Why they matter for health data: HHS Office for Civil Rights, "Use of Online Tracking Technologies by HIPAA Covered
Entities and Business Associates", 18 March 2024.
"""

from collections.abc import Iterable, Mapping

# Curated by hand from what vendors publish for their customers: what to paste into a page to install a tag, and what to
# allow for it in a content security policy, such as Google's "Use Tag Manager with a content security policy" and
# Contentsquare's "Content security policy". Hosts that serve other things than tags are left out, except those of Meta,
# whose buttons track as its pixel does. By the service and not the company: an agreement on Google Cloud says nothing
# of Google Analytics.
_HOSTS: Mapping[str, tuple[str, ...]] = {
    "AdRoll": ("adroll.com",),
    "Adobe Experience Cloud": ("2o7.net", "adobedtm.com", "demdex.net", "everesttech.net", "omtrdc.net"),
    "Amazon Ads": ("amazon-adsystem.com",),
    "Amplitude": ("amplitude.com",),
    "Comscore": ("scorecardresearch.com",),
    "Contentsquare": ("contentsquare.net",),
    "Crazy Egg": ("script.crazyegg.com",),
    "Criteo": ("criteo.com", "criteo.net"),
    "FullStory": ("fullstory.com",),
    "Google Ads": ("doubleclick.net", "googleadservices.com", "googlesyndication.com"),
    "Google Analytics": ("google-analytics.com", "googletagmanager.com"),
    "Heap": ("heapanalytics.com",),
    "Hotjar": ("hotjar.com", "hotjar.io"),
    "HubSpot": ("hs-analytics.net", "hs-scripts.com", "hsadspixel.net"),
    "LinkedIn": ("ads.linkedin.com", "snap.licdn.com"),
    "Lucky Orange": ("luckyorange.com",),
    "Meta": ("connect.facebook.net", "facebook.com"),
    "Microsoft Advertising": ("bat.bing.com",),
    "Microsoft Clarity": ("clarity.ms",),
    "Mixpanel": ("mixpanel.com", "mxpnl.com"),
    "Mouseflow": ("mouseflow.com",),
    "Outbrain": ("outbrain.com",),
    "Pinterest": ("ct.pinterest.com", "s.pinimg.com"),
    "Quantcast": ("quantserve.com",),
    "Quora": ("a.quora.com", "q.quora.com"),
    "Reddit": ("alb.reddit.com", "redditstatic.com"),
    "Segment": ("api.segment.io", "cdn.segment.com"),
    "Snap": ("sc-static.net", "tr.snapchat.com"),
    "Taboola": ("taboola.com",),
    "The Trade Desk": ("adsrvr.org",),
    "TikTok": ("analytics.tiktok.com",),
    "X": ("ads-twitter.com", "analytics.twitter.com"),
    "Yandex": ("mc.yandex.com", "mc.yandex.ru"),
}
# How companies are named besides their name.
_FORMS = frozenset({"bv", "corp", "corporation", "gmbh", "inc", "limited", "llc", "ltd", "platforms", "plc", "sa"})
OWNERS: Mapping[str, str] = {host: owner for owner, hosts in _HOSTS.items() for host in hosts}


def owner_of(host: str) -> str | None:
    """Whose tracker a host in small letters is, or lies below; None where it is no known tracker."""
    labels = host.split(".")
    parents = (".".join(labels[start:]) for start in range(len(labels) - 1))
    return next((OWNERS[parent] for parent in parents if parent in OWNERS), None)


def is_of(vendor: str, owner: str) -> bool:
    """Whether a vendor, by its name on the register, is whose tracker it is; the form of a company does not matter."""
    return _words(vendor) == _words(owner)


def by_owner(hosts: Iterable[str]) -> dict[str, list[str]]:
    """The trackers among these hosts, by whose they are."""
    found: dict[str, list[str]] = {}
    for host in sorted(set(hosts)):
        owner = owner_of(host)
        if owner is not None:
            found.setdefault(owner, []).append(host)
    return found


def _words(text: str) -> list[str]:
    words = text.lower().replace(",", " ").replace(".", " ").split()
    return [word for word in words if word not in _FORMS]
