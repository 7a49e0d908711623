# %% [markdown]
# # Encode, decode and serve
#
# A release holds the models that made it. They turn inputs into latents and back, in Python (the extra `codec`), and
# over HTTP (the extra `serve`). `make serve` has installed both, and matplotlib for the pictures.
#
# ## In Python

# %%
import ld_data
import vae

data = ld_data.load("ld-mnist-32")
codec = vae.load("ld-mnist-32")
images = codec.x.decode(data.test.x[:8])  # (8, 28, 28), pixels in [0, 1]
means = codec.x.encode(images, mode="mean")  # the mean of the posterior
samples = codec.x.encode(images, mode="sample", seed=1)  # a draw, keyed by seed and row
print(images.shape, means.shape, samples.shape)

# %% [markdown]
# From one digit to another: points on the way between two latents decode to digits, too.

# %%
import matplotlib.pyplot as plt
import numpy as np

shares = np.linspace(0, 1, 10, dtype=np.float32)[:, None]
way = np.sqrt(1 - shares) * data.test.x[0] + np.sqrt(shares) * data.test.x[2]  # keeps the variance
_, panels = plt.subplots(1, 10, figsize=(8, 1))
for axes, image in zip(panels, codec.x.decode(way), strict=True):
    axes.imshow(image, cmap="gray_r")
    axes.axis("off")

# %% [markdown]
# y is the code of the class. Its cells are known exactly, so decoding it is always right.

# %%
y = codec.y.encode([7, 2, 1], seed=0)
print(codec.y.decode(y).argmax(axis=1))

# %% [markdown]
# ## Over HTTP
#
# `make serve` starts the service in a terminal, with a page at <http://127.0.0.1:8000>. Here the notebook starts one.

# %%
import socket
import subprocess
import sys
import time

import httpx2

with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
address = f"http://127.0.0.1:{port}"
service = subprocess.Popen([sys.executable, "-m", "api", "--port", str(port), "--scores", "scores.sqlite"])
while True:
    try:
        httpx2.get(f"{address}/health/ready").raise_for_status()
        break
    except httpx2.HTTPError:
        time.sleep(0.5)

# %% [markdown]
# The client needs numpy and httpx2 alone. The answers are those of the models in Python.

# %%
from api.client import Client

with Client(address) as client:
    print([dataset["name"] for dataset in client.list_datasets()])
    served = client.decode_x("ld-mnist-32", data.test.x[:8])
print(np.abs(served - images).max())

# %% [markdown]
# The same with any program that speaks JSON, and as a sheet of pictures:

# %%
from IPython.display import Image

route = f"{address}/v1/datasets/ld-mnist-32"
print(httpx2.post(f"{route}/y/decode", json={"vectors": y.tolist()}).json()["labels"])
sheet = httpx2.post(f"{route}/x/decode", json={"vectors": data.test.x[:50].tolist()}, headers={"Accept": "image/png"})
Image(sheet.content)

# %% [markdown]
# A refusal is a sentence that says what was expected, and what to do:

# %%
print(httpx2.post(f"{route}/x/decode", json={"vectors": [[1.0, 2.0]]}).json())

# %%
service.terminate()
_ = service.wait()

# %% [markdown]
# [HTTP](../http.md) lists the routes, [Operations](../operations.md) explains how to run the service for others.
