"""One frozen settings object, read once at start from the environment and the command line."""

import os
import re
import secrets
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from examhall.base.hindrance import Hindrance
from examhall.base.rates import Rates, read_rates
from examhall.base.storage import Access, Storage

Networks: TypeAlias = tuple[IPv4Network | IPv6Network, ...]

# A key of fewer characters could be guessed.
SHORTEST_SECRET = 32
SHORTEST_BOT_KEY = 20
# Of Ed25519.
PRIVATE_KEY_BYTES = 32

# By address.
STRANGERS = read_rates("60/minute,1000/hour")
# By person: far beyond what the pages of an exam ask for, pictures and all.
PERSONS = read_rates("1200/minute")
# The exam room sends one request at a time, and while somebody types waits for a pause of 350 ms.
SAVES = read_rates("50/second")
CALCULATIONS = read_rates("10/minute")


class WrongSetting(Hindrance):
    """A setting has a value that cannot be meant. The message names it and says why."""

    def __init__(self, variable: str, reason: str) -> None:
        super().__init__(f"{variable}: {reason}")


@dataclass(frozen=True)
class Settings:
    """Everything an operator can choose. docs/operators.md explains each; the defaults serve one machine."""

    host: str = "127.0.0.1"
    port: int = 8000
    data: Path = Path("data")
    # Without it, PostgreSQL of our own is started on the data folder.
    database_url: str | None = None
    # For LISTEN and migrations, where database_url leads through PgBouncer.
    direct_url: str | None = None
    # Redis or Valkey, shared by all processes; without it each has its own caches and counts.
    redis_url: str | None = None
    workers: int = 1
    given_secret: str | None = None
    # The private key that signs certificates: 32 bytes in base64.
    given_certificate_key: str | None = None
    # In whose name certificates are issued, as it stands on them.
    issuer_name: str = "Examhall"
    given_url: str | None = None
    rate_limit: Rates = STRANGERS
    rate_limit_person: Rates = PERSONS
    rate_limit_saves: Rates = SAVES
    rate_limit_calculations: Rates = CALCULATIONS
    rate_limit_trusted: Networks = ()
    trusted_proxies: Networks = ()
    postgres_bin: Path | None = None
    pool_size: int = 4
    save_queue_limit: int = 2048
    log_format: str = "text"
    events_kept_months: int = 13
    # Where backups are put, for `examhall preflight` to see how old the newest is.
    backups: Path | None = None
    # Where papers and certificates are kept: a folder or s3://bucket/prefix; without it DATA/files.
    given_storage: str | None = None
    # How the bucket is reached; what is missing is taken from the usual AWS_... variables.
    storage_endpoint: str | None = None
    storage_region: str | None = None
    storage_key: str | None = None
    storage_secret: str | None = None
    # The internal location of a proxy that serves stored files by itself (nginx: X-Accel-Redirect).
    accel: str | None = None
    # The largest PDF paper.
    paper_mb: int = 50
    # How many what-if calculations a job worker runs side by side, each in a process of its own.
    calculations_at_once: int = 2
    access_log: bool = False
    # Where /metrics and /health are asked, alone; without it at the port of everything else.
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None
    slow_statement_ms: int = 250
    # Where traces are sent, by OTLP over HTTP; without it none are made.
    otlp_endpoint: str | None = None
    # A text model that drafts feedback, by OpenAI's chat completions: what comes before /chat/completions.
    feedback_url: str | None = None
    feedback_key: str | None = None
    feedback_model: str = "default"
    feedback_tokens_a_day: int = 200_000
    # The bot by which people sign in with Telegram: what BotFather gave.
    telegram_bot_token: str | None = None
    # An OpenID Connect provider by which people sign in, and what the button says.
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = None
    oidc_name: str = "OpenID"
    # Whether somebody whom Telegram or the provider vouches for, and nobody here knows, becomes a candidate.
    sign_up: bool = True
    # For whoever builds pages: two languages that show untranslated words, and right-to-left layout.
    pseudo_languages: bool = False
    # Which of a server's processes this is: set by whoever starts it.
    given_process_name: str | None = None

    @classmethod
    def read(cls, environment: Mapping[str, str], **overrides: object) -> "Settings":
        """The environment's values, and over them what the command line gave (None: not given).

        Raises `WrongSetting` for the first value that cannot be meant.
        """
        for name in environment:
            if name.startswith("EXAMHALL_") and name not in VARIABLES:
                meant = get_close_matches(name, VARIABLES, n=1, cutoff=0.85)
                if meant:
                    raise WrongSetting(name, f"is not a setting; did you mean {meant[0]}?")
        values: dict[str, Any] = {"workers": cores()}
        for variable, (field, read) in VARIABLES.items():
            if text := environment.get(variable, "").strip():
                values[field] = _read(variable, read, text)
        for field, value in overrides.items():
            if value is not None:
                variable, read = BY_FIELD[field]
                values[field] = _read(variable, read, str(value))
        settings = cls(**values)
        if settings.direct_url and not settings.database_url:
            raise WrongSetting("EXAMHALL_DIRECT_DATABASE_URL", "is of use only together with DATABASE_URL")
        if bool(settings.oidc_issuer) != bool(settings.oidc_client_id):
            raise WrongSetting("EXAMHALL_OIDC_ISSUER", "is of use only together with EXAMHALL_OIDC_CLIENT_ID")
        return settings

    def environment(self) -> dict[str, str]:
        """The variables from which a child process reads these same settings."""
        written = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None or value == ():
                continue
            text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
            written[BY_FIELD[field.name][0]] = text
        return written

    @property
    def url(self) -> str:
        """Where people reach this server, without a slash at the end."""
        if self.given_url:
            return self.given_url
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host.strip('[]') and host[0] != '[' else host}:{self.port}"

    def open_storage(self) -> Storage:
        access = Access(self.storage_endpoint, self.storage_region, self.storage_key, self.storage_secret)
        return Storage.open(self.given_storage or self.data / "files", access)

    @property
    def metrics_folder(self) -> Path:
        """Where the processes of a server tell each other what they counted."""
        return self.data / "metrics"

    @property
    def process_name(self) -> str:
        return self.given_process_name or f"web-{os.getpid()}"

    @cached_property
    def secret(self) -> str:
        """What tokens and tickets are signed with: given, or made once and kept in DATA/secret."""
        return self.given_secret or _kept_secret(
            self.data / "secret", "EXAMHALL_SECRET", lambda: secrets.token_urlsafe(48)
        )

    @cached_property
    def certificate_key(self) -> str:
        """What certificates are signed with: given, or made once and kept in DATA/certificate-key."""
        kept = self.data / "certificate-key"
        if self.given_certificate_key is not None:
            return self.given_certificate_key
        text = _kept_secret(
            kept, "EXAMHALL_CERTIFICATE_KEY", lambda: b64encode(secrets.token_bytes(32)).decode()
        )
        try:
            return _private_key(text)
        except ValueError as error:
            raise WrongSetting("EXAMHALL_CERTIFICATE_KEY", f"{kept} {error}") from error


def _kept_secret(path: Path, variable: str, make: Callable[[], str]) -> str:
    """The file's content; made first if missing. However many ask at once, all get the same."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=".secret.")
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(make())
            file.flush()
            os.fsync(handle)
        try:
            # A link, unlike a rename, does not replace the secret of whoever was faster.
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            Path(fresh).unlink()
    try:
        secret = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise WrongSetting(variable, f"{path} cannot be read ({error.strerror})") from error
    if len(secret) < SHORTEST_SECRET:
        raise WrongSetting(variable, f"{path} holds fewer than {SHORTEST_SECRET} characters")
    return secret


def _read(variable: str, read: Callable[[str], object], text: str) -> object:
    try:
        return read(text)
    except ValueError as error:
        private = variable.endswith(("URL", "SECRET", "KEY", "TOKEN"))
        raise WrongSetting(variable, str(error) if private else f"{error}; it is {text!r}") from error


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(text)

    return read


def _networks(text: str) -> Networks:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(","))
    except ValueError as error:
        raise ValueError(f"must be networks separated by commas, such as 10.0.0.0/8,::1: {error}") from error


def _database(text: str) -> str:
    if not text.startswith(("postgresql://", "postgres://")):
        raise ValueError("must begin with postgresql://")
    return text


def _redis(text: str) -> str:
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("must begin with redis://, rediss:// or unix://")
    return text


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be an address such as https://exams.example.org")
    return text.rstrip("/")


def _issuer(text: str) -> str:
    """As the provider writes it: a slash at the end belongs to its name."""
    _address(text)
    return text


def _bot_token(text: str) -> str:
    bot, _, key = text.partition(":")
    if not (bot.isascii() and bot.isdigit() and len(key) >= SHORTEST_BOT_KEY):
        raise ValueError("must be what BotFather gave, such as 123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11")
    return text


def _secret(text: str) -> str:
    if len(text) < SHORTEST_SECRET:
        raise ValueError(f"must have at least {SHORTEST_SECRET} characters")
    return text


def _private_key(text: str) -> str:
    try:
        length = len(b64decode(text, validate=True))
    except ValueError:
        length = 0
    if length != PRIVATE_KEY_BYTES:
        raise ValueError("must be 32 bytes in base64, such as `head -c 32 /dev/urandom | base64` prints")
    return text


def _log_format(text: str) -> str:
    if text not in ("text", "json"):
        raise ValueError("must be text or json")
    return text


def _yes_or_no(text: str) -> bool:
    if (answer := text.lower()) not in ("yes", "no", "true", "false"):
        raise ValueError("must be yes or no")
    return answer in ("yes", "true")


def _folder(text: str) -> Path:
    # Children may start elsewhere.
    return Path(text).expanduser().absolute()


def _binaries(text: str) -> Path:
    if not (_folder(text) / "postgres").exists():
        raise ValueError("must be the folder that holds PostgreSQL's programs initdb and postgres")
    return _folder(text)


def _storage(text: str) -> str:
    if text.startswith("s3://"):
        if not (parts := urlsplit(text)).netloc or parts.query or parts.fragment or "@" in parts.netloc:
            raise ValueError("must be a folder, or a bucket such as s3://bucket/prefix")
        return text
    if "://" in text:
        raise ValueError("must be a folder, or a bucket such as s3://bucket/prefix")
    return str(_folder(text))


def _location(text: str) -> str:
    if not re.fullmatch(r"/([A-Za-z0-9_-]+/)+", text):
        raise ValueError("must be a location of the proxy such as /stored/")
    return text


def cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), 64)
    return min(os.cpu_count() or 1, 64)


VARIABLES: dict[str, tuple[str, Callable[[str], object]]] = {
    "EXAMHALL_HOST": ("host", str),
    "EXAMHALL_PORT": ("port", _whole(0, 65535)),
    "EXAMHALL_DATA": ("data", _folder),
    "DATABASE_URL": ("database_url", _database),
    "EXAMHALL_DIRECT_DATABASE_URL": ("direct_url", _database),
    "EXAMHALL_WORKERS": ("workers", _whole(1, 64)),
    "EXAMHALL_SECRET": ("given_secret", _secret),
    "EXAMHALL_CERTIFICATE_KEY": ("given_certificate_key", _private_key),
    "EXAMHALL_ISSUER": ("issuer_name", str),
    "EXAMHALL_URL": ("given_url", _address),
    "EXAMHALL_REDIS_URL": ("redis_url", _redis),
    "EXAMHALL_RATE_LIMIT": ("rate_limit", read_rates),
    "EXAMHALL_RATE_LIMIT_PERSON": ("rate_limit_person", read_rates),
    "EXAMHALL_RATE_LIMIT_SAVES": ("rate_limit_saves", read_rates),
    "EXAMHALL_RATE_LIMIT_CALCULATIONS": ("rate_limit_calculations", read_rates),
    "EXAMHALL_CALCULATIONS": ("calculations_at_once", _whole(0, 64)),
    "EXAMHALL_RATE_LIMIT_TRUSTED": ("rate_limit_trusted", _networks),
    "EXAMHALL_TRUSTED_PROXIES": ("trusted_proxies", _networks),
    "EXAMHALL_POSTGRES_BIN": ("postgres_bin", _binaries),
    "EXAMHALL_POOL_SIZE": ("pool_size", _whole(2, 100)),
    "EXAMHALL_SAVE_QUEUE_LIMIT": ("save_queue_limit", _whole(1, 1_000_000)),
    "EXAMHALL_LOG": ("log_format", _log_format),
    "EXAMHALL_EVENTS_KEPT_MONTHS": ("events_kept_months", _whole(1, 1200)),
    "EXAMHALL_BACKUPS": ("backups", _folder),
    "EXAMHALL_STORAGE": ("given_storage", _storage),
    "EXAMHALL_STORAGE_ENDPOINT": ("storage_endpoint", _address),
    "EXAMHALL_STORAGE_REGION": ("storage_region", str),
    "EXAMHALL_STORAGE_KEY": ("storage_key", str),
    "EXAMHALL_STORAGE_SECRET": ("storage_secret", str),
    "EXAMHALL_ACCEL": ("accel", _location),
    "EXAMHALL_PAPER_MB": ("paper_mb", _whole(1, 2000)),
    "EXAMHALL_ACCESS_LOG": ("access_log", _yes_or_no),
    "EXAMHALL_METRICS_HOST": ("metrics_host", str),
    "EXAMHALL_METRICS_PORT": ("metrics_port", _whole(0, 65535)),
    "EXAMHALL_SLOW_STATEMENT_MS": ("slow_statement_ms", _whole(1, 3_600_000)),
    "EXAMHALL_OTLP_ENDPOINT": ("otlp_endpoint", _address),
    "EXAMHALL_FEEDBACK_URL": ("feedback_url", _address),
    "EXAMHALL_FEEDBACK_KEY": ("feedback_key", str),
    "EXAMHALL_FEEDBACK_MODEL": ("feedback_model", str),
    "EXAMHALL_FEEDBACK_TOKENS_A_DAY": ("feedback_tokens_a_day", _whole(0, 1_000_000_000)),
    "EXAMHALL_TELEGRAM_BOT_TOKEN": ("telegram_bot_token", _bot_token),
    "EXAMHALL_OIDC_ISSUER": ("oidc_issuer", _issuer),
    "EXAMHALL_OIDC_CLIENT_ID": ("oidc_client_id", str),
    "EXAMHALL_OIDC_CLIENT_SECRET": ("oidc_client_secret", str),
    "EXAMHALL_OIDC_NAME": ("oidc_name", str),
    "EXAMHALL_SIGN_UP": ("sign_up", _yes_or_no),
    "EXAMHALL_PSEUDO_LANGUAGES": ("pseudo_languages", _yes_or_no),
    "EXAMHALL_PROCESS": ("given_process_name", str),
}
BY_FIELD = {field: (variable, read) for variable, (field, read) in VARIABLES.items()}
