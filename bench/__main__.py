"""`python -m bench`: the comparison with other servers, and the measurements beside it. `--help` lists them."""

import argparse
import sys

from bench import (
    audit_pack,
    comparison,
    controls,
    dashboard,
    evidence,
    forecast,
    growth,
    guarded,
    import_costs,
    intake,
    memory,
    operations,
    results,
    rules,
    sign_in,
    sync_scale,
    verdict,
)

MEASUREMENTS = {
    "audit-pack": (audit_pack.main, "the audit pack of twelve months: time, size, memory, and that it verifies"),
    "compare": (comparison.main, "other servers on the same work over the same MongoDB, over HTTP and sockets"),
    "rules": (rules.main, "50,000 resources of AWS judged by every rule"),
    "controls": (controls.main, "47,000 resources of AWS judged by every control and sealed into the chain"),
    "dashboard": (dashboard.main, "the dashboard over millions of rows: kept, and computed anew"),
    "evidence": (evidence.main, "a pack of a million records verified offline, and 10,000 tamperings found"),
    "forecast": (forecast.main, "how good forecasts of costs are, and how long ten thousand take"),
    "guard": (guarded.main, "what the guard of outside calls costs a call, next to none"),
    "growth": (growth.main, "the same queries over more alerts and more tenants"),
    "memory": (memory.main, "memory of web and worker under load for an hour, and processor time per alert"),
    "operations": (operations.main, "every operation of the demo at 50 clients"),
    "page": (results.rewrite_page, "write the page again from what was measured last"),
    "sign-in": (sign_in.main, "how long others wait while twenty people sign in"),
    "sync": (sync_scale.main, "a sync of 50,000 resources, and the next one without changes"),
    "intake": (intake.main, "from a provider's event to an open subscriber, beside asking every five seconds"),
    "verdict": (verdict.main, "from a change in an account to its new verdict on an open socket"),
    "import": (import_costs.main, "the cost import next to a bare insert_many"),
}


def main() -> None:
    arguments = sys.argv[1:]
    if arguments and arguments[0] in MEASUREMENTS:
        name = arguments.pop(0)
    elif not arguments or (arguments[0].startswith("--") and arguments[0] != "--help"):
        name = "compare"
    else:
        lines = [f"  {name:12}{told}" for name, (_, told) in MEASUREMENTS.items()]
        epilog = "\n".join(
            ["measurements:", *lines, "", "Each has a --help of its own; compare is run when none is named."]
        )
        raw = argparse.RawDescriptionHelpFormatter
        parser = argparse.ArgumentParser(
            prog="python -m bench", description=__doc__, epilog=epilog, formatter_class=raw
        )
        parser.add_argument("measurement", choices=MEASUREMENTS)
        parser.parse_args(arguments)
        return
    sys.argv[:] = [f"python -m bench {name}", *arguments]
    MEASUREMENTS[name][0]()


if __name__ == "__main__":
    main()
