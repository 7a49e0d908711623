# %% [markdown]
# # A first regression in five minutes
#
# LD-Data turns a labelled dataset into pairs of vectors: `x` is the code of an image, `y` the code of its class. A
# model learns the regression from x to y. `pip install -e .` in the folder of LD-Data is enough to fit and to score.
# The pictures need `pip install -e ".[codec,plots]"`. `make serve` has installed both.

# %%
import ld_data

data = ld_data.load("ld-mnist-32")
print(data.train.x.shape, data.train.y.shape, data.test.x.shape)

# %% [markdown]
# Each component of x and of y is distributed as N(0, 1), so nothing has to be scaled.

# %%
for values in (data.train.x, data.train.y):
    print(f"mean {values.mean():.3f}, standard deviation {values.std():.3f}")

# %% [markdown]
# ## Fit and score
#
# Anything that maps x `(n, 32)` to y `(n, 32)` is a model. This one is least squares with a constant.

# %%
import numpy as np

from eval import evaluate

ones = np.ones((len(data.train), 1), np.float32)
weights = np.linalg.lstsq(np.hstack([data.train.x, ones]), data.train.y)[0]


def model(x):
    return x @ weights[:-1] + weights[-1]


score = evaluate(model, "ld-mnist-32")
print(score)

# %% [markdown]
# *Skill* is the figure to read: 0 for a model that always answers the mean, 1 for an oracle that knows the class. A
# squared error alone says little, since most of y is random: even the oracle has an error of 0.916.
#
# ## What the model says
#
# The decoder of y turns an answer into a class, and the decoder of x shows the image that it was about.

# %%
import vae

codec = vae.load("ld-mnist-32")
classes = codec.y.decode(model(data.test.x)).argmax(axis=1)
images = codec.x.decode(data.test.x[:10])
print("true:    ", data.test.label[:10])
print("answered:", classes[:10])

# %%
import matplotlib.pyplot as plt

_, panels = plt.subplots(1, 10, figsize=(8, 1.2))
for axes, image, label in zip(panels, images, classes, strict=False):
    axes.imshow(image, cmap="gray_r")
    axes.set_title(int(label))
    axes.axis("off")

# %% [markdown]
# ## Keras, PyTorch, JAX
#
# The same with a network. Each part runs where its library is installed, and is passed over elsewhere. Two passes over
# the data are enough to see the skill rise.

# %%
from importlib.util import find_spec

if find_spec("keras"):
    import keras

    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.layers.Dense(256, "relu"), keras.layers.Dense(32)])
    network.compile("adam", "mse")
    network.fit(data.train.x, data.train.y, batch_size=128, epochs=2, verbose=0)
    print(f"Keras    {evaluate(network, 'ld-mnist-32').skill:.3f}")

# %%
if find_spec("torch"):
    import torch

    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(32, 256), torch.nn.ReLU(), torch.nn.Linear(256, 32))
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    rows = torch.utils.data.DataLoader(data.as_torch_dataset("train"), batch_size=128, shuffle=True)
    for _ in range(2):
        for x, y in rows:
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(network(x), y).backward()
            optimizer.step()
    print(f"PyTorch  {evaluate(network, 'ld-mnist-32').skill:.3f}")

# %%
if find_spec("jax"):
    import jax
    import jax.numpy as jnp
    from jax.example_libraries.optimizers import adam

    def run(weights, x):
        return jax.nn.relu(x @ weights[0]) @ weights[1]

    @jax.jit
    def step(number, state, x, y):
        slopes = jax.grad(lambda weights: jnp.square(run(weights, x) - y).mean())(get_weights(state))
        return update(number, slopes, state)

    start, update, get_weights = adam(1e-3)
    random = np.random.default_rng(0)
    state = start([jnp.array(random.normal(0, 0.1, (32, 256)), jnp.float32), jnp.zeros((256, 32))])
    for number in range(2 * len(data.train) // 128):
        rows = random.choice(len(data.train), 128)
        state = step(number, state, data.train.x[rows], data.train.y[rows])
    score = evaluate(lambda x: np.asarray(run(get_weights(state), x)), "ld-mnist-32")
    print(f"JAX      {score.skill:.3f}")

# %% [markdown]
# [Benchmark](../benchmark.md) explains every line of a score, and has the skills of all baselines. The next step is
# [a learning rule of your own](learning_rule.py).
