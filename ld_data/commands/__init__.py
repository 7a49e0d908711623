"""The commands of `python -m ld_data`, imported when they are called. Nothing else imports them."""
