"""Who is asking: DRF's own token authentication, over students."""

from rest_framework.authentication import TokenAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from .models import Student, StudentToken


class StudentTokenAuthentication(TokenAuthentication):
    model = StudentToken


class IsStudent(BasePermission):
    def has_permission(self, request: Request, view: object) -> bool:
        return isinstance(request.user, Student)
