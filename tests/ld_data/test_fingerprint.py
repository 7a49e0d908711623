import numpy as np

from ld_data.fingerprint import describe_fingerprint


def test_the_fingerprint_names_libraries_kernel_and_processor(monkeypatch):
    plain = describe_fingerprint()
    assert f"numpy {np.__version__}" in plain
    assert "kernel of the CPU" in plain
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    assert describe_fingerprint() == plain.replace("kernel of the CPU", "kernel Haswell")
