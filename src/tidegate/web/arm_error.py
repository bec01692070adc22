"""Errors as Azure Resource Manager writes them: `{"error": {"code", "message", "details"}}`.

Knows the form. Does not know who failed.
"""

from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tidegate.diagnostics import Diagnostic
from tidegate.exceptions import TidegateError

__all__ = ["ArmError", "answer_error", "declaration_error", "error_detail"]

AUTHENTICATE = {"WWW-Authenticate": 'Bearer realm="tidegate"'}


class ArmError(TidegateError):
    """A request that is refused, with what is answered."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        hint: str | None = None,
        target: str | None = None,
        details: Iterable[dict[str, Any]] = (),  # Any: JSON
    ) -> None:
        self.status = status
        self.code = code
        self.hint = hint
        self.target = target
        self.details = list(details)
        super().__init__(message)

    def body(self) -> dict[str, Any]:  # Any: JSON
        """Return what is answered. The hint ends the message, for clients show nothing else."""
        message = f"{self}; {self.hint}" if self.hint else str(self)
        error: dict[str, Any] = {"code": self.code, "message": message}
        if self.target is not None:
            error["target"] = self.target
        if self.details:
            error["details"] = self.details
        return {"error": error}

    def answer(self) -> Response:
        """Return it as a response."""
        return JSONResponse(self.body(), self.status, AUTHENTICATE if self.status == 401 else None)


async def answer_error(request: Request, error: Exception) -> Response:
    """Be the exception handler of an application for `ArmError`."""
    assert isinstance(error, ArmError)
    return error.answer()


def declaration_error(diagnostics: Iterable[Diagnostic], status: int = 400) -> ArmError:
    """Return the error of a body that does not validate, with a detail for each finding that is an error."""
    errors = [each for each in diagnostics if each.level == "error"]
    first = errors[0]
    others = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return ArmError(
        status,
        "InvalidResource",
        f"{first.message}{others}",
        hint=first.hint,
        target=first.path or None,
        details=[error_detail(each) for each in errors],
    )


def error_detail(diagnostic: Diagnostic) -> dict[str, Any]:
    """Return one finding, in the form of `details[]`."""
    detail: dict[str, Any] = {"code": diagnostic.code, "message": diagnostic.message}
    if diagnostic.path:
        detail["target"] = diagnostic.path
    about = {name: value for name, value in (("hint", diagnostic.hint), ("resource", diagnostic.resource)) if value}
    if about:
        detail["additionalInfo"] = [{"type": "Tidegate", "info": about}]
    return detail
