import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest

from examhall.base.typesetting import Typesetter
from examhall.certificates.designs import BUNDLED
from examhall.certificates.offline import BadKeys, check_pdf, read_keys
from examhall.certificates.pdf_reader import LARGEST_BYTES, read_pdf
from examhall.certificates.printing import EXAMPLE_ISSUED_AT, print_pdf
from examhall.certificates.signing import ATTACHMENT, PublicKey, base64url, key_set
from examhall.cli import main
from examhall.web.vendoring import FONTS

from . import paper

ALICE = paper.facts_of()
MALLORY = paper.facts_of(holder="Mallory Malone")
OURS = paper.signer_of(1)
KEYS = {OURS.key_id: OURS.public_key}
SIGNED = OURS.sign(ALICE)


@pytest.fixture(scope="module")
def genuine() -> bytes:
    return paper.pdf_of(ALICE, SIGNED)


def test_a_certificate_as_it_was_made_is_genuine(genuine: bytes) -> None:
    checked = check_pdf(genuine, KEYS)
    assert (checked.verdict, checked.reasons) == ("genuine", [])
    assert checked.facts == ALICE


@pytest.mark.parametrize(
    "holder",
    [
        "\u0416\u0430\u043d\u043d\u0430 \u0429\u0451\u043b\u043a\u0438\u043d\u0430",
        "Efficient Office-Fjord, waffle",
        "<script>alert(1)</script>",
        "Jos\u00e9 Nu\u00f1ez \u00dcnl\u00fc",
        "Nurmuhammad " * 8,
    ],
)
def test_names_of_all_kinds_are_found_on_the_page(holder: str) -> None:
    facts = paper.facts_of(holder=holder)
    assert check_pdf(paper.pdf_of(facts, OURS.sign(facts)), KEYS).verdict == "genuine"


@pytest.mark.anyio
async def test_each_design_that_comes_along_is_genuine_with_the_longest_names_too() -> None:
    typesetter = Typesetter(FONTS)
    try:
        for design in BUNDLED:
            for holder in (
                "Alice",
                "O\u02bbg\u02bbiloy "
                + "\u041f\u0440\u0435\u043e\u0431\u0440\u0430\u0436\u0435\u043d\u0441\u043a\u0430\u044f-" * 5,
            ):
                signed = OURS.sign(paper.facts_of(holder=holder.strip("- ")))
                pdf = await print_pdf(typesetter, design.source, signed, EXAMPLE_ISSUED_AT)
                checked = check_pdf(pdf, KEYS)
                assert (checked.verdict, checked.reasons) == ("genuine", []), design.file
    finally:
        await typesetter.close()


def test_altered_facts_are_noticed() -> None:
    forged = SIGNED._replace(text=SIGNED.text.replace("Gulnora", "Mallory"))
    checked = check_pdf(paper.pdf_of(ALICE | {"holder": "Mallory O\u02bbktamova"}, forged), KEYS)
    assert (checked.verdict, checked.facts) == ("altered", {})


def test_the_proof_of_another_certificate_is_noticed() -> None:
    """Mallory puts the proof of a certificate that is genuine into one that she drew."""
    checked = check_pdf(paper.pdf_of(MALLORY, SIGNED), KEYS)
    assert checked.verdict == "altered"
    assert str(MALLORY["serial"]) in checked.reasons[0]


def test_another_name_on_the_page_is_noticed() -> None:
    checked = check_pdf(paper.pdf_of(ALICE | {"holder": "Mallory Malone"}, SIGNED), KEYS)
    assert checked.verdict == "doubtful"
    assert "Gulnora" in checked.reasons[0]


def test_a_note_laid_on_the_page_is_noticed(genuine: bytes) -> None:
    assert "something was laid on top of the page" in check_pdf(paper.with_a_note(genuine), KEYS).reasons


def test_a_file_that_was_saved_on_top_of_itself_is_noticed(genuine: bytes) -> None:
    assert check_pdf(paper.saved_on_top(genuine), KEYS).reasons == ["the file was changed after it was made"]


def test_a_second_proof_is_noticed(genuine: bytes) -> None:
    both = paper.with_attachment(genuine, OURS.sign(MALLORY).attachment)
    assert (check_pdf(both, KEYS).verdict) == "altered"


def test_of_a_thousand_proofs_two_are_read(genuine: bytes) -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(genuine))
    for _ in range(1_000):
        writer.add_attachment(ATTACHMENT, b"{}")
    laden = io.BytesIO()
    writer.write(laden)
    assert len(read_pdf(laden.getvalue(), ATTACHMENT).attachments) == 2


def test_without_a_proof_it_is_not_ours() -> None:
    assert check_pdf(paper.pdf_of(ALICE, None), KEYS).verdict == "foreign"


def test_what_another_key_signed_is_not_ours() -> None:
    theirs = paper.signer_of(2).sign(ALICE)
    assert check_pdf(paper.pdf_of(ALICE, theirs), KEYS).verdict == "foreign"
    # Nor by calling it ours.
    pretending = theirs._replace(key_id=OURS.key_id)
    assert check_pdf(paper.pdf_of(ALICE, pretending), KEYS).verdict == "altered"


@pytest.mark.parametrize(
    "proof",
    [b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"format": 1}', b"[" * 100_000, b'{"facts": 1, "key_id": [], '
     b'"signature": "", "format": "examhall-certificate/1"}', b"x" * 300_000],
    ids=range(9),
)  # fmt: skip
def test_a_proof_that_is_none_is_said_to_be_altered(proof: bytes) -> None:
    pdf = paper.with_attachment(paper.pdf_of(ALICE, None), proof)
    assert check_pdf(pdf, KEYS).verdict == "altered"


@pytest.mark.parametrize(
    "content",
    [b"", b"Dear Sir or Madam", b"%PDF-1.7", b"%PDF-1.7\n" + b"1 0 obj\n" * 10_000, b"\x00" * 2_000],
    ids=range(5),
)
def test_what_is_no_pdf_is_not_ours(content: bytes) -> None:
    assert check_pdf(content, KEYS).verdict == "foreign"


@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_truncated_certificate_is_never_genuine_by_half(genuine: bytes, part: float) -> None:
    checked = check_pdf(genuine[: int(len(genuine) * part)], KEYS)
    assert checked.verdict != "altered"
    assert checked.verdict == "foreign" or checked.facts == ALICE


def test_a_huge_file_is_not_read(genuine: bytes) -> None:
    checked = check_pdf(genuine + b" " * LARGEST_BYTES, KEYS)
    assert (checked.verdict, checked.reasons) == ("foreign", ["the file is larger than any certificate"])


@pytest.mark.parametrize("megabytes", [30, 300])
def test_a_bomb_harms_nobody(genuine: bytes, megabytes: int) -> None:
    """What it would take of time and memory it takes in a child, up to a limit; nothing of it comes here."""
    made = paper.bomb(genuine, megabytes)
    assert len(made) < 1_000_000
    checked = check_pdf(made, KEYS)
    assert (checked.verdict, len(checked.reasons)) == ("foreign", 1)
    assert checked.reasons[0] in {"the file cannot be read: it is damaged, or made to do damage",
                                  "the file takes too long to read"}  # fmt: skip


@pytest.mark.parametrize("megabytes", [60, 600])
def test_a_bomb_in_the_attachment_harms_nobody(megabytes: int) -> None:
    made = paper.bomb_attached(paper.pdf_of(ALICE, None), megabytes)
    assert len(made) < 1_000_000
    assert check_pdf(made, KEYS).verdict in ("foreign", "altered")


def published() -> str:
    import datetime

    keys = [PublicKey(OURS.key_id, OURS.public_key, datetime.datetime.now(datetime.UTC))]
    return json.dumps(key_set(keys, issuer="https://exams.example.org"))


def test_keys_are_taken_for_what_they_are_not_what_they_are_called() -> None:
    named = json.loads(published())
    named["keys"][0]["kid"] = "another"
    assert read_keys(json.dumps(named)) == KEYS


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"keys": []}', '{"keys": [{"crv": "Ed25519"}]}', '{"keys": 1}']
)
def test_a_file_of_keys_that_holds_none_is_refused(text: str) -> None:
    with pytest.raises(BadKeys):
        read_keys(text)


def test_a_short_key_opens_nothing(genuine: bytes) -> None:
    short = {"keys": [{"crv": "Ed25519", "x": base64url(b"short")}]}
    assert check_pdf(genuine, read_keys(json.dumps(short))).verdict == "foreign"


@pytest.fixture
def files(tmp_path: Path, genuine: bytes) -> Callable[[bytes], list[str]]:
    (tmp_path / "keys.json").write_text(published())

    def arguments(pdf: bytes) -> list[str]:
        (tmp_path / "certificate.pdf").write_bytes(pdf)
        return ["verify", str(tmp_path / "certificate.pdf"), "--key", str(tmp_path / "keys.json")]

    return arguments


def test_the_command_says_what_it_found_and_what_that_proves(
    files: Callable[[bytes], list[str]], genuine: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(files(genuine)) == 0
    said = capsys.readouterr().out
    assert said.startswith("GENUINE")
    assert "Gulnora O\u02bbktamova" in said
    assert "41.5" in said
    assert "Compare them" in said


def test_the_commands_exit_codes(files: Callable[[bytes], list[str]], tmp_path: Path) -> None:
    assert main(files(paper.pdf_of(MALLORY, SIGNED))) == 3
    assert main(files(b"%PDF-1.7")) == 4
    assert main(files(paper.pdf_of(ALICE | {"holder": "Mallory"}, SIGNED))) == 5
    assert main(["verify", str(tmp_path / "missing.pdf"), "--key", str(tmp_path / "keys.json")]) == 1
    assert main(["verify", str(tmp_path / "certificate.pdf"), "--key", str(tmp_path / "missing.json")]) == 1


def test_names_cannot_speak_to_the_terminal(
    files: Callable[[bytes], list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    facts = paper.facts_of(holder="Mallory", fields={"note": "\x1b[2J\x1b[1mGENUINE\u202e"})
    assert main(files(paper.pdf_of(facts, OURS.sign(facts)))) == 0
    said = capsys.readouterr().out
    assert not [each for each in said if not each.isprintable() and each != "\n"]


def test_it_needs_neither_database_nor_data_folder(
    files: Callable[[bytes], list[str]], genuine: bytes, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "examhall.cli", *files(genuine)],
        cwd=elsewhere,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": "postgresql://nowhere.invalid/x",
             "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert list(elsewhere.iterdir()) == []
