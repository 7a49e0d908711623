import platform

import numpy as np
import pytest
import threadpoolctl

from ld_data.fingerprint import describe_fingerprint, read_fingerprint


def test_it_names_what_floating_point_results_depend_on():
    fingerprint = read_fingerprint()
    assert fingerprint["numpy"] == np.__version__
    assert fingerprint["cpu"].startswith(platform.machine())
    pools = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
    assert fingerprint["blas"].split()[0] == pools[0]["internal_api"]
    assert fingerprint["blas"].endswith(pools[0].get("architecture", ""))
    assert all(isinstance(fact, str) and fact for fact in fingerprint.values())


@pytest.mark.parametrize(
    ("pools", "expected"),
    [
        ([{"user_api": "openmp"}, {"user_api": "blas", "internal_api": "mkl", "version": "2025.1"}], "mkl 2025.1"),
        ([], np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]),
    ],
)
def test_another_linear_algebra_is_named_as_far_as_it_is_known(monkeypatch, pools, expected):
    monkeypatch.setattr("ld_data.fingerprint.threadpool_info", lambda: pools)
    assert read_fingerprint()["blas"] == expected


def test_one_line_describes_it():
    assert describe_fingerprint().startswith(f"numpy {np.__version__}, ")
    assert f"blas {read_fingerprint()['blas']}" in describe_fingerprint()
