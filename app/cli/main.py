"""The commands and their options. What they do stands in the sibling modules, imported only when asked for."""

import asyncio
import sys
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr, ValidationError
from rich.console import Console

from app.settings import Settings
from domain.errors import CloudWatcherError

app = typer.Typer(
    name="cloudwatcher",
    help="Multi-cloud costs, safety and compliance in one live GraphQL graph.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
keys = typer.Typer(
    help="The keys that stored secrets are encrypted with: list them, replace them. See docs/operations/keys.md.",
    no_args_is_help=True,
)
app.add_typer(keys, name="keys")
DataDir = Annotated[Path | None, typer.Option(help="Where embedded servers and key files live. Default: .data")]
Host = Annotated[str | None, typer.Option(help="Address to listen on. Default: 127.0.0.1")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on. Default: 8000, or PORT")]


def settings_with(data_dir: Path | None = None, host: str | None = None, port: int | None = None) -> Settings:
    """The settings of the environment with what the command line says on top."""
    settings = Settings()
    chosen = {"data_dir": data_dir, "host": host, "port": port}
    changed = settings.model_copy(update={name: value for name, value in chosen.items() if value is not None})
    if "public_url" not in settings.model_fields_set:
        changed = changed.model_copy(update={"public_url": f"http://{changed.host}:{changed.port}"})
    return changed


@app.command()
def up(host: Host = None, port: Port = None, data_dir: DataDir = None) -> None:
    """Start everything in this terminal: servers that are not set by MONGODB_URL and REDIS_URL, web and worker."""
    from app.cli.up import run_up

    raise typer.Exit(run_up(settings_with(data_dir, host, port)))


@app.command()
def demo(
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    change_every: Annotated[float, typer.Option(min=1, help="Seconds between changes in the stand-in account.")] = 20,
) -> None:
    """Like `up`, with a managed provider, two client companies, thirteen months of bills and a stand-in AWS account."""
    from app.demo.run import run_demo

    raise typer.Exit(run_demo(settings_with(data_dir, host, port), change_every))


@app.command()
def migrate(data_dir: DataDir = None) -> None:
    """Create missing collections and indexes, drop obsolete ones. Safe to repeat, and to run twice at once."""
    from app.cli.store import borrowed_store, run_migrate

    with borrowed_store(settings_with(data_dir)) as settings:
        done = asyncio.run(run_migrate(settings))
    for what in done:
        typer.echo(what)
    typer.echo(f"{len(done)} done; everything is in place." if done else "Everything was in place already.")


@app.command("import-costs")
def import_costs(
    files: Annotated[
        list[Path], typer.Argument(help="FOCUS 1.0 to 1.3 exports or native bills: .csv, .csv.gz or .parquet")
    ],
    organization: Annotated[
        str | None, typer.Option(help="Name or id of the organization; may be left out when there is only one.")
    ] = None,
    source: Annotated[str, typer.Option(help="Label that keeps several feeds of one billing account apart.")] = "",
    fill: Annotated[
        list[str] | None, typer.Option(help="Value for a column the file lacks, as Column=value. May be repeated.")
    ] = None,
    lenient: Annotated[
        bool, typer.Option(help="Also read month-first dates such as 4/1/25 and amounts such as $1,200.00.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Load billing files. A period loaded again replaces the old rows in one step; a bad file changes nothing."""
    from app.cli.import_costs import run_import
    from app.cli.store import borrowed_store

    with borrowed_store(settings_with(data_dir)) as settings:
        code = asyncio.run(
            run_import(settings, files, organization=organization, source=source, fill=fill or [], lenient=lenient)
        )
    raise typer.Exit(code)


@app.command("import-metric")
def import_metric(
    file: Annotated[Path, typer.Argument(help="CSV with day and value, and columns for what points are of.")],
    metric: Annotated[str, typer.Option(help="Name of the business metric.")],
    unit: Annotated[str | None, typer.Option(help="One of it, such as order: makes the metric.")] = None,
    organization: Annotated[
        str | None, typer.Option(help="Name or id of the organization; may be left out when there is only one.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Load points of a business metric. The same day again replaces it; lines that cannot be read are told."""
    from app.cli.import_metric import run_import_metric
    from app.cli.store import borrowed_store

    with borrowed_store(settings_with(data_dir)) as settings:
        code = asyncio.run(run_import_metric(settings, file, organization=organization, metric=metric, unit=unit))
    raise typer.Exit(code)


@app.command("check-focus")
def check_focus(
    file: Annotated[Path, typer.Argument(help="A FOCUS file or a native bill: .csv, .csv.gz or .parquet")],
    version: Annotated[
        str | None, typer.Option(help="1.0, 1.1, 1.2 or 1.3. Default: the one the columns of the file belong to.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, for programs.")] = False,
) -> None:
    """Hold a file to the rules of FOCUS. Loads nothing and needs no database; ends with 1 when a rule is broken."""
    from app.cli.check_focus import run_check

    raise typer.Exit(run_check(file, version, as_json=as_json))


@app.command("fetch-costs")
def fetch_costs(
    organization: Annotated[
        str | None, typer.Option(help="Name or id of the organization; may be left out when there is only one.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Name or place of one cost source. Default: all")] = None,
    data_dir: DataDir = None,
) -> None:
    """Look for new bills now, wherever the organization has them fetched from."""
    from app.cli.fetch_costs import run_fetch
    from app.cli.store import borrowed_store

    with borrowed_store(settings_with(data_dir)) as settings:
        code = asyncio.run(run_fetch(settings, organization=organization, source=source))
    raise typer.Exit(code)


@app.command("export-costs")
def export_costs(
    file: Annotated[Path, typer.Argument(help="The file to write: .csv.gz or .parquet for FOCUS, .csv for finance")],
    first: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day (UTC) on which charges begin.")],
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day (UTC) before which charges begin.")],
    organization: Annotated[
        str | None, typer.Option(help="Name or id of the organization; may be left out when there is only one.")
    ] = None,
    focus_version: Annotated[str, typer.Option(help="The version of FOCUS: 1.2 or 1.3.")] = "1.3",
    data_dir: DataDir = None,
) -> None:
    """Write billed rows as FOCUS, or sums by month for finance, into a file. Nothing is stored."""
    from app.cli.export_costs import run_export
    from app.cli.store import borrowed_store

    with borrowed_store(settings_with(data_dir)) as settings:
        code = asyncio.run(
            run_export(
                settings,
                file,
                first=first.date(),
                until=until.date(),
                organization=organization,
                version=focus_version,
            )
        )
    raise typer.Exit(code)


@app.command()
def verify(
    file: Annotated[
        Path | None,
        typer.Argument(help="An exported audit log or a pack of evidence to verify, without database or network."),
    ] = None,
    organization: Annotated[str | None, typer.Option(help="Name or id of one organization. Default: all")] = None,
    known: Annotated[
        str | None, typer.Option(help="Place and hash of an entry that you noted elsewhere, as seq:hash.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="Public key that must have signed the file.")] = None,
    evidence: Annotated[bool, typer.Option(help="The evidence in the database instead of the audit logs.")] = False,
    held: Annotated[str | None, typer.Option(help="A head of evidence that was sent out, as SEQ:HASH.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Check that audit logs and evidence are as they were written: nothing deleted, edited, reordered or cut off."""
    from app.cli.store import borrowed_store
    from app.cli.verify import run_verify, run_verify_file
    from app.cli.verify_evidence import run_verify_evidence

    if file is not None:
        raise typer.Exit(run_verify_file(file, key, held))
    with borrowed_store(settings_with(data_dir)) as settings:
        if evidence:
            code = asyncio.run(run_verify_evidence(settings, organization, held))
        else:
            code = asyncio.run(run_verify(settings, organization, known))
    raise typer.Exit(code)


@app.command("database-roles")
def database_roles(
    update: Annotated[bool, typer.Option(help="Bring roles that exist up to this version.")] = False,
) -> None:
    """Print the MongoDB roles under which the application cannot change its own audit log, for mongosh."""
    from app.cli.database_roles import role_scripts

    for line in role_scripts(settings_with().mongodb_database, update=update):
        typer.echo(line)


@app.command()
def watch(
    email: Annotated[str, typer.Option(prompt=True, help="Sign-in address.")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, help="Asked for when left out.")],
    url: Annotated[str | None, typer.Option(help="Address of the installation. Default: the local one")] = None,
    after: Annotated[str | None, typer.Option(help="Cursor to go on from; prints what was raised since first.")] = None,
    count: Annotated[int, typer.Option(min=0, help="Stop after this many alerts; 0 never stops.")] = 0,
) -> None:
    """Show live alerts in the terminal, over the subscription every client uses. Goes on by itself after a drop."""
    from app.cli.watch import run_watch

    address = url or settings_with().public_url
    with suppress(KeyboardInterrupt):
        asyncio.run(run_watch(address, email, SecretStr(password), after=after, count=count))


@app.command()
def doctor(data_dir: DataDir = None) -> None:
    """Check settings, servers, indexes, clocks and permissions, and say what to do."""
    from app.cli.doctor import run_doctor

    raise typer.Exit(run_doctor(settings_with(data_dir)))


@keys.command("list")
def list_keys(data_dir: DataDir = None) -> None:
    """Show every data key: whose it is, how old, and which master key wraps it. Never the key itself."""
    from app.cli.keys import run_list
    from app.cli.store import borrowed_store

    with borrowed_store(settings_with(data_dir)) as settings:
        asyncio.run(run_list(settings))


@keys.command()
def rewrap(
    every: Annotated[
        bool,
        typer.Option("--all", help="Also keys under this master key already: the service has a new version of it."),
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Wrap every data key with the master key that is set now. Safe to repeat; cut off, it goes on when repeated."""
    from app.cli.keys import run_rewrap
    from app.cli.store import borrowed_store

    with borrowed_store(settings_with(data_dir)) as settings:
        code = asyncio.run(run_rewrap(settings, every=every))
    raise typer.Exit(code)


@keys.command()
def rotate(
    organization: Annotated[str | None, typer.Option(help="Name or id of one organization. Default: all")] = None,
    grace: Annotated[
        int, typer.Option(min=0, help="Seconds that old keys are kept for writers; below 120 only when none runs.")
    ] = 120,
    data_dir: DataDir = None,
) -> None:
    """Give organizations a new data key, seal every stored secret anew, delete the old key. The service may run."""
    from app.cli.keys import run_rotate
    from app.cli.store import borrowed_store

    with borrowed_store(settings_with(data_dir)) as settings:
        code = asyncio.run(run_rotate(settings, organization=organization, grace=timedelta(seconds=grace)))
    raise typer.Exit(code)


@keys.command("rotate-signing")
def rotate_signing(data_dir: DataDir = None) -> None:
    """Make a new signing key in the data directory; tokens of the one before are accepted until it is made again."""
    from app.cli.keys import run_rotate_signing
    from app.cli.store import borrowed_store

    with borrowed_store(settings_with(data_dir)) as settings:
        asyncio.run(run_rotate_signing(settings))


@app.command()
def schema() -> None:
    """Print the GraphQL schema."""
    from app.graphql.assembly import sdl

    typer.echo(sdl(), nl=False)


def run() -> None:
    """The entry point: an expected error is one sentence, not a traceback."""
    console = Console(stderr=True)
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except CloudWatcherError as error:
        console.print(f"[red]{error}[/red]", highlight=False, soft_wrap=True)
        sys.exit(1)
    except ValidationError as error:
        for problem in error.errors():
            name = ".".join(str(part) for part in problem["loc"]) or "settings"
            console.print(f"[red]{name}: {problem['msg']}[/red]", highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    run()
