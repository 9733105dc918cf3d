"""The exams of the demonstration as files, and their items as the database would give them."""

from pathlib import Path

from examhall.exams.content import Item
from examhall.exams.exam_file import ExamFile, read_exam_file

DEMO = Path(__file__).parents[2] / "examhall" / "demo"


def demo(name: str) -> ExamFile:
    return read_exam_file((DEMO / name).read_bytes(), folder=DEMO)


def items_of(exam: ExamFile) -> list[Item]:
    return [
        Item(
            question.number,
            question.prompt,
            item.sub_part,
            item.kind,
            item.prompt,
            item.presented,
            item.points,
        )
        for question in exam.questions
        for item in question.items
    ]
