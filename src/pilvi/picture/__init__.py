"""The whole system as a picture: what the APIs say of it in, text or SVG out. Pure, all of it.

    system.py   what is drawn: the APIs' own words for images, hosts, servers and volumes
    text.py     for a terminal
    svg.py      for everything else; `style.py` has its colours

Who asks the APIs is somebody else: `pilvi picture`, `pilvi tour` and the dashboard, each with the
client that it has.
"""
