"""Files: arrays without pickle, IDX, hashes, and writing a file or folder whole."""
