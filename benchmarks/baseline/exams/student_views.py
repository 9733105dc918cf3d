"""The seed's save_answer, as it stands there after its optimisation."""

from uuid import UUID

from django.utils import timezone
from rest_framework.decorators import api_view, permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from .authentication import IsStudent
from .models import ExamSession, StudentAnswer


@api_view(["POST"])
@permission_classes([IsStudent])
def save_answer(request: Request, session_id: UUID) -> Response:
    """Optimized answer save for high concurrency."""
    question_number = request.data.get("question_number")
    sub_part = request.data.get("sub_part", "")
    answer = request.data.get("answer", "").strip()

    if not question_number:
        return Response({"error": "question_number required"}, status=400)

    # Validate answer length
    if len(answer) > 500:
        return Response({"error": "Answer too long"}, status=400)

    # Single optimized query with select_related
    try:
        session = (
            ExamSession.objects.select_related("exam")
            .only("id", "status", "started_at", "exam__duration", "exam__scheduled_end")
            .get(id=session_id, student=request.user)
        )
    except ExamSession.DoesNotExist:
        return Response({"error": "Session not found"}, status=404)

    if session.status != ExamSession.Status.IN_PROGRESS:
        return Response({"error": "Exam already submitted"}, status=400)

    # Time check
    now = timezone.now()
    elapsed = (now - session.started_at).total_seconds()
    remaining_at_start = (session.exam.scheduled_end - session.started_at).total_seconds()
    effective_duration = min(session.exam.duration * 60, remaining_at_start)

    if elapsed > effective_duration + 30:
        _submit_session(session)
        return Response({"error": "Time expired"}, status=400)

    # Upsert answer — use update_or_create for atomic operation
    StudentAnswer.objects.update_or_create(
        session=session, question_number=question_number, sub_part=sub_part, defaults={"answer": answer}
    )

    return Response({"status": "saved"})


def _submit_session(session: ExamSession) -> None:
    session.status = ExamSession.Status.SUBMITTED
    session.submitted_at = timezone.now()
    session.save(update_fields=["status", "submitted_at"])
