"""How often the models were asked through the inference protocol, and how long they took, in the form of Triton.

The form: https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pydantic import BaseModel
from starlette.types import Scope

from api.messages.request_record import find_record


class Duration(BaseModel):
    """The number of requests, and their time in nanoseconds."""

    count: int = 0
    ns: int = 0


class InferenceStatistics(BaseModel):
    """The requests that were answered with outputs, and those that were refused or failed."""

    success: Duration = field(default_factory=Duration)
    fail: Duration = field(default_factory=Duration)


class ModelStatistics(BaseModel):
    """A model's requests since the start of this worker; `last_inference` is in milliseconds since 1970, or 0."""

    name: str
    version: str
    last_inference: int = 0
    inference_count: int = 0
    inference_stats: InferenceStatistics


@dataclass
class Statistics:
    """The statistics of all models, counted on the event loop."""

    _models: dict[str, ModelStatistics] = field(default_factory=dict)

    def of(self, name: str, version: str) -> ModelStatistics:
        """Return the statistics of a model."""
        if name not in self._models:
            self._models[name] = ModelStatistics(name=name, version=version, inference_stats=InferenceStatistics())
        return self._models[name]

    @contextmanager
    def count(self, name: str, version: str, scope: Scope) -> Iterator[None]:
        """Count a request that is answered in this block; a stream counts up to its first part."""
        found, start, durations = self.of(name, version), time.perf_counter_ns(), None
        try:
            yield
            durations = found.inference_stats.success
            found.last_inference = time.time_ns() // 10**6
            found.inference_count += find_record(scope).rows or 0
        finally:
            durations = durations or found.inference_stats.fail
            durations.count += 1
            durations.ns += time.perf_counter_ns() - start
