"""What a Bot API call can answer instead of a result (telegram-bot-api 1.5, 1.6)."""

from typing import Any


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
