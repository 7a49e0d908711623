"""Loads on servers, made by a generator in a process of its own on the last core."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict

from api.benchmark.contenders.processes import HOST, Running, on_core
from api.benchmark.load.generator import Group, Outcome
from api.benchmark.load.samples import Sample
from ld_data.errors import StartError


def put_load(running: Running, groups: Sequence[Group], seconds: float, warm_up: float = 0.0) -> list[Outcome]:
    """Return what came of each group of connections, as `Load.run` does; raises `StartError` if the server has gone."""
    coded = [{**asdict(group), "request": base64.b64encode(group.request).decode()} for group in groups]
    plan = {"host": HOST, "port": running.port, "groups": coded, "seconds": seconds, "warm_up": warm_up}
    with on_core(-1 if (os.cpu_count() or 1) > 1 else None):
        done = subprocess.run(
            [sys.executable, "-m", "api.benchmark.load"],
            input=json.dumps(plan),
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise StartError(f"the load generator failed: {done.stderr.strip().splitlines()[-1]}")
    return [Outcome(**outcome) for outcome in json.loads(done.stdout)]


def sample(running: Running, groups: Sequence[Group], warm_up: float, seconds: float) -> Sample:
    """Return a turn of the last group, while the others are at work, too."""
    cpu = running.measure_cpu()
    outcome = put_load(running, groups, seconds, warm_up)[-1]
    failures = outcome.lost + outcome.wrong + sum(outcome.statuses.values())
    if not outcome.answered:
        raise StartError(f"nothing was answered 200, but {outcome.statuses or 'nothing at all'}")
    return Sample(
        outcome.answered / outcome.seconds,
        outcome.p50,
        outcome.p99,
        failures,
        outcome.cpu_seconds / outcome.answered,
        (running.measure_cpu() - cpu) / (outcome.warm_up + outcome.answered),
    )
