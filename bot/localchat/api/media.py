"""Photos, documents and other files of a call (telegram-bot-api 8)."""

from dataclasses import dataclass

from bot.localchat.images import image_size
from bot.localchat.model import Json, StoredFile
from bot.localchat.params import ApiCall, ApiError, Upload, bad_request
from bot.localchat.world import ChatWorld

PHOTO_LIMIT = 10 * 1024 * 1024
DOWNLOAD_LIMIT = 20 * 1024 * 1024
_SIDES = (90, 320, 800)


@dataclass(frozen=True, slots=True)
class MediaSource:
    """An upload or a file the chat already knows, not yet checked as a picture."""

    kind: str
    upload: Upload | None = None
    known: StoredFile | None = None


def read_media(world: ChatWorld, call: ApiCall, field: str, kind: str) -> MediaSource:
    """Return the file of a parameter. Raises ApiError when there is none or its id is unknown."""
    return media_from(world, call, call.text(field), kind, fallback=field)


def media_from(world: ChatWorld, call: ApiCall, value: str, kind: str, *, fallback: str = "") -> MediaSource:
    """Return the file that a value names: `attach://part`, a file id, or the part called like the parameter."""
    value = value.strip()
    part = value.removeprefix("attach://") if value.startswith("attach://") else fallback
    if part in call.uploads:
        upload = call.uploads[part]
        if not upload.content:
            raise bad_request("file must be non-empty")
        return MediaSource(kind, upload=upload)
    if not value or value.startswith("attach://"):
        raise bad_request(f"there is no {kind} in the request")
    if value.startswith(("http://", "https://")):
        # The local chat stays on this machine, so it answers as Telegram does when it cannot fetch.
        raise bad_request("failed to get HTTP URL content")
    known = world.files.get(value)
    if known is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    if known.kind != kind:
        raise bad_request(f"can't use file of type {known.kind.capitalize()} as {kind.capitalize()}")
    return MediaSource(kind, known=known)


def settle_media(world: ChatWorld, source: MediaSource) -> Json:
    """Keep the file and return the message field that shows it. Raises ApiError for a picture Telegram refuses."""
    if source.kind == "photo":
        return {"photo": _photo(world, source)}
    record = source.known
    if record is None and source.upload is not None:
        upload = source.upload
        record = world.add_file(upload.content, source.kind, name=upload.name or "file", mime=upload.mime)
    if record is None:
        raise ApiError(400, f"Bad Request: there is no {source.kind} in the request")
    return {source.kind: _file_json(record)}


def photo_sizes(world: ChatWorld, content: bytes) -> list[Json]:
    """Keep a picture and return its sizes, smallest first.

    Telegram makes smaller copies; here every size names the same bytes, and the page scales them.
    Raises ApiError for what is not a picture or has impossible dimensions.
    """
    if len(content) > PHOTO_LIMIT:
        raise bad_request(
            f"file of size {len(content)} bytes is too big for a photo; the maximum size is {PHOTO_LIMIT} bytes"
        )
    size = image_size(content)
    if size is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    width, height = size
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    record = world.add_file(content, "photo", size=size)
    smaller = [side for side in _SIDES if side < max(width, height)]
    copies = [world.add_copy(record, _scaled(size, side)) for side in smaller]
    return [_size_json(copy) for copy in [*copies, record]]


def file_json(record: StoredFile, *, with_path: bool) -> Json:
    """Return a File object."""
    return {**record.to_json(), **({"file_path": record.path} if with_path else {})}


def _photo(world: ChatWorld, source: MediaSource) -> list[Json]:
    if source.upload is not None:
        return photo_sizes(world, source.upload.content)
    if source.known is None:
        raise bad_request("there is no photo in the request")
    same = [record for record in world.files.values() if record.path == source.known.path]
    return [_size_json(record) for record in sorted(same, key=lambda record: record.width)]


def _scaled(size: tuple[int, int], side: int) -> tuple[int, int]:
    longest = max(size)
    return max(1, size[0] * side // longest), max(1, size[1] * side // longest)


def _size_json(record: StoredFile) -> Json:
    return {**record.to_json(), "width": record.width, "height": record.height}


def _file_json(record: StoredFile) -> Json:
    body: Json = {"file_name": record.name, "mime_type": record.mime, **record.to_json()}
    if record.kind in ("animation", "video"):
        body |= {"width": record.width, "height": record.height, "duration": 0}
    if record.kind in ("audio", "voice"):
        body["duration"] = 0
    if record.kind == "voice":
        body.pop("file_name")
    return body
