"""Maps by t-SNE of inputs, of features, and of x, whose maps are those of noise."""
