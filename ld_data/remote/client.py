"""A client of the service, for programs that have numpy and httpx2 but not the models.

A request is sent again where that is safe: if there was no connection, so that no byte was sent; if the service said
that it is busy and named a pause; and, for a request that only reads, if the connection broke or no answer came. A POST
whose body may have arrived is never sent twice.
"""

from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import quote

import httpx2
import numpy.typing as npt

from ld_data.checks import MAX_ECHO, check_integer, check_numbers, check_service
from ld_data.errors import InputError, ServiceError
from ld_data.protocols import Mode
from ld_data.remote.bounded import BoundsError
from ld_data.remote.network import name_settings, open_client
from ld_data.remote.retry import find_retry_after, try_often
from ld_data.settings import SERVICE_VARIABLE, service_address
from ld_data.storage.arrays import read_npy, write_npy
from ld_data.typing import Array, Floats

TIMEOUT_SECONDS = 60.0
TRIES = 3
IDLE_SECONDS = 2.0  # for which an idle connection is kept: less than the service keeps it
NPY = "application/x-npy"
MAX_ANSWER_BYTES = 1 << 30
READING = ("GET", "HEAD")
BUSY = (429, 503)
UNSENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
LOST = (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError)


class Client(AbstractContextManager["Client", None]):
    """A service at an address. Close it after use, or open it with `with`.

    All methods raise `ServiceError`: with the service's reason if it refuses, and with the cause if it does not answer
    or is not an LD-Data service. Arrays to send that hold no numbers raise `InputError`.
    """

    def __init__(self, service: str | None = None, timeout: float = TIMEOUT_SECONDS, tries: int = TRIES) -> None:
        """Take the address of a service, the seconds that one step of a request may take, and the number of tries.

        The default address is that in `LD_DATA_SERVICE`, or else http://127.0.0.1:8000.

        Raises:
            InputError: the address is not http or https, `tries` is not from 1 to 100, or the environment names a proxy
                or certificates that cannot be used.
        """
        self.service = check_service(service_address() if service is None else service)
        self._tries = check_integer("tries", tries, 1, 100)
        limits = httpx2.Limits(keepalive_expiry=IDLE_SECONDS)
        headers = {"Accept-Encoding": "identity"}  # a packed answer may be small and need all memory
        self._http = open_client(self.service, timeout, MAX_ANSWER_BYTES, limits=limits, headers=headers)

    def __exit__(self, *_error: object) -> None:
        """Close the client."""
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def list_datasets(self) -> list[dict[str, Any]]:
        """Return the releases of the service: sizes, null and floor, and whether there is a challenge."""
        route = "/v1/datasets"
        datasets = self.send_for_object("GET", route).get("datasets")
        if not isinstance(datasets, list):
            raise ServiceError(f"{self.service}{route} answered something else than releases: not an LD-Data service.")
        return datasets

    def describe(self, release: str) -> dict[str, Any]:
        """Return the description of a release: its manifest, and its files with sizes and hashes."""
        return self.send_for_object("GET", name_route(release))

    def encode_x(
        self, release: str, inputs: npt.ArrayLike, mode: Mode = "sample", seed: int = 0, first_row: int = 0
    ) -> Floats:
        """Return latents `(n, d)` float32 of inputs: images with pixels in [0, 1], or signals `(n, t)`.

        In `mode` "sample", row i has the noise of row `first_row` + i of `seed`; in "mean" there is none.
        """
        return self._ask(release, "x/encode", inputs, mode=mode, seed=seed, first_row=first_row)

    def decode_x(self, release: str, vectors: npt.ArrayLike) -> Floats:
        """Return images `(n, h, w)` or `(n, h, w, 3)`, or signals `(n, t)`, float32, of latents `(n, d)`."""
        return self._ask(release, "x/decode", vectors)

    def encode_y(
        self, release: str, labels: npt.ArrayLike, mode: Mode = "sample", seed: int = 0, first_row: int = 0
    ) -> Floats:
        """Return latents `(n, d)` float32 of class labels `(n,)`; the rest is as for `encode_x`."""
        return self._ask(release, "y/encode", labels, mode=mode, seed=seed, first_row=first_row)

    def decode_y(self, release: str, vectors: npt.ArrayLike) -> Floats:
        """Return the class probabilities `(n, k)` float32 of latents `(n, d)`."""
        return self._ask(release, "y/decode", vectors)

    def send(self, method: str, route: str, **request: Any) -> httpx2.Response:
        """Return the service's answer to a request, which is sent again where that is safe.

        `request` holds arguments of `httpx2.Client.request`: `params`, `headers`, and bytes as `content`.
        """
        address = f"{self.service}{route}"

        def ask() -> httpx2.Response:
            with self._http.receive(method, address, **request) as response:
                if "Content-Encoding" in response.headers:
                    raise BoundsError("it sends a packed answer, for which nothing asked", request=response.request)
                response.read()
            return response.raise_for_status()

        try:
            return try_often(ask, self._tries, lambda error: _is_safe(method, error), self.service)
        except httpx2.HTTPStatusError as error:
            raise _explain_refusal(error.response, address) from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise _explain_silence(method, address, error) from None

    def send_for_object(self, method: str, route: str, **request: Any) -> dict[str, Any]:
        """Return the JSON object in the answer to a request, which is sent as by `send`."""
        answer = _read_json(self.send(method, route, **request), f"{self.service}{route}")
        if not isinstance(answer, dict):
            raise ServiceError(f"{self.service}{route} answered something else than an object: not an LD-Data service.")
        return answer

    def send_for_array(self, method: str, route: str, **request: Any) -> Array:
        """Return the `.npy` array in the answer to a request, which is sent as by `send`."""
        content = self.send(method, route, **request).content
        try:
            return read_npy(content).copy()  # a caller may write into the copy, not into bytes
        except InputError as error:
            raise ServiceError(f"{self.service}{route} answered something else than an array: {error}") from error

    def _ask(self, release: str, operation: str, values: npt.ArrayLike, **params: str | int) -> Floats:
        array = check_numbers(values, "the array to send", take_booleans=operation == "x/encode")
        route, body = f"{name_route(release)}/{operation}", write_npy(array)
        return self.send_for_array(
            "POST", route, params=params, content=body, headers={"Content-Type": NPY, "Accept": NPY}
        )


def name_route(release: str) -> str:
    """Return the route of a release."""
    return f"/v1/datasets/{quote(release, safe='', errors='surrogateescape')}"


def _is_safe(method: str, error: BaseException) -> bool:
    """Return whether a request may be sent again after an error."""
    if isinstance(error, httpx2.HTTPStatusError):
        return error.response.status_code in BUSY and bool(find_retry_after(error))
    return isinstance(error, UNSENT) or (method in READING and isinstance(error, LOST))


def _explain_silence(method: str, address: str, error: Exception) -> ServiceError:
    advice = f"Is the service running there? `make serve` starts one, and {SERVICE_VARIABLE} may name one elsewhere."
    if method not in READING and isinstance(error, LOST) and not isinstance(error, UNSENT):
        advice = (
            "The request may have arrived, and is not repeated by itself. Check whether it had its effect, then send "
            "it again if not."
        )
    advice += name_settings(address, error)
    return ServiceError(f"no answer from {address}: {str(error) or type(error).__name__}. {advice}")


def _explain_refusal(response: httpx2.Response, address: str) -> ServiceError:
    answer = _read_json(response, address)
    status, facts = response.status_code, answer if isinstance(answer, dict) else {}
    if not isinstance(facts.get("error"), str):
        message = f"{address} answered {status}, but not as an LD-Data service does: {answer!r:.{MAX_ECHO}}."
        return ServiceError(f"{message}{name_settings(address)}", status)
    return ServiceError(f"{address} answered {status}: {facts['error']}", status, str(facts.get("error_type", "")))


def _read_json(response: httpx2.Response, address: str) -> Any:
    try:
        return response.json()
    except (ValueError, RecursionError) as error:  # the latter for endlessly nested lists
        raise ServiceError(
            f"{address} answered {response.status_code}, but not in JSON: not an LD-Data service."
            f"{name_settings(address)}",
            response.status_code,
        ) from error
