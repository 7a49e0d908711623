"""Trained models as a release serves them: ONNX networks and class cells, without Keras."""
