"""What a monitoring system reads at `/metrics`, in Prometheus' text format.

`page.py` says who may read it, `picture.py` looks at the cloud, `families.py` words what was seen.
Nothing here has a project's or a server's name in a label; their ids are in the labels of what
guests use, which is why nobody but an operator may read the page.
"""
