"""A client of the service, for programs that have numpy and httpx2 but not the models.

It sends a request again where that is safe: when there was no connection, so that nothing was sent; when the service
was too busy, said so and named a time; and, if it only reads, when the connection broke or nothing came. A POST whose
body may have arrived is never sent twice.
"""

from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx2
import numpy as np
import numpy.typing as npt

from ld_data.checks import check_integer, check_numbers
from ld_data.errors import InputError, ServiceError
from ld_data.protocols import Mode
from ld_data.remote.addresses import check_service
from ld_data.remote.retry import name_timeout, wait
from ld_data.settings import SERVICE_VARIABLE, service_address
from ld_data.storage.arrays import read_npy, write_npy

TIMEOUT_SECONDS = 60.0
TRIES = 3
MAX_TRIES = 100
IDLE_SECONDS = 2.0  # that a connection is kept for the next request, less than the service keeps it
MAX_ECHO = 200  # characters of an answer that an error repeats
NPY = "application/x-npy"
READING = ("GET", "HEAD")
BUSY = (429, 503)
UNSENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
LOST = (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError)


class Client:
    """A service, from afar; to be closed in the end, as by `with`.

    All methods raise `ServiceError` with the service's reason if it refuses, and with what is wrong if it does not
    answer, or if something else than an LD-Data service does.
    """

    def __init__(self, service: str | None = None, timeout: float = TIMEOUT_SECONDS, tries: int = TRIES) -> None:
        """Take the address of a service, how many seconds to wait for it to take or send something, and how often.

        The address is by default that in `LD_DATA_SERVICE`, or else http://127.0.0.1:8000. Raises `InputError` if that
        is no http or https address, or no number of tries.
        """
        self.service = check_service(service_address() if service is None else service)
        self._tries = check_integer("tries", tries, 1, MAX_TRIES)
        limits = httpx2.Limits(keepalive_expiry=IDLE_SECONDS)
        self._http = httpx2.Client(timeout=timeout, limits=limits)

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the client."""
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def list_datasets(self) -> list[dict[str, Any]]:
        """Return the releases that the service has: sizes, null and floor, whether there is a challenge."""
        address = "/v1/datasets"
        datasets = self.send_for_object("GET", address).get("datasets")
        if not isinstance(datasets, list):
            raise ServiceError(
                f"{self.service}{address} answered something else than releases: not an LD-Data service."
            )
        return datasets

    def describe(self, release: str) -> dict[str, Any]:
        """Return what the service tells of a release: its manifest, and its files with sizes and hashes."""
        return self.send_for_object("GET", name_route(release))

    def encode_x(
        self, release: str, inputs: npt.ArrayLike, mode: Mode = "sample", seed: int = 0, first_row: int = 0
    ) -> np.ndarray:
        """Return latents `(n, d)` float32 of inputs: images `(n, h, w)` with pixels in [0, 1], or signals `(n, t)`.

        `mode` is "sample", with the noise of `seed` in which row i draws that of row `first_row` + i, or "mean".
        Raises `InputError` if the inputs are no array of numbers.
        """
        return self._ask(release, "x/encode", inputs, mode=mode, seed=seed, first_row=first_row)

    def decode_x(self, release: str, vectors: npt.ArrayLike) -> np.ndarray:
        """Return images `(n, h, w)` or signals `(n, t)` float32 for latents `(n, d)`; raises as `encode_x`."""
        return self._ask(release, "x/decode", vectors)

    def encode_y(
        self, release: str, labels: npt.ArrayLike, mode: Mode = "sample", seed: int = 0, first_row: int = 0
    ) -> np.ndarray:
        """Return latents `(n, d)` float32 of class labels `(n,)`; the rest is as for `encode_x`."""
        return self._ask(release, "y/encode", labels, mode=mode, seed=seed, first_row=first_row)

    def decode_y(self, release: str, vectors: npt.ArrayLike) -> np.ndarray:
        """Return the probabilities `(n, k)` float32 of the classes for latents `(n, d)`; raises as `encode_x`."""
        return self._ask(release, "y/decode", vectors)

    def send(self, method: str, route: str, **request: Any) -> httpx2.Response:
        """Return the service's answer to a request, which is sent again where that is safe.

        `request` is what httpx2 takes: `params`, `headers`, and a body, of bytes, as `content`.
        """
        address, tried = f"{self.service}{route}", 0
        while True:
            tried += 1
            try:
                response = self._http.request(method, address, **request)
            except (httpx2.HTTPError, httpx2.InvalidURL) as error:
                if not _is_safe(method, error) or not wait(tried, self._tries, note=name_timeout(error)):
                    raise _explain_silence(method, address, error) from None
                continue
            retry_after = response.headers.get("Retry-After", "")
            note = f"{self.service} is busy"
            if response.status_code in BUSY and retry_after and wait(tried, self._tries, retry_after, note):
                continue
            if not response.is_success:
                raise _explain_refusal(response, address)
            return response

    def send_for_object(self, method: str, route: str, **request: Any) -> dict[str, Any]:
        """Return the JSON object in the answer to a request, which is sent as by `send`."""
        answer = _read_json(self.send(method, route, **request), f"{self.service}{route}")
        if not isinstance(answer, dict):
            raise ServiceError(f"{self.service}{route} answered something else than an object: not an LD-Data service.")
        return answer

    def send_for_array(self, method: str, route: str, **request: Any) -> np.ndarray:
        """Return the `.npy` array in the answer to a request, which is sent as by `send`."""
        content = self.send(method, route, **request).content
        try:
            return read_npy(content).copy()  # which may be written to, other than bytes
        except InputError as error:
            raise ServiceError(f"{self.service}{route} answered something else than an array: {error}") from error

    def _ask(self, release: str, operation: str, values: npt.ArrayLike, **params: str | int) -> np.ndarray:
        body = write_npy(check_numbers(values, "what is sent"))
        headers = {"Content-Type": NPY, "Accept": NPY}
        return self.send_for_array(
            "POST", f"{name_route(release)}/{operation}", params=params, content=body, headers=headers
        )


def name_route(release: str) -> str:
    """Return the route of a release."""
    return f"/v1/datasets/{quote(release, safe='')}"


def _is_safe(method: str, error: Exception) -> bool:
    """Return whether a request that met an error may be sent again."""
    return isinstance(error, UNSENT) or (method in READING and isinstance(error, LOST))


def _explain_silence(method: str, address: str, error: Exception) -> ServiceError:
    reason = str(error) or type(error).__name__
    if method in READING or not isinstance(error, LOST) or isinstance(error, UNSENT):
        return ServiceError(
            f"no answer from {address}: {reason}. Is the service running there? `make serve` starts one, and "
            f"{SERVICE_VARIABLE} may name one elsewhere."
        )
    return ServiceError(
        f"no answer from {address}: {reason}. The request may have arrived, and is not repeated by itself. See "
        "whether it was done, then send it again if not."
    )


def _explain_refusal(response: httpx2.Response, address: str) -> ServiceError:
    answer = _read_json(response, address)
    if not (isinstance(answer, dict) and isinstance(answer.get("error"), str)):
        return ServiceError(
            f"{address} answered {response.status_code}, but not as an LD-Data service does: {answer!r:.{MAX_ECHO}}",
            response.status_code,
        )
    message = f"{address} answered {response.status_code}: {answer['error']}"
    return ServiceError(message, response.status_code, str(answer.get("error_type", "")))


def _read_json(response: httpx2.Response, address: str) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError) as error:  # the latter for lists in lists without an end
        raise ServiceError(
            f"{address} answered {response.status_code}, but not in JSON: not an LD-Data service.", response.status_code
        ) from error
