"""Parameters of a Bot API call, whichever way they came, and how one is refused (telegram-bot-api 1.2 to 1.6)."""

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

_TRUE = ("true", "yes", "1")
# What aiohttp raises for a multipart body that is not one.
BROKEN_FORM = (ValueError, AssertionError, RuntimeError, HttpProcessingError)
UPLOAD_LIMIT = 50 * 1024 * 1024


class ApiError(Exception):
    """A refusal as the client sees it: HTTP status and description."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(f"{code} {description}")
        self.code = code
        self.description = description
        self.parameters = parameters


def bad_request(reason: str) -> ApiError:
    """Return a 400 whose reason starts small, unless it is an upper-case code."""
    if reason[:2] != reason[:2].upper() or not reason[:1].isalpha():
        reason = reason[:1].lower() + reason[1:]
    return ApiError(400, f"Bad Request: {reason}")


def migrated(chat_id: int) -> ApiError:
    return ApiError(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat_id)


def forbidden(reason: str) -> ApiError:
    return ApiError(403, f"Forbidden: {reason}")


def not_found(reason: str = "") -> ApiError:
    return ApiError(404, f"Not Found: {reason}" if reason else "Not Found")


def unauthorized(reason: str = "") -> ApiError:
    return ApiError(401, f"Unauthorized: {reason}" if reason else "Unauthorized")


def conflict(reason: str) -> ApiError:
    return ApiError(409, f"Conflict: {reason}")


def too_large() -> ApiError:
    return ApiError(413, "Request Entity Too Large")


def too_many(retry_after: int) -> ApiError:
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file part of a multipart body."""

    name: str
    content: bytes
    mime: str


@dataclass(slots=True)
class ApiCall:
    """One call: the method in small letters, parameters as text, uploads by part name."""

    method: str
    params: dict[str, str] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return a parameter as text, empty when absent. Raises ApiError for text that is not UTF-8."""
        value = self.params.get(name, "")
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise bad_request("strings must be encoded in UTF-8")
        return value

    def boolean(self, name: str) -> bool:
        return self.params.get(name, "").strip().lower() in _TRUE

    def integer(self, name: str, default: int = 0, low: int = -(2**63), high: int = 2**63 - 1) -> int:
        """Return a whole number, clamped; the default for what is none."""
        try:
            value = int(self.params.get(name, "").strip()[:20])
        except ValueError:
            return default
        return max(low, min(high, value))

    def data(self, name: str, complaint: str) -> Any:
        """Return a parameter that holds JSON text, None when absent. Raises ApiError with the complaint."""
        raw = self.params.get(name, "")
        if not raw:
            return None
        try:
            return json.loads(raw)
        except (ValueError, RecursionError):
            raise bad_request(complaint) from None


async def read_call(request: web.Request, method: str) -> ApiCall:
    """Collect the parameters of a request. Raises ApiError for a body that cannot be read or is too large."""
    call = ApiCall(method.lower(), dict(request.query))
    if not request.can_read_body:
        return call
    kind = request.content_type.lower()
    if kind == "application/json":
        call.params |= _from_json(await _body(request))
    elif kind == "multipart/form-data":
        await _read_multipart(request, call)
    elif kind == "application/x-www-form-urlencoded":
        await _body(request)
        call.params |= {name: str(value) for name, value in (await request.post()).items()}
    return call


async def _body(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise too_large() from None


def _from_json(body: bytes) -> dict[str, str]:
    if not body.strip():
        return {}
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        raise bad_request("can't parse request content as JSON object") from None
    if not isinstance(values, dict):
        raise bad_request("can't parse request content as JSON object")
    return {name: as_text(value) for name, value in values.items() if value is not None}


def as_text(value: Any) -> str:
    """Return a JSON value the way it would stand in a form field."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


async def _read_multipart(request: web.Request, call: ApiCall) -> None:
    try:
        form = await request.post()
    except web.HTTPRequestEntityTooLarge:
        raise too_large() from None
    except BROKEN_FORM:
        raise bad_request("can't parse multipart form data") from None
    for name, value in form.items():
        if isinstance(value, web.FileField):
            content = value.file.read()
            value.file.close()
            if len(content) > UPLOAD_LIMIT:
                raise too_large()
            call.uploads[name] = Upload(value.filename, content, value.content_type)
        else:
            call.params[name] = str(value)


def whole(value: Any) -> int | None:
    """Return a whole number from a JSON value or its text, else None."""
    if isinstance(value, bool):
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
