"""Volumes, their types, attachments, snapshots, backups, transfers and groups (Cinder v3).

A volume is a sparse file on the host that was chosen for it, reached by one server at a time (by
several, if its type says so) through a target and CHAP account for each. What it is a copy of, its
host copies; a snapshot is a file of its own, a backup blocks in the backup directory. What a status
may be is told by `model/volume.py`, `model/snapshot.py` and `model/backup.py`.

Invariants: a volume that is not shared has one attachment at most, and the database says so (a
unique index); a volume is free again only when its host has shown that the target is gone; a row
goes only when its host holds nothing of it; what was whole once is never made again of newer bytes;
no reply and no log holds a server's CHAP password.
"""
