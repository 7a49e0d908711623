"""The things that the light core is for, as a user would do them; fails if a framework was imported meanwhile."""

import sys

import numpy as np

import eval.__main__ as eval_main
import ld_data
from eval import evaluate
from ld_data.mnist1d.config import Mnist1dConfig
from ld_data.mnist1d.dataset import make_mnist1d

FRAMEWORKS = {
    "tensorflow",
    "keras",
    "fastapi",
    "starlette",
    "sklearn",
    "onnxruntime",
    "pyarrow",
    "pandas",
    "torch",
    "matplotlib",
}


def main() -> None:
    """Load a release, generate signals, score a model, run studies."""
    data = ld_data.load("ld-mnist1d-32")
    signals = make_mnist1d(Mnist1dConfig(num_samples=1_000, seed=1))
    print(f"generated {signals.x.shape[0]} signals of {signals.x.shape[1]} points")
    weights = np.linalg.lstsq(data.train.x, data.train.y)[0]
    print(evaluate(lambda x: x @ weights, data))
    arms = {"double-descent": "latents-teacher", "learning-rate": "latents-teacher", "lottery": "latents-magnitude"}
    arms |= {"pooling": "latents-teacher-5", "contrast": "latents-ceiling", "textbook": "latents-permuted"}
    for study, arm in arms.items():  # where the outcome is known exactly
        if status := eval_main.main(["study", study, "--only", arm, "--quick"]):
            sys.exit(status)
    if loaded := FRAMEWORKS & {name.partition(".")[0] for name in sys.modules}:
        sys.exit(f"the light core imported {', '.join(sorted(loaded))}")


if __name__ == "__main__":
    main()
