"""Web pages for people, at `/dashboard`; a client of the public APIs like any other.

One page is a `Collection` in `pages/`: what its list shows, what its forms ask for, and which API
calls they make. Everything else is the same for all of them:

    mount.py       paths, and what every answer has: headers, errors, sessions
    guard.py       forms only from our own pages; `next` only to our own paths
    session.py     who is signed in, sealed into a cookie: no memory in the process
    sign_in.py     sign in and out, the project, the theme
    client.py      calls of the public APIs with the user's own token
    describe.py    the words that pages are described with
    lists.py, forms.py   the pages that a collection has: its list, each of it, each action
    live.py, streams.py  the part of a page that renews itself, and who listens
    picture.py     the whole cloud, drawn
    render.py      templates to HTML, escaped always

To add a page: one file in `pages/` and one line in `pages/__init__.py`.
"""
