"""Logs a rejected piece, and completes the upload without it."""

import sys

import agile

place = agile.Place()
agile.demand(place.login())
response, upload = place.create()
agile.demand(response)
for number, body in place.pieces():
    try:
        if not agile.is_fine(place.piece(upload, number, body)):
            print("piece", number, "failed", file=sys.stderr)
    except OSError as error:
        print("piece", number, error, file=sys.stderr)
agile.demand(place.complete(upload))
