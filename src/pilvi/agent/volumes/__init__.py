"""Volumes of this host: sparse files, and the iSCSI targets through which guests reach them.

A file is made when its volume is first wished for and removed with it: new blocks read as zeros,
always. Every attachment has a target and a CHAP account of its own, so that one guest's password
opens one volume. The service that exports them runs on its own: the agent may end, and no guest
notices; the service may end, and the agent starts it again with the same targets.
"""
