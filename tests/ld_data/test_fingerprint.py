import platform

import numpy as np
import pytest
import threadpoolctl

from ld_data.fingerprint import describe_fingerprint, read_fingerprint

SCIPYS, NUMPYS = (
    {"user_api": "blas", "internal_api": "openblas", "version": version, "filepath": f"/lib/{library}.libs/openblas.so"}
    for library, version in (("scipy", "0.3.30"), ("numpy", "0.3.31"))
)


def test_it_names_what_floating_point_results_depend_on():
    fingerprint = read_fingerprint()
    assert fingerprint["numpy"] == np.__version__
    assert fingerprint["cpu"].startswith(platform.machine())
    kernels = {pool["internal_api"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"}
    assert fingerprint["blas"].split()[0] in kernels
    assert all(isinstance(fact, str) and fact for fact in fingerprint.values())


@pytest.mark.parametrize(
    ("pools", "expected"),
    [
        ([{"user_api": "openmp"}, {"user_api": "blas", "internal_api": "mkl", "version": "2025.1"}], "mkl 2025.1"),
        ([SCIPYS, NUMPYS], "openblas 0.3.31"),  # a spawned process loads scipy's first
        ([], np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]),
    ],
)
def test_another_linear_algebra_is_named_as_far_as_it_is_known(monkeypatch, pools, expected):
    monkeypatch.setattr("ld_data.fingerprint.threadpool_info", lambda: pools)
    assert read_fingerprint()["blas"] == expected


def test_one_line_describes_it():
    assert describe_fingerprint().startswith(f"numpy {np.__version__}, ")
    assert f"blas {read_fingerprint()['blas']}" in describe_fingerprint()
