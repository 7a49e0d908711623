"""Model servers by others, around the same decoder: programs on their own, which import nothing of this project.

Their libraries disagree with those of the project about versions, and so they may run in another environment.
"""
