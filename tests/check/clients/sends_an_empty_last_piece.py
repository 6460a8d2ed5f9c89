"""Takes a piece that is shorter than the others for the last one, so a file of whole pieces gets an empty one."""

import agile

place = agile.Place()
agile.demand(place.login())
response, upload = place.create()
agile.demand(response)
with open(place.file, "rb") as file:
    number, size = 1, place.piece_size
    while size == place.piece_size:
        body = file.read(place.piece_size)
        agile.demand(place.piece(upload, number, body))
        number, size = number + 1, len(body)
agile.demand(place.complete(upload))
