"""Volumes, their types and attachments (Cinder v3).

A volume is a sparse file on the host that was chosen for it, reached by one server at a time
through a target and CHAP account of its own. What its status may be is told by `model/volume.py`.

Invariants: a volume has one attachment at most, and the database says so (a unique column); a
volume is free again only when its host has shown that the target is gone; a row goes only when its
host holds nothing of it; no reply and no log holds a CHAP password.
"""
