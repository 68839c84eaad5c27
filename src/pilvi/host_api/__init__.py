"""What control plane and agent say to each other: types only.

The agent dials out and authenticates with its host's own credential (HTTP `Authorization: Bearer`):

- `GET /host/v1/desired?after=R&wait=S` answers a `Desired`: every assignment of this host whose
  revision is newer than R, at once or after at most S seconds.
- `POST /host/v1/report` carries a `Report`: what the host sees; answered with a `Receipt`.
- `POST /host/v1/holdings` carries `Holdings`: what is there, in answer to the number of an
  audit, which a `Desired` names until it is answered; answered with 204.
- `GET /host/v1/images/ID/data` streams the bytes of an image that this host was given.
- `PUT /host/v1/images/ID/data` streams up the bytes of a capture that this host was asked for.

No message is needed for correctness: a lost or doubled one costs time. An assignment is a whole
wish, never a change. An object is given up only by an assignment with `present=False`, which stays
until the host has reported it absent; what the control plane does not mention is left alone.
"""
