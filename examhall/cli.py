"""The command line. Exit codes: 0 done, 1 refused or failed, 2 wrong usage or a wrong setting."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Parameter, Token

from examhall import __version__
from examhall.base.errors import Refusal
from examhall.base.hindrance import Hindrance
from examhall.settings import Settings, WrongSetting
from examhall.telling import told

FAILED = 1
WRONG_USAGE = 2
ALTERED = 3
LONGEST_RAMP_S = 3600.0

app = App(
    name="examhall",
    version=__version__,
    help="""An online exam server for the minute when everybody starts at once.

Try it: `examhall demo`, then open the address it prints.

Every option can also be set by a variable of the environment; docs/operators.md lists them.""",
    help_format="markdown",
)
people = App(name="people", help="Add people and change their accounts.")
app.command(people)
audit = App(name="audit", help="The record of what was done.")
app.command(audit)


@Parameter(name="*")
@dataclass(frozen=True)
class Where:
    """Which installation a command works on."""

    data: Annotated[Path | None, Parameter(env_var="EXAMHALL_DATA")] = None
    """The data folder of the server; `./data` by default. DATABASE_URL, if set, wins."""


@Parameter(name="*")
@dataclass(frozen=True)
class Serving(Where):
    """How the server runs."""

    port: int | None = None
    """The port to listen on; 8000 by default (EXAMHALL_PORT)."""

    host: str | None = None
    """The address to listen on; 127.0.0.1 by default, 0.0.0.0 for everybody (EXAMHALL_HOST)."""

    workers: int | None = None
    """How many web workers; one per core by default (EXAMHALL_WORKERS)."""


def _settings(options: Where | None) -> Settings:
    return Settings.read(os.environ, **(vars(options) if options else {}))


def _seconds(_: object, tokens: Sequence[Token]) -> float:
    """90, 90s or 1.5m."""
    text = tokens[0].value
    unit = {"s": 1, "m": 60}.get(text[-1:], 0)
    seconds = float(text[:-1]) * unit if unit else float(text)
    if not 0 < seconds <= LONGEST_RAMP_S:
        raise ValueError("must be a time such as 60s or 2m")
    return seconds


@app.command
def serve(*, options: Serving | None = None) -> int:
    """Run the server until Ctrl-C or SIGTERM.

    Without DATABASE_URL it brings its own PostgreSQL, in the data folder.
    """
    from examhall import serving

    return serving.serve(_settings(options))


@app.command
def demo(*, candidates: int = 200, options: Serving | None = None) -> int:
    """Run the server with a mathematics mock exam, a situational judgement test and a contest to try.

    Refuses a database that already holds other data.

    Parameters
    ----------
    candidates
        How many candidates with admission tickets to add.
    """
    from examhall.demonstration import demonstrate

    return demonstrate(_settings(options), candidates)


@app.command
def worker(*, options: Where | None = None) -> None:
    """Run a job worker alone, beside servers on other machines."""
    from examhall import commands

    commands.work(_settings(options))


@app.command
def migrate(*, options: Where | None = None) -> None:
    """Bring the database to this version. `serve` does it by itself."""
    from examhall import commands

    commands.migrate(_settings(options))


@app.command(name="import")
def import_(file: Path, *, options: Where | None = None) -> None:
    """Import an exam file and print the new exam's number.

    Parameters
    ----------
    file
        The exam, in YAML; docs/exam-file.md explains it.
    """
    from examhall import commands

    commands.import_exam(_settings(options), file)


@app.command
def paper(exam_id: int, file: Path, *, options: Where | None = None) -> None:
    """Give an exam a PDF paper, or another one, until the first candidate has started."""
    from examhall import commands

    commands.attach_paper(_settings(options), exam_id, file)


@people.command(name="import")
def import_people(file: Path, *, options: Where | None = None) -> None:
    """Import people from CSV: all of them, or none and a reason for each bad line.

    Parameters
    ----------
    file
        With a header: username, full_name and, if you like, email, password, roles, active.
    """
    from examhall import commands

    commands.import_people(_settings(options), file)


@app.command
def tickets(exam_id: int, *, sheet: Path | None = None, options: Where | None = None) -> None:
    """Print an admission ticket for everybody assigned to an exam, as CSV: username,ticket,url.

    Whoever has one keeps it.

    Parameters
    ----------
    exam_id
        The number that `examhall import` printed.
    sheet
        Write a page to print and cut there as well (HTML): name, QR code and link of each.
    """
    from examhall import commands

    commands.print_tickets(_settings(options), exam_id, sheet)


@app.command
def export(
    exam_id: int,
    *,
    file_format: Annotated[Literal["csv", "json"], Parameter(name="--format")] = "csv",
    options: Where | None = None,
) -> None:
    """Print people, answers and marks of an exam.

    Parameters
    ----------
    exam_id
        The number that `examhall import` printed.
    file_format
        csv has a line per answer, json an entry per sitting.
    """
    from examhall import commands

    commands.export(_settings(options), exam_id, file_format)


@app.command
def calibrate(
    responses: str,
    *,
    json_file: Annotated[Path | None, Parameter(name="--json")] = None,
    options: Where | None = None,
) -> None:
    """Estimate how hard items are and how able persons, by the Rasch model, from an exam or a file.

    Prints a table of the items, and what the data did not allow. An exam is calibrated by itself when it is
    over; one without an end is concluded by this.

    Parameters
    ----------
    responses
        The number of an exam; or CSV with a header that names the items, a row for each person, cells 1, 0 or
        empty (not presented), and a first column that names persons if it is called person or id.
    json_file
        Where to write everything found about items and persons, instead of the table.
    """
    if responses.isascii() and responses.isdigit() and not Path(responses).exists():
        from examhall import commands

        commands.calibrate_exam(_settings(options), int(responses), json_file)
    else:
        from examhall.scoring import calibrate_csv

        calibrate_csv.calibrate(Path(responses), json_file)


@app.command
def rehearse(
    *,
    exam: int,
    candidates: int = 100,
    ramp: Annotated[float | None, Parameter(converter=_seconds)] = None,
    barrier: bool = False,
    minutes: float = 5.0,
    although_live: bool = False,
    processes: int = 2,
    pace: float = 1.0,
    seed: int = 1,
    start_limit: float = 2.0,
    save_limit: float = 100.0,
    url: str | None = None,
    tickets: Annotated[Path | None, Parameter(name="--tickets")] = None,
    options: Serving | None = None,
) -> int:
    """Play an exam day against a copy of an exam, and say how many candidates this machine holds.

    Made-up people, in a database and behind a server of their own that are gone afterwards; real people and
    results are not touched. The report is in DATA/rehearsals. Exit codes: 0 held, 1 not, 3 answers were lost.

    Parameters
    ----------
    exam
        The number that `examhall import` printed.
    candidates
        How many.
    ramp
        They start one after the other over this time, such as 60s.
    barrier
        They all start in the same second; so they do without --ramp.
    minutes
        How long each works. The copy's time is cut to it.
    although_live
        Rehearse even if real people sit an exam, or soon will.
    processes
        How many processes play the candidates.
    pace
        2 answers twice as fast as people do.
    seed
        The same seed plays the same day again.
    start_limit
        The promised time until everybody has their questions, in seconds.
    save_limit
        The promised time of 99 saves in 100, in milliseconds.
    url
        Play against a staging server there, instead of one of our own. Needs --tickets.
    tickets
        What `examhall tickets` printed on the staging server; only people named rehearsal-... may be in it.
    """
    from examhall import rehearsal
    from examhall.ops.rehearse.verdict import Limits

    if barrier and ramp is not None:
        raise WrongSetting("--barrier", "and --ramp exclude each other")
    if minutes <= 0 or pace <= 0 or processes < 1:
        raise WrongSetting("--minutes, --pace and --processes", "must be more than 0")
    wish = rehearsal.Wish(
        exam, candidates, ramp, minutes, although_live, processes, seed, pace, url, tickets,
        Limits(start_limit * 1000, save_limit),
    )  # fmt: skip
    return rehearsal.rehearse(_settings(options), wish)


@audit.command(name="verify")
def verify_audit(*, options: Where | None = None) -> int:
    """Check that the record of what was done is as it was sealed, day by day.

    Exit codes: 0 intact, 3 altered, added to or taken from. The last line is the newest seal: written down
    elsewhere, it shows a record that was cut off at its end too.
    """
    from examhall import commands

    return 0 if commands.verify_audit(_settings(options)) else ALTERED


@app.command
def maintain(*, options: Where | None = None) -> None:
    """Clean up the database and print what was done; safe while people sit exams.

    Partitions, old events, sign-ins, tickets and jobs, vacuum and analyze, bloated indexes. The server does
    so by itself every week, in a quiet hour.
    """
    from examhall import commands

    commands.maintain(_settings(options))


@app.command
def verify(file: Path, *, keys: Annotated[Path, Parameter(name="--key")] = Path("examhall-keys.json")) -> int:
    """Check offline whether a certificate's PDF is genuine. Asks no server and needs no database.

    Exit codes: 0 genuine, 3 altered, 4 not ours, 5 the facts in it are genuine but the page differs. Whether
    it was revoked since, only the page /verify of the server knows.

    Parameters
    ----------
    file
        The PDF.
    keys
        The keys that the server publishes at /.well-known/examhall-keys.json.
    """
    from examhall import verifying

    return verifying.verify(file, keys)


@app.command
def preflight(
    *,
    exam: int | None = None,
    nodes: int = 1,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    options: Where | None = None,
) -> int:
    """Check whether this installation is ready for an exam day; print what is not, and how to mend it.

    Run it where the server runs, with the server's settings. Exit code 1 if a check fails.

    Parameters
    ----------
    exam
        Check this exam as well: its window, its candidates, what was rehearsed.
    nodes
        How many machines run `examhall serve` on this database.
    as_json
        For programs.
    """
    from examhall import preflight

    return preflight.run(_settings(options), exam_id=exam, nodes=nodes, as_json=as_json)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; its exit code. Expected failures are one line on standard error, never a traceback."""
    try:
        code = app(
            arguments,
            exit_on_error=False,
            print_error=True,
            help_on_error=False,
            result_action="return_value",
        )
    except CycloptsError:
        return WRONG_USAGE
    except Hindrance as hindrance:
        return _fail(str(hindrance), WRONG_USAGE if isinstance(hindrance, WrongSetting) else FAILED)
    except Refusal as refusal:
        return _fail(told(refusal))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough; nothing more can be said to them.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    return int(code or 0)


def _fail(message: str, code: int = FAILED) -> int:
    print(f"examhall: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
