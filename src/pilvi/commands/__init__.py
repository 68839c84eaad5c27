"""What a person types, one file per command; `cli.py` lists them."""
