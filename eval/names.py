"""The names of models on command lines, without the libraries that make these models."""

RULES = (
    "backpropagation",
    "feedback-alignment",
    "direct-feedback",
    "target-propagation",
    "predictive-coding",
    "equilibrium-propagation",
    "forward-forward",
    "evolution-strategies",
)
BASELINES = (
    "mean",
    "linear",
    "ridge",
    "neighbours",
    "trees",
    "mlp",
    "residual",
    "joint",
    *RULES,
    "associative-memory",
    "oracle",
)
SHORT = ("mean", "linear", "mlp")  # the baselines of `python -m eval baselines` without --only and --all
CLASSIFIERS = (
    "logistic",
    "mlp",
    "pytorch-cnn",
    "tensorflow-cnn",
    "lenet",
    "lenet-centred",
    "lenet-64",
    "lenet-32",
    "lenet-faster",
    "deeper",
    "deeper-momentum",
    "residual",
    "mnist1d-logistic",
    "mnist1d-mlp",
    "mnist1d-cnn",
    "mnist1d-gru",
    "judge",
    "judge-deeper",
)
