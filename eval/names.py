"""The models by name as command lines know them, without the libraries: paths `module:name` of `eval`."""

RULES = {
    "backpropagation": "rules.backpropagation:Backpropagation",
    "random-features": "rules.backpropagation:RandomFeatures",
    "feedback-alignment": "rules.feedback_alignment:FeedbackAlignment",
    "direct-feedback": "rules.feedback_alignment:DirectFeedbackAlignment",
    "target-projection": "rules.feedback_alignment:DirectRandomTargetProjection",
    "sign-symmetry-uniform": "rules.feedback_alignment:UniformSignSymmetry",
    "sign-symmetry-fixed": "rules.feedback_alignment:FixedSignSymmetry",
    "sign-symmetry-batch": "rules.feedback_alignment:BatchSignSymmetry",
    "target-propagation": "rules.target_propagation:DifferenceTargetPropagation",
    "predictive-coding": "rules.predictive_coding:PredictiveCoding",
    "error-predictive-coding": "rules.predictive_coding:ErrorPredictiveCoding",
    "equilibrium-propagation": "rules.equilibrium_propagation:EquilibriumPropagation",
    "forward-forward": "rules.forward_forward:ForwardForward",
    "backpropagation-classes": "rules.forward_forward:ClassBackpropagation",
    "mono-forward": "rules.forward_forward:MonoForward",
    "hebbian": "rules.hebbian:Hebbian",
    "node-perturbation": "rules.perturbation:NodePerturbation",
    "weight-perturbation": "rules.perturbation:WeightPerturbation",
    "evolution-strategies": "rules.evolution_strategies:EvolutionStrategies",
}
BASELINES = {
    "mean": "baselines.regressors:fit_mean",
    "linear": "baselines.regressors:fit_linear",
    "linear-projected": "baselines.regressors:fit_linear_projected",
    "ridge": "baselines.regressors:fit_ridge",
    "neighbours": "baselines.regressors:fit_neighbours",
    "trees": "baselines.regressors:fit_trees",
    "mlp": "baselines.perceptrons:fit_mlp",
    "mlp-redrawn": "baselines.perceptrons:fit_mlp_redrawn",
    "mlp-class-means": "baselines.perceptrons:fit_mlp_class_means",
    "residual": "baselines.perceptrons:fit_residual",
    "joint": "baselines.perceptrons:fit_joint",
    **RULES,
    "associative-memory": "rules.associative_memory:fit_associative_memory",
    "oracle": "baselines.regressors:make_oracle",
}
STUDIES = {
    "double-descent": "studies.double_descent.study:STUDY",
    "learning-rate": "studies.learning_rate.study:STUDY",
    "lottery": "studies.lottery.study:STUDY",
    "pooling": "studies.pooling.study:STUDY",
    "activation": "studies.activation.study:STUDY",
    "contrast": "studies.contrast.study:STUDY",
    "maps": "studies.maps.study:STUDY",
    "textbook": "studies.textbook.study:STUDY",
}
AIDED = (  # by the class of y, which its decoder gives: figures that do not compare with models of pairs (x, y)
    "linear-projected",
    "mlp-redrawn",
    "mlp-class-means",
    "joint",
    "backpropagation-classes",
    "forward-forward",
    "mono-forward",
)
SHORT = ("mean", "linear", "mlp")  # the baselines of `python -m eval baselines` without --only and --all
