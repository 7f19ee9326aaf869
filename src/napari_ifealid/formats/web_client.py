"""The client that Zarr arrays behind http:// and https:// are read with, in bounded time and size.

fsspec reads a whole file into memory, however large it is and however slowly it comes.
"""

from __future__ import annotations

from asyncio import wait_for
from time import monotonic
from types import SimpleNamespace
from typing import Any

import aiohttp

from napari_ifealid.formats.transfer import GRACE, PATIENCE, SLOWEST, redirect_fault
from napari_ifealid.sizes import size_text

LARGEST_FILE = 2**31
"""Bytes of a file of a Zarr: metadata, a chunk or a shard's part."""


class RefusedError(aiohttp.ClientError):
    """What a server sends is not read on, or not followed."""


class BoundedResponse(aiohttp.ClientResponse):
    """An answer whose content is read up to `LARGEST_FILE`, and not slower than `SLOWEST`."""

    _content: bytes | None = None

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        """Read what comes before the content."""
        return await wait_for(super().start(connection), 2 * PATIENCE)

    async def read(self) -> bytes:
        """Return the content.

        Raises
        ------
        RefusedError
            If it is too large, or comes too slowly.
        """
        if self._content is None:
            try:
                self._content = await self._bounded()
            except BaseException:
                self.close()
                raise
        return self._content

    async def text(self, encoding: str | None = None, errors: str = "strict") -> str:
        """Return the content as text, in UTF-8 unless the answer says otherwise."""
        return (await self.read()).decode(encoding or self.charset or "utf-8", errors)

    async def _bounded(self) -> bytes:
        content, start = bytearray(), monotonic()
        while piece := await wait_for(self.content.readany(), PATIENCE):
            content += piece
            waited = monotonic() - start
            if len(content) > LARGEST_FILE:
                raise RefusedError(f"a file of more than {size_text(LARGEST_FILE)}")
            if waited > GRACE + len(content) / SLOWEST:
                raise RefusedError(f"{size_text(len(content))} in {waited:.0f} seconds")
        return bytes(content)


async def web_client(**options: Any) -> aiohttp.ClientSession:
    """Return a client that reads bounded answers, and follows no unsafe redirect.

    Parameters
    ----------
    **options
        Of `aiohttp.ClientSession`, as fsspec gives them.
    """
    redirects = aiohttp.TraceConfig()
    redirects.on_request_redirect.append(_check_redirect)
    return aiohttp.ClientSession(
        response_class=BoundedResponse,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=PATIENCE, sock_read=PATIENCE),
        trace_configs=[redirects],
        **options,
    )


async def _check_redirect(
    _: aiohttp.ClientSession,
    __: SimpleNamespace,
    asked: aiohttp.TraceRequestRedirectParams,
) -> None:
    fault = redirect_fault(str(asked.response.url), asked.response.headers.get("Location", ""))
    if fault:
        raise RefusedError(fault)
