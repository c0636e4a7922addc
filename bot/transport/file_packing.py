"""Packs a file for the way: a large CSV file becomes a zip of the same name that phones and computers open."""

import asyncio
import io
import zipfile

_SMALL = 256_000  # bytes: opened with one tap as it is


async def packed(name: str, content: bytes) -> tuple[str, bytes]:
    """Return name and content as they are sent; packing goes on in a worker thread."""
    if len(content) <= _SMALL:
        return name, content
    return f"{name}.zip", await asyncio.to_thread(_zipped, name, content)


def _zipped(name: str, content: bytes) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return whole.getvalue()
