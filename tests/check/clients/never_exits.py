"""Uploads the file, but a thread goes on for ever."""

import threading

import agile

threading.Thread(target=threading.Event().wait).start()
agile.upload(agile.Place())
