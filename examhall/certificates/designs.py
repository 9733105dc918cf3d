"""The designs that come with Examhall, kept among the templates of every installation."""

from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from examhall.base.db import Connection, run
from examhall.base.sqlfile import beside
from examhall.certificates.changes import announce_change
from examhall.certificates.printing import DESIGNS

SQL = beside(__file__)


def _(label: str) -> str:
    """Marks a label for translation; pages say it in the reader's language."""
    return label


FIELDS: list[dict[str, Any]] = [
    {"name": "signatory", "label": _("Who signs"), "required": False, "example": "Olga Example"},
    {"name": "role", "label": _("Their office"), "required": False, "example": "Head of examinations"},
    {"name": "intro", "label": _("Before the name"), "required": False, "example": ""},
    {"name": "earned", "label": _("After the name"), "required": False, "example": ""},
    {"name": "language", "label": _("Language: en, ru or uz"), "required": False, "example": "en"},
]


@dataclass(frozen=True)
class Design:
    """Its file's name, and under what it is found."""

    file: str
    name: str
    category: str
    variant: str

    @property
    def source(self) -> str:
        return (DESIGNS / f"{self.file}.typ").read_text(encoding="utf-8")


BUNDLED = (
    Design("classic", "Certificate of excellence", "excellence", "classic"),
    Design("modern", "Certificate of achievement", "achievement", "modern"),
    Design("compact", "Certificate of participation", "participation", "compact"),
)
# What a certificate is printed by when its own template cannot do it.
PLAIN = BUNDLED[2]


async def ensure_designs(conn: Connection) -> None:
    """Have each design among the templates, in the version that this release brings.

    One that somebody has changed is left as it is. However many servers start at once, each is there once.
    """
    changed = 0
    for design in BUNDLED:
        wanted = {"design": design.file, "source": design.source, "fields": Jsonb(FIELDS)}
        changed += await run(
            conn, SQL.add_design, name=design.name, category=design.category, variant=design.variant,
            design=design.file,
        )  # fmt: skip
        changed += await run(conn, SQL.bring_up_to_date, **wanted)
    if changed:
        await announce_change(conn)
