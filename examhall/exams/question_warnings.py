"""What an author should look at before an exam opens, question by question. Nothing of it is refused."""

from collections import Counter
from collections.abc import Sequence

from examhall.exams.exam_file_items import Question
from examhall.exams.markdown import nameless_pictures
from examhall.exams.question_document import document_of

NO_KEY = "no_key"
NO_TOPIC = "no_topic"
NO_POINTS = "no_points"
SAME_PROMPT = "same_prompt"
NAMELESS_PICTURE = "nameless_picture"


def warnings_in(questions: Sequence[Question]) -> list[list[str]]:
    """Of each question of an exam its codes, the gravest first."""
    asked = Counter(map(_asked, questions))
    return [warnings_of(question, repeated=asked[_asked(question)] > 1) for question in questions]


def warnings_of(question: Question, *, repeated: bool = False) -> list[str]:
    found = {
        NO_KEY: _has_no_key(question),
        NO_POINTS: not any(item.points for item in question.items),
        SAME_PROMPT: repeated,
        NAMELESS_PICTURE: any(nameless_pictures(text) for text in texts_of(question) if "![" in text),
        NO_TOPIC: question.topic is None,
    }
    return [code for code, is_so in found.items() if is_so]


def texts_of(question: Question) -> Sequence[str]:
    """Every text that candidates read."""
    choices = [
        each["text"]
        for item in question.items
        for side in ("options", "left", "right")
        for each in item.presented.get(side, ())
    ]
    return [question.prompt, *(item.prompt for item in question.items), *choices]


def _has_no_key(question: Question) -> bool:
    """A question that came in by another way than the exam file or the editor."""
    document = document_of(question)
    written = document["parts"].values() if "parts" in document else [document]
    return any(item["type"] != "essay" and "answer" not in item for item in written)


def _asked(question: Question) -> tuple[str, ...]:
    return tuple(" ".join(text.split()).casefold() for text in texts_of(question))
