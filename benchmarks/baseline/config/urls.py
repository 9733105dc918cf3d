"""The baseline's one route."""

from django.urls import path
from exams.student_views import save_answer

urlpatterns = [path("sessions/<uuid:session_id>/answers/", save_answer)]
