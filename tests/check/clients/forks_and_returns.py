"""Leaves the upload to a child, and exits with 0 at once."""

import os
import time

import agile

if os.fork() == 0:
    time.sleep(1)  # so that the parent has surely gone before
    agile.upload(agile.Place())
