"""Other model servers around the same decoder: programs that import nothing of this project.

Their libraries need other versions than the project's, and so they may run in another environment.
"""
