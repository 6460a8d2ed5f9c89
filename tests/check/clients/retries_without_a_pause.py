"""Repeats a piece until it is accepted: at once, and for ever."""

import agile

place = agile.Place()
agile.demand(place.login())
response, upload = place.create()
agile.demand(response)
for number, body in place.pieces():
    while True:
        try:
            if agile.is_fine(place.piece(upload, number, body)):
                break
        except OSError:
            pass
agile.demand(place.complete(upload))
