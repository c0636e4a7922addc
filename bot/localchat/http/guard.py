"""Who may talk to this server: programs and pages of this machine, and no page of another site through a browser."""

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

LOOPBACK: Final = frozenset(("127.0.0.1", "localhost", "::1"))
_FROM_ELSEWHERE: Final = frozenset(("cross-site", "same-site"))  # what a browser says of a page of another origin


@web.middleware
async def only_from_here(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse a request for a host that is not this machine, and whatever a page of another origin asks for."""
    if _named_otherwise(request) or _from_another_page(request):
        return web.json_response({"error": "this server talks to this machine only"}, status=403)
    return await handler(request)


def _named_otherwise(request: web.Request) -> bool:
    """Return whether the host asked for is not this machine: a name that was made to point here (DNS rebinding)."""
    try:
        return urlsplit(f"//{request.headers.get('Host', '')}").hostname not in LOOPBACK
    except ValueError:
        return True


def _from_another_page(request: web.Request) -> bool:
    """Return whether a page of another site or port asks; whoever follows a link may open the page itself."""
    origin = request.headers.get("Origin")
    if origin is not None:
        return origin.lower() != f"http://{request.headers.get('Host', '').lower()}"
    opens_the_page = request.method == "GET" and request.path == "/"
    return request.headers.get("Sec-Fetch-Site", "") in _FROM_ELSEWHERE and not opens_the_page
