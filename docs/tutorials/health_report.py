# %% [markdown]
# # Reading a health report
#
# Each release says how near its latents are to N(0, I), and how much they keep. The report is in its manifest;
# `python -m ld_data health ld-mnist-32` measures it anew, in minutes.

# %%
import ld_data

manifest = ld_data.verify("ld-mnist-32")
print(list(manifest.health))

# %% [markdown]
# ## A measure, its null, its goal
#
# A finite sample of a true N(0, I) has means that are not 0, too. So beside each value stands its *null*: the same
# measure on true samples of the same size. A value is good if it is near its null. Some measures also have a goal.

# %%
for name in ("worst_mean", "greatest_std", "worst_correlation", "c2st_mlp"):
    for group in ("x_train", "x_test"):
        row = manifest.health[group][name]
        print(f"{group:8} {name:18} {row['value']:.3f}   null {row['null_mean']:.3f}   missed: {row['missed']}")

# %% [markdown]
# The training rows are as good as true samples. The test rows are not: MNIST's test images come from other writers, and
# no encoder that has not seen them can hide it. These goals count as missed, within an allowance.
#
# `c2st` is the hardest test: a classifier tries to tell the latents from N(0, I) on held-out rows. At 0.5 it finds no
# difference at all.
#
# ## Where the latents deviate
#
# Two bell curves on top of each other say nothing. Look at the deviation from the null: the points of a quantile plot
# minus the line, inside a band that true samples leave once in a thousand times.

# %%
from IPython.display import Image

from ld_data.health.plots import draw_deviations

draw_deviations(ld_data.load("ld-mnist-32")).savefig("deviations.png")
Image("deviations.png", width=800)

# %% [markdown]
# ## What x keeps
#
# Latents that are normal and empty would be worthless. These measures say what is inside: `used_directions` counts the
# directions in which most of the variance comes from the input, the probes read the class off x, and the judge reads
# decoded images.

# %%
for group, name in (
    ("x_train", "used_directions"),
    ("x_train", "least_signal"),
    ("probes", "linear_probe"),
    ("probes", "mlp_probe"),
    ("decoded", "mse_samples"),
    ("decoded", "judge_samples"),
):
    print(f"{name:16} {manifest.health[group][name]['value']:.4f}")

# %% [markdown]
# ## What it means for a score
#
# `mlp_probe` bounds what a model can read from x: the class of 97 in 100 rows, not of all. So a skill of 1, the oracle
# that knows every class, is out of reach; the best baselines get 0.95.

# %% [markdown]
# [Latents](../latents.md#health-report) explains every measure, and how the latents are made.
