"""The sheet of tickets: everybody on it, in whatever letters, each with the code of their address."""

import io
import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import segno
from pypdf import PdfReader

from examhall.accounts.ticket_sheet import MASK, NoTickets, TicketSheets, TooManyTickets
from examhall.accounts.tickets import Ticket, ticket_url
from examhall.web.vendoring import FONTS

pytestmark = pytest.mark.anyio

URL = "https://exams.example.org"
NAMES = [
    "Alice Example",
    "Oʻgʻiloy Александра Константиновна Преображенская-Волконская",
    "Zoë #[panic()] $x$ *Müller*",
    "نور الهدى",
]


def tickets(names):
    return [
        Ticket(uuid4(), 1, n, f"user{n}", name, "Algebra", datetime.now(UTC), f"{n:03}" + "A" * 40)
        for n, name in enumerate(names)
    ]


@pytest.fixture
async def sheets():
    sheets = TicketSheets(FONTS)
    yield sheets
    await sheets.close()


async def read(sheets, found):
    content = await sheets.pdf(found, URL, title="Algebra & <b>more</b>")
    return PdfReader(io.BytesIO(content))


def drawn(page):
    """The dark modules of the code on a page, by the strokes that draw it: (row, column)."""
    strokes = re.findall(r"(\d+) (\d+)\.5 m (\d+) \2\.5 l", page.get_contents().get_data().decode("latin-1"))
    return {(int(y) - 2, x - 2) for x0, y, x1 in strokes for x in range(int(x0), int(x1))}


def expected(address):
    matrix = segno.make(address, error="m", micro=False, mask=MASK).matrix
    return {(y, x) for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark}


async def test_everybody_is_on_it_ten_on_a_page(sheets):
    found = await read(sheets, tickets(NAMES * 6))
    assert len(found.pages) == 3
    text = " ".join(found.pages[0].extract_text().split())
    assert "Alice Example" in text
    assert "Zoë #[panic()] $x$ *Müller*" in text
    assert "Преображенская" in text
    assert "Algebra & <b>more</b>" in text
    assert ticket_url(URL, "000" + "A" * 40) in text.replace(" ", "")


async def test_nothing_and_too_much_is_refused(sheets):
    with pytest.raises(NoTickets):
        await read(sheets, [])
    with pytest.raises(TooManyTickets):
        await read(sheets, tickets(["A"]) * 5001)


async def test_a_sheet_is_the_same_whenever_it_is_made(sheets):
    found = tickets(NAMES)
    assert await sheets.pdf(found, URL, title="A") == await sheets.pdf(found, URL, title="A")


async def test_each_code_is_that_of_the_address_beside_it(sheets):
    [ticket] = tickets(["Alice"])
    found = await read(sheets, [ticket])
    address = ticket_url(URL, ticket.token)
    assert drawn(found.pages[0]) == expected(address)
    assert drawn(found.pages[0]) != expected(address[:-1] + "B")
