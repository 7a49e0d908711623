"""Clients of HTTP/1.0, such as old proxies: they understand neither chunks nor 100 (RFC 9112, section 6.1)."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle


class OldClients(HttpToolsProtocol):
    """Uvicorn's protocol, which sends chunks to every client, without chunks for HTTP/1.0."""

    def on_headers_complete(self) -> None:
        """Prepare the answer to a request whose headers have arrived."""
        super().on_headers_complete()
        if self.scope["http_version"] == "1.0" and self.cycle is not None:
            self.cycle.__class__ = OldCycle
            self.cycle.waiting_for_100_continue = False


class OldCycle(RequestResponseCycle):
    """A request of HTTP/1.0 with its answer; the end of the connection is the end of an answer without a length."""

    is_without_length = False

    async def send(self, message: Any) -> None:
        """Send a part of the answer."""
        if message["type"] == "http.response.start":
            has_length = any(name.lower() == b"content-length" for name, _ in message["headers"])
            self.is_without_length = not has_length and message["status"] not in (204, 304)
        method = self.scope["method"]
        if not self.is_without_length or method == "HEAD":
            await super().send(message)
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if not self.disconnected:
            self.transport.write(message.get("body", b""))  # none in the head
        self.scope["method"] = "HEAD"  # uvicorn sends only the headers, without chunks, and ends the connection
        try:
            message["body"] = b""
            await super().send(message)
        finally:
            self.scope["method"] = method
