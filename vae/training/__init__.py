"""Training: objective, augmentation, the training loop, and the export to ONNX."""
