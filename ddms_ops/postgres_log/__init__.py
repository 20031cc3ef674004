"""The Postgres log: how its entries begin, when they were written and what they say.

`prefix` reads a log_line_prefix, `shapes` finds the shape of a file, `blocks` cuts a file into pieces at an entry's
beginning, `entries` makes rows of a piece, `events` makes events of the rows of a pull.
"""
