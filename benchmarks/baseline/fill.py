"""Makes the baseline's tables and fills them: an exam, students with tokens, sessions, some answers.

Prints one line per session: its id and its student's token.
"""

import secrets
import sys
from datetime import timedelta

import django
from django.core.management import call_command
from django.utils import timezone


def main(students: int, answers: int) -> None:
    django.setup()
    # The tables of apps without migrations are made first of all, and ours refer to Django's users.
    call_command("migrate", "auth", verbosity=0)
    call_command("migrate", run_syncdb=True, verbosity=0)
    from exams.models import ExamSession, MockExam, Student, StudentAnswer, StudentToken

    now = timezone.now()
    exam = MockExam.objects.create(
        title="Baseline",
        scheduled_start=now,
        scheduled_end=now + timedelta(days=1),
        duration=24 * 60,
    )
    people = Student.objects.bulk_create(
        Student(full_name=f"Student {number}", telegram_id=number) for number in range(students)
    )
    tokens = StudentToken.objects.bulk_create(
        StudentToken(key=secrets.token_hex(20), user=person) for person in people
    )
    sessions = ExamSession.objects.bulk_create(ExamSession(student=person, exam=exam) for person in people)
    StudentAnswer.objects.bulk_create(
        StudentAnswer(session=session, question_number=number, answer="A")
        for session in sessions
        for number in range(1, answers + 1)
    )
    for session, token in zip(sessions, tokens, strict=True):
        print(session.id, token.key)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
