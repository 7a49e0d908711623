# %% [markdown]
# # Your learning rule in 20 lines
#
# A rule, its report, the ladder of control tasks, a submission and its receipt. The whole takes a few minutes, since
# it uses few rows and seeds; leave out all options but `--out` for figures to publish. It needs what `make serve`
# installs.
#
# ## The rule
#
# A rule is a class with `suggest`, in a file. It gets a batch and returns a change for each array of weights; the loop
# subtracts it through Adam. This one sends the output error back through random weights, straight to each hidden layer:
# direct feedback alignment.

# %%
from pathlib import Path

_ = Path("my_rule.py").write_text('''
from eval.rules import Facts, Network, RulePlan, correlate, make_weights


class MyRule(Network):
    """The error of the output reaches each hidden layer through random weights (Nokland, 2016)."""

    plan = RulePlan(units=(128, 128), epochs=10)
    facts = Facts(local_in_time=False, separate_phases=True)

    def __init__(self, sizes, random):
        super().__init__(sizes, random)
        self.feedback = [make_weights(sizes[-1], units, random)[:-1] for units in sizes[1:-1]]

    def suggest(self, x, y):
        activity = self.run(x)
        error = activity[-1] - y
        hidden = [(error @ back) * (1 - state**2) for back, state in zip(self.feedback, activity[1:-1])]
        return [correlate(below, wrong) for below, wrong in zip(activity, [*hidden, error])]
''')

# %% [markdown]
# ## The report
#
# One command trains it beside backpropagation, feedback alignment and random features, which share its plan.

# %%
import subprocess
import sys


def run(*words):
    """Run a command as in a terminal, and print what it prints."""
    print(subprocess.run([sys.executable, "-m", *words], check=True, capture_output=True, text=True).stdout)


few = ("--limit-train", "3000", "--seeds", "2", "--curves", "rows", "--rows", "1000")
run("eval", "rule", "my_rule.py:MyRule", "ld-mnist-32", *few, "--out", "report")

# %% [markdown]
# `report` now holds `report.json` and the pictures, as PNG and SVG. [A report on your rule](../rule_report.md) explains
# each figure. Skill says how far a rule gets. The cosine with the gradient says whether it gets there as
# backpropagation does. The facts are declared by the class, and checked where a check can decide.

# %%
from IPython.display import Image

Image("report/alignment.png", width=700)

# %% [markdown]
# ## The ladder
#
# If the skill is low, the ladder shows what is missing: it replaces y by tasks with known best answers.

# %%
run("eval", "ladder", "my_rule.py:MyRule", "--limit-train", "2000")

# %% [markdown]
# ## Submit the score
#
# A leaderboard takes predictions for the test rows and computes the score itself. `make serve` starts a service in a
# terminal; here the notebook starts one, on a port of its own.

# %%
import socket
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

# %%
import numpy as np
from my_rule import MyRule

import ld_data
from eval import evaluate
from eval.rules.network import fit_network

data = ld_data.load("ld-mnist-32", rows=10_000)
network = fit_network(MyRule([32, 128, 128, 32], np.random.default_rng(0)), data, MyRule.plan, 0, "my rule")
facts = {"name": "my rule", "url": "https://example.org", "learning_rule": "direct feedback"}
score = evaluate(network, "ld-mnist-32", submit_to=address, **facts)
print(f"skill {score.skill:.3f}, rank {score.entry['rank']}")

# %% [markdown]
# ## The receipt
#
# Each entry has a receipt, and each receipt holds the hash of the one before: nothing can be changed later without
# notice. Keep the hash of yours, and verify the log whenever you like, offline.

# %%
receipt = score.entry["receipt_sha256"]
_ = Path("log.jsonl").write_bytes(httpx2.get(f"{address}/v1/scores/log").content)
run("eval", "verify-log", "log.jsonl", "--receipt", receipt)

# %%
service.terminate()
_ = service.wait()

# %% [markdown]
# [The learning rules compared](../rules.md) shows where the built-in rules stand, with a page for each. `make serve`
# shows the leaderboard in a browser.
