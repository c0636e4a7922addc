"""Parameters of a Bot API call, whichever way they came (telegram-bot-api 1.2 to 1.4)."""

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bot.localchat.errors import bad_request, too_large

_TRUE = ("true", "yes", "1")
# What aiohttp raises for a multipart body that is not one.
BROKEN_FORM = (ValueError, AssertionError, RuntimeError, HttpProcessingError)
UPLOAD_LIMIT = 50 * 1024 * 1024


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
