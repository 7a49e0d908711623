"""The command line of the scores: `python -m eval`."""

import sys
from collections.abc import Sequence

from cyclopts import App

from ld_data.cli.program import add_command, make_program, run
from ld_data.work.memory import keep_memory

COMMANDS = (  # function, summary, example
    ("scores:score", "Score predictions for the test rows.", "ld-mnist-32 predictions.npy"),
    ("scores:compare", "Compare the predictions of two models, row by row.", "ld-mnist-32 a.npy b.npy"),
    ("scores:transfer", "Train on one release, and read its y by another's decoder.", "ld-mnist1d-32 ld-mnist-32"),
    ("rules:rule", "Write the report of a learning rule.", "my_rule.py:MyRule ld-mnist-32 --out report"),
    ("rules:rules", "Measure the built-in learning rules on releases.", "ld-mnist-32 --kept"),
    ("ladder:ladder", "Find the abilities that a model lacks, by control tasks.", "linear"),
    ("baselines:baselines", "Fit and score the baselines.", "ld-mnist-32 --only mlp ridge"),
    ("baselines:shifts", "Fit baselines, and show what they lose on shifted test sets.", "ld-mnist-32 --only mlp"),
    ("baselines:tune", "Try learning rates of a rule on held-out training rows.", "ld-mnist-32 feedback-alignment"),
    ("baselines:export_baselines", "Write fitted baselines as ONNX networks.", "ld-mnist-32 --out onnx"),
    ("classifiers:classify", "Train a classifier and test it.", "mnist1d-cnn mnist1d --seeds 3"),
    ("classifiers:tsne", "Plot inputs, and features before and after training.", "deeper mnist --out tsne.png"),
    ("classifiers:reproduce", "Train the classifiers of a table, beside published figures.", "mnist1d --kept"),
    ("classifiers:train_judge", "Train a classifier of a source's raw inputs.", "mnist1d --out judge.keras"),
    ("classifiers:judge", "Let a judge read decoded inputs.", "ld-mnist1d-32"),
    ("studies:study", "Run a study, and judge its claims.", "double-descent --only latents --quick"),
    ("benchmark:benchmark", "Time the tasks of users.", "--against HEAD~1"),
    ("leaderboard:leaderboard", "Show the best scores of a service.", "ld-mnist-32"),
    ("leaderboard:submit", "Send predictions to a leaderboard.", "ld-mnist-32 predictions.npy --name 'my model'"),
    ("leaderboard:challenge", "Fetch the x of a challenge with secret labels.", "ld-mnist1d-32 --out x.npy"),
    ("leaderboard:close_season", "For operators: close a season, reveal its secret.", "ld-mnist-32 --scores a.sqlite"),
    ("leaderboard:remove", "For operators: remove an entry, with a token.", "ld-mnist-32 17 --reason 'a joke'"),
    ("leaderboard:verify_log", "Prove a service's log of receipts, offline.", "log.jsonl"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status of the command that the arguments name."""
    keep_memory()
    return run(make_app(), arguments)


def make_app() -> App:
    """Return the program with its commands."""
    app = make_program("eval", "Scores of models that map x to y.", "score ld-mnist-32 predictions.npy")
    for path, summary, example in COMMANDS:
        name = path.partition(":")[2].replace("_", "-")
        add_command(app, f"eval.commands.{path}", name, summary, example)
    return app


if __name__ == "__main__":
    sys.exit(main())
