"""The parts of the manual's site that Sphinx lacks."""
