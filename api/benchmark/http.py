"""HTTP/1.1 as the load generator speaks it: requests that are bytes, and answers that are counted and not kept."""

from collections.abc import Mapping

HEAD_END = b"\r\n\r\n"
LINE_END = b"\r\n"


def make_request(
    path: str, body: bytes = b"", content_type: str = "", accept: str = "", headers: Mapping[str, str] | None = None
) -> bytes:
    """Return a request on a connection that stays: POST with a body, GET without one."""
    fields = {"Host": "127.0.0.1", **(headers or {})}
    if accept:
        fields["Accept"] = accept
    if body:
        fields |= {"Content-Type": content_type, "Content-Length": str(len(body))}
    lines = [f"{'POST' if body else 'GET'} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode() + HEAD_END + body


class Answer:
    """One answer, taken as it comes.

    Attributes:
        status: 0 before the head has come.
        body_bytes: that have come.
        body: those bytes, if they are kept.
        closes: whether the server closes the connection after it.
    """

    __slots__ = ("_buffer", "_is_chunked", "_remaining", "body", "body_bytes", "closes", "status")

    def __init__(self, *, keep: bool = False) -> None:
        """Expect the head first."""
        self.status = self.body_bytes = 0
        self.closes = False
        self.body: bytearray | None = bytearray() if keep else None
        self._buffer = b""
        self._remaining = 0  # of the body, or of the chunk that is coming
        self._is_chunked = False

    def take(self, data: bytes) -> bool:
        """Return whether the answer is complete with these bytes; raises `ValueError` if they are no such answer.

        Nothing may follow it: the generator asks anew only then.
        """
        if not self.status:
            data = self._buffer + data
            end = data.find(HEAD_END)
            if end < 0:
                self._buffer = data
                return False
            self._buffer = b""
            self._read_head(data[:end])
            data = data[end + len(HEAD_END) :]
        if self._is_chunked:
            return self._take_chunks(data)
        self._count(data)
        self._remaining -= len(data)
        return self._remaining <= 0

    def _read_head(self, head: bytes) -> None:
        lines = head.lower().split(LINE_END)
        if not lines[0].startswith(b"http/1."):
            raise ValueError(f"expected an HTTP/1 answer; received {head[:40]!r}")
        self.status = int(lines[0][9:12])
        for line in lines[1:]:
            if line.startswith(b"content-length:"):
                self._remaining = int(line[15:])
            elif line.startswith(b"transfer-encoding:"):
                self._is_chunked = line[18:].strip() == b"chunked"
            elif line.startswith(b"connection:"):
                self.closes = line[11:].strip() == b"close"
        if self.status in (204, 304):
            self._remaining = 0

    def _take_chunks(self, data: bytes) -> bool:
        """Count chunks `SIZE LINE_END BYTES LINE_END`; the last has size 0. `_remaining` includes the line's end."""
        data, self._buffer = self._buffer + data, b""
        start = 0
        while start < len(data):
            if not self._remaining:
                end = data.find(LINE_END, start)
                if end < 0:
                    self._buffer = data[start:]
                    return False
                size = int(data[start:end].split(b";")[0], 16)
                if not size:
                    return self._finish_chunks(data[start:])
                self._remaining = size + len(LINE_END)
                start = end + len(LINE_END)
            part = data[start : start + self._remaining]
            start += len(part)
            self._remaining -= len(part)
            surplus = max(0, len(LINE_END) - self._remaining)
            self._count(part[: len(part) - min(surplus, len(part))])
        return False

    def _finish_chunks(self, last: bytes) -> bool:
        """Return whether the empty line behind the last chunk has come; trailers are passed over."""
        if last.endswith(HEAD_END):
            return True
        self._buffer = last
        return False

    def _count(self, part: bytes) -> None:
        self.body_bytes += len(part)
        if self.body is not None:
            self.body += part
