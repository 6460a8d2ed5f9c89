"""Logs in once, keeps the token in a file of the home folder, and never asks whether it still works."""

import os
import pathlib

import agile

kept = pathlib.Path(os.environ["HOME"], ".token")
place = agile.Place()
if not kept.exists():
    agile.demand(place.login())
    kept.write_text(place.token)
place.token = kept.read_text()
response, upload = place.create()
agile.demand(response)
for number, body in place.pieces():
    agile.demand(place.piece(upload, number, body))
agile.demand(place.complete(upload))
