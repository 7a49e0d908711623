"""Bodies in and out: negotiation, arrays, pictures, files and the inference protocol."""
