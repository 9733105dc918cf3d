"""The text model's endpoint, a real small server: good answers, bad ones, none, and what is never sent."""

import gzip
import json
from typing import Any

import pytest
from msgspec.structs import replace

from examhall.reports import text_model
from examhall.reports.text_model import LONGEST_CHARS, MOST_TOKENS, ModelUnavailable, TextModel

from .endpoint import GOOD, served
from .test_wording import FACTS, topic

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_model, "FIRST_PAUSE_S", 0.01)


def saying(text: str) -> tuple[int, dict[str, Any]]:
    return 200, {"choices": [{"message": {"content": text}}]}


async def ask(**given: Any) -> tuple[text_model.Answer, list[dict[str, Any]]]:
    async with served(**given) as endpoint:
        model = TextModel(endpoint.url, key="secret", model="small", answer_s=0.5)
        try:
            return await model.comment_on(FACTS), endpoint.asked
        finally:
            await model.close()


async def test_a_good_answer_and_its_cost() -> None:
    answer, asked = await ask()
    assert (answer.text, answer.tokens) == ("Well done.", 700)
    assert asked[0]["model"] == "small"


async def test_the_key_is_sent_and_the_persons_name_never() -> None:
    facts = replace(FACTS, full_name="Alice Secretname", topics=(topic("Geometry", "strength"),))
    async with served() as endpoint:
        model = TextModel(endpoint.url, key="secret", model="small")
        await model.comment_on(facts)
        await model.close()
    assert endpoint.authorizations == ["bearer secret"]
    sent = json.dumps(endpoint.asked)
    assert "Geometry" in sent
    assert "Secretname" not in sent


@pytest.mark.parametrize(
    ("language", "named"),
    [("en", "in English,"), ("uz", "in Uzbek (Oʻzbek),"), ("ru", "in Russian (Русский),")],
)
async def test_it_is_told_in_which_language_to_write(language: str, named: str) -> None:
    async with served() as endpoint:
        model = TextModel(endpoint.url, key=None, model="small")
        await model.comment_on(FACTS, language)
        await model.close()
    assert named in endpoint.asked[0]["messages"][0]["content"]


@pytest.mark.parametrize(
    "first", [(429, {}), (500, {}), (503, b"busy"), None, b"", b"HTTP/1.1 200 X\r\nCont"]
)
async def test_it_tries_again_where_that_may_help(first: Any) -> None:
    answer, asked = await ask(replies=[first, (200, GOOD)])
    assert answer.text == "Well done."
    assert len(asked) == 2


@pytest.mark.parametrize("reply", [(500, {}), None, (429, {})])
async def test_it_gives_up_in_the_end(reply: Any) -> None:
    with pytest.raises(ModelUnavailable):
        await ask(replies=[reply])


@pytest.mark.parametrize("status", [301, 400, 401, 404])
async def test_what_trying_again_would_not_help_is_tried_once(status: int) -> None:
    async with served(replies=[(status, {})], headers="Location: http://127.0.0.1:1/\r\n") as endpoint:
        model = TextModel(endpoint.url, key=None, model="small")
        with pytest.raises(ModelUnavailable):
            await model.comment_on(FACTS)
        await model.close()
    assert len(endpoint.asked) == 1


async def test_told_to_wait_for_long_it_leaves_that_to_another_time() -> None:
    with pytest.raises(ModelUnavailable):
        await ask(replies=[(429, {})], headers="Retry-After: 3600\r\n")


@pytest.mark.parametrize(
    "body",
    [b"no json", {}, {"choices": []}, {"choices": [{}]}, [1], saying("")[1], saying(" \x00 ")[1], None],
)
async def test_an_answer_that_is_none_is_not_taken_for_one(body: Any) -> None:
    with pytest.raises(ModelUnavailable):
        await ask(replies=[(200, body)])


async def test_an_answer_is_plain_text_of_bounded_length() -> None:
    answer, _ = await ask(replies=[saying("One\r\n\ttwo\x1b[31m " + "x" * 5_000)])
    assert answer.text.startswith("One two [31m xxx")
    assert len(answer.text) == LONGEST_CHARS


async def test_an_endless_answer_is_cut_off() -> None:
    with pytest.raises(ModelUnavailable):
        await ask(replies=[(200, b"x" * 2_000_000)])


async def test_it_asks_for_replies_as_they_are_and_takes_no_packed_ones() -> None:
    """A kilobyte that is packed twice is a gigabyte."""
    packed = gzip.compress(json.dumps(GOOD).encode())
    async with served(replies=[(200, packed)], headers="Content-Encoding: gzip\r\n") as endpoint:
        model = TextModel(endpoint.url, key=None, model="small")
        with pytest.raises(ModelUnavailable):
            await model.comment_on(FACTS)
        await model.close()
    assert endpoint.encodings == ["identity"] * len(endpoint.asked)


@pytest.mark.parametrize("tokens", ["1e400", "Infinity", "NaN", '"many"', "[]"])
async def test_a_cost_that_is_no_number_is_no_usable_answer(tokens: str) -> None:
    body = b'{"choices":[{"message":{"content":"Well."}}],"usage":{"total_tokens":%b}}' % tokens.encode()
    with pytest.raises(ModelUnavailable):
        await ask(replies=[(200, body)])


async def test_a_cost_beyond_all_bounds_is_bounded() -> None:
    body = b'{"choices":[{"message":{"content":"Well."}}],"usage":{"total_tokens":%b}}' % (b"9" * 40)
    answer, _asked = await ask(replies=[(200, body)])
    assert answer.tokens == MOST_TOKENS


async def test_a_reply_of_brackets_is_no_usable_answer() -> None:
    with pytest.raises(ModelUnavailable):
        await ask(replies=[(200, b"[" * 900_000)])
