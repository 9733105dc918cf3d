"""A question exactly as candidates see it: the room's own template, filled by the server."""

from collections.abc import Collection

from examhall.exams.content import Exam, Item, arrange, build_content
from examhall.exams.exam_file_items import Question
from examhall.exams.markdown import has_too_many_signs
from examhall.exams.question_warnings import texts_of
from examhall.web.pages import environment


def question_html(
    question: Question,
    *,
    exam_id: int,
    pictures: Collection[str],
    language: str,
    place: int,
    total: int,
    picture_base: str | None = None,
) -> str:
    """What the exam room shows, in the author's order of answers; right or not, as far as it is written.

    Pictures come from *picture_base* where that is said, else from the exam.
    """
    if any(has_too_many_signs(text) for text in texts_of(question)):
        # Refused when it is saved; to show it would take seconds.
        return ""
    exam = Exam(
        id=exam_id,
        version=0,
        title="",
        kind="test",
        instructions="",
        shuffle_questions=False,
        shuffle_options=False,
        pictures=list(pictures),
    )
    items = [
        Item(
            question.number,
            question.prompt,
            each.sub_part,
            each.kind,
            each.prompt,
            each.presented,
            each.points,
        )
        for each in question.items
    ]
    [shown] = arrange(build_content(exam, items, picture_base=picture_base), None) if items else [None]
    if shown is None:
        return ""
    template = environment(language).get_template("parts/question.html")
    return template.render(question=shown, place=place, total=total, current=" current", sections={})
