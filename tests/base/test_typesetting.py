"""The typesetter: the same bytes for the same document, and nothing that a document can do to us."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from examhall.base.typesetting import BadDocument, Typesetter, TypesetterGone

pytestmark = pytest.mark.anyio

FONTS = Path(__file__).parents[2] / "examhall" / "web" / "vendor" / "fonts"
HELLO = '#set text(font: "Source Sans 3")\nHello, #sys.inputs.name!'


@pytest.fixture
async def typesetter() -> AsyncIterator[Typesetter]:
    typesetter = Typesetter(FONTS)
    yield typesetter
    await typesetter.close()


async def hello(typesetter: Typesetter, name: str = "Oʻktam Жўраев") -> bytes:
    return await typesetter.pdf(HELLO, {"name": name}, timestamp=1_700_000_000)


async def test_the_same_document_is_the_same_bytes(typesetter: Typesetter) -> None:
    first = await hello(typesetter)
    assert first.startswith(b"%PDF-")
    await typesetter.close()
    assert await hello(typesetter) == first


async def test_each_gets_their_own_document_however_many_ask(typesetter: Typesetter) -> None:
    alone = [await hello(typesetter, name) for name in "ABCDE"]
    assert await asyncio.gather(*[hello(typesetter, name) for name in "ABCDE"]) == alone


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("#unknown", "unknown variable"),
        ('#read("/etc/passwd")', "not found"),
        ('#read("../../etc/passwd")', "escape the project root"),
        ('#image("/proc/self/environ")', "not found"),
        ('#import "@local/private:1.0.0"', "package"),
        ("#let f() = f()\n#f()", "depth exceeded"),
        ("#while true {}", "always true"),
    ],
)
async def test_a_bad_document_is_told_with_its_line(typesetter: Typesetter, source: str, said: str) -> None:
    with pytest.raises(BadDocument, match=said):
        await typesetter.pdf(f"First line.\n{source}", {}, timestamp=0)
    assert (await hello(typesetter)).startswith(b"%PDF-")


@pytest.mark.parametrize(
    "source", ["#let n = 0\n#while n < 1e9 { n = n + 1e-9 }", "#let all = range(100000000)"]
)
async def test_a_document_that_eats_time_or_memory_is_ended_and_the_next_is_made(source: str) -> None:
    typesetter = Typesetter(FONTS, limit_s=4)
    with pytest.raises((TypesetterGone, BadDocument)):
        await typesetter.pdf(source, {}, timestamp=0)
    assert (await hello(typesetter)).startswith(b"%PDF-")
    await typesetter.close()


async def test_who_gives_up_leaves_nothing_behind_for_the_next(typesetter: Typesetter) -> None:
    expected = await hello(typesetter, "B")
    for pause in (0, 0.001, 0.005):
        task = asyncio.create_task(hello(typesetter, "A"))
        await asyncio.sleep(pause)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await hello(typesetter, "B") == expected


async def test_it_comes_back_after_it_was_killed(typesetter: Typesetter) -> None:
    before = await hello(typesetter)
    assert typesetter._process is not None
    typesetter._process.kill()
    await typesetter._process.wait()
    assert await hello(typesetter) == before


async def test_each_error_is_told_by_its_line_in_the_file_that_people_wrote(typesetter: Typesetter) -> None:
    async def told(source: str) -> list[tuple[int | None, str]]:
        with pytest.raises(BadDocument) as bad:
            await typesetter.pdf('#include "own.typ"', {}, timestamp=0, files={"own.typ": source})
        return [(each.line, each.reason) for each in bad.value.problems("own.typ")]

    assert await told("One\n\n#foo(") == [(3, "unclosed delimiter")]
    assert {line for line, _ in await told("#let x = +\n\n#let y = *\n")} == {1, 3}
    # Far below in what it calls: the line is where the file's own error is.
    assert await told("#let f(x) = x * none\n\n#f(2)") == [(1, "cannot multiply integer with none")]
    assert await told("\n#panic()") == [(2, "panicked")]


async def test_a_package_is_not_fetched_whatever_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """typst would ask for packages by the proxy that the environment names: nobody comes to it."""
    came = 0

    async def met(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal came
        came += 1
        writer.close()

    server = await asyncio.start_server(met, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://{host}:{port}")
    typesetter = Typesetter(FONTS)
    async with server:
        with pytest.raises(BadDocument, match="package"):
            await typesetter.pdf('#import "@preview/cetz:0.3.0"', {}, timestamp=0)
    await typesetter.close()
    assert came == 0


async def test_a_picture_is_of_the_first_page(typesetter: Typesetter) -> None:
    one = await typesetter.png("#set page(width: 40pt, height: 20pt)\nA", {}, timestamp=0)
    two = await typesetter.png("#set page(width: 40pt, height: 20pt)\nA #pagebreak() B", {}, timestamp=0)
    assert one == two
    assert one.startswith(b"\x89PNG")
    assert (int.from_bytes(one[16:20]), int.from_bytes(one[20:24])) == (40, 20)


async def test_an_idle_one_ends_and_whoever_comes_next_notices_nothing() -> None:
    typesetter = Typesetter(FONTS, idle_s=0.05)
    before = await hello(typesetter)
    idle = typesetter._process
    assert idle is not None
    async with asyncio.timeout(20):
        assert await idle.wait() == 0
    assert await hello(typesetter) == before
    # One after the other, quicker and slower than it retires.
    for pause in (0.0, 0.04, 0.05, 0.06):
        await asyncio.sleep(pause)
        assert await hello(typesetter) == before
    await typesetter.close()


async def test_the_process_knows_no_secrets(typesetter: Typesetter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAMHALL_SECRET", "hush")
    monkeypatch.setenv("DATABASE_URL", "postgresql://examhall:hush@localhost/examhall")
    await hello(typesetter)
    assert typesetter._process is not None
    known = await asyncio.to_thread(Path(f"/proc/{typesetter._process.pid}/environ").read_bytes)
    assert b"PATH=" in known
    assert b"hush" not in known
