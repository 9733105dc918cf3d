"""The tables that the seed's save_answer touches, with the indexes it adds for them."""

import uuid

from django.conf import settings
from django.db import models


class Student(models.Model):
    full_name = models.CharField(max_length=255)
    telegram_id = models.BigIntegerField(unique=True)

    is_authenticated = True
    is_active = True


class StudentToken(models.Model):
    key = models.CharField(max_length=40, primary_key=True)
    user = models.OneToOneField(Student, related_name="auth_token", on_delete=models.CASCADE)


class MockExam(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(max_length=255)
    scheduled_start = models.DateTimeField()
    scheduled_end = models.DateTimeField()
    duration = models.PositiveIntegerField(help_text="minutes")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)

    class Meta:
        indexes = (models.Index(fields=["scheduled_start", "scheduled_end"], name="idx_exam_schedule"),)


class ExamSession(models.Model):
    class Status(models.TextChoices):
        IN_PROGRESS = "in_progress"
        SUBMITTED = "submitted"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    student = models.ForeignKey(Student, on_delete=models.CASCADE)
    exam = models.ForeignKey(MockExam, on_delete=models.CASCADE)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.IN_PROGRESS)
    started_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(null=True)

    class Meta:
        unique_together = (("student", "exam"),)
        indexes = (models.Index(fields=["exam", "status"], name="idx_session_exam_status"),)


class StudentAnswer(models.Model):
    session = models.ForeignKey(ExamSession, on_delete=models.CASCADE)
    question_number = models.PositiveSmallIntegerField()
    sub_part = models.CharField(max_length=1, blank=True, default="")
    answer = models.CharField(max_length=500, blank=True)
    is_correct = models.BooleanField(null=True)

    class Meta:
        unique_together = (("session", "question_number", "sub_part"),)
        indexes = (models.Index(fields=["session", "question_number"], name="idx_answer_session_question"),)
