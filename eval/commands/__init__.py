"""The commands of `python -m eval`, imported when they are called. Nothing else imports them."""
