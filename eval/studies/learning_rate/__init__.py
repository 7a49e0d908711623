"""The learning rate: gradient descent through whole trainings, and its exact answer for linear learners."""
