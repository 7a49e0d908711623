"""Arrays of a megabyte that come and go, in a process of their own."""

import os
import subprocess
import sys

import pytest

from tests.support.paths import ROOT

pytestmark = pytest.mark.slow
CHURN = """
import resource, sys
import numpy as np
from ld_data.work.memory import keep_memory

if sys.argv[1] == "kept":
    keep_memory()
for _ in range(200):
    [np.ones(2**17) for _ in range(3)]
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs glibc")
def test_kept_memory_is_not_cleared_anew():
    # Dask sets glibc's variables in its process.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}

    def count_faults(mode):
        return int(subprocess.check_output([sys.executable, "-c", CHURN, mode], cwd=ROOT, env=environment))

    assert count_faults("kept") < 0.5 * count_faults("plain")
