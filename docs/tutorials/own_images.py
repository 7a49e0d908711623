# %% [markdown]
# # Your own images to a release
#
# Any labelled images become a latent dataset: `x_train`, `y_train`, `x_test` and `y_test` in one `.npz`, or the four
# files of MNIST's format. This tutorial takes the small digits of scikit-learn, and trains for few passes: the build
# takes a minute or two. It needs `pip install -e ".[train]"` in the folder of LD-Data.

# %%
import numpy as np
from sklearn.datasets import load_digits

digits = load_digits()
images = (digits.images * 255 / 16).astype(np.uint8)  # (1797, 8, 8)
np.savez(
    "small_digits.npz",
    x_train=images[:1500],
    y_train=digits.target[:1500],
    x_test=images[1500:],
    y_test=digits.target[1500:],
)

# %% [markdown]
# ## Build
#
# One command trains the models, encodes the images, examines the latents, writes the release and verifies it.

# %%
import os
import subprocess
import sys

os.environ["LD_DATA_CHECKPOINTS"] = "releases"  # the folder of releases, for this notebook and its commands


def run(*words):
    """Run a command as in a terminal, and print the first lines of its output."""
    done = subprocess.run([sys.executable, "-m", *words], check=True, capture_output=True, text=True)
    print("\n".join(done.stdout.splitlines()[:24]))


few = ("--latent-dim", "16", "--epochs", "20", "--flow-epochs", "8")
run("ld_data", "build", "--source-npz", "small_digits.npz", "--licence", "BSD-3-Clause", *few)

# %% [markdown]
# The name follows from the file and the latent size. The release loads as the built-in ones do. Without
# `LD_DATA_CHECKPOINTS`, it lies beside them in `checkpoints`. A service that already runs shows it after a restart.

# %%
import ld_data

print(ld_data.list_releases())
data = ld_data.load("ld-small-digits-16")
print(data.train.x.shape, data.test.y.shape)

# %% [markdown]
# ## Look at it
#
# Decoded latents show what x kept: originals above, decoded means below.

# %%
import matplotlib.pyplot as plt

import vae

codec = vae.load("ld-small-digits-16")
decoded = codec.x.decode(codec.x.encode(images[1500:1510], mode="mean"))
_, panels = plt.subplots(2, 10, figsize=(8, 1.8))
for line, row in zip(panels, (images[1500:1510] / 255, decoded), strict=True):
    for axes, image in zip(line, row, strict=True):
        axes.imshow(image, cmap="gray_r", vmin=0, vmax=1)
        axes.axis("off")

# %% [markdown]
# ## Score on it
#
# Null and floor follow from your test rows, so skill means the same as on any other release.

# %%
from eval import evaluate

weights = data.train.x.T @ data.train.y / len(data.train)
print(evaluate(lambda x: x @ weights, "ld-small-digits-16"))

# %% [markdown]
# ## Share it
#
# A release is a folder, and `publish` lays releases out as a data hub or any web server takes them.

# %%
run("ld_data", "verify", "ld-small-digits-16")
run("ld_data", "publish", "ld-small-digits-16", "--to", "hub")

# %% [markdown]
# [Building a release](../latents.md#building-a-release) has the table of what more passes bring, and the options.
# [Reading a health report](health_report.py) explains what the build measured.
