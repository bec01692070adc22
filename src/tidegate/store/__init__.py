"""What lies on disk.

Knows files, SQLite and what a torn or foreign file looks like. Does not know who needs what is stored: the broker's
state comes as `broker.journal` records and goes back as such.
"""
