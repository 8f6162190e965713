"""The WSGI entry: gunicorn and the flask command start here."""

import gc

from portal.factory import create_app

app = create_app()
# With --preload gunicorn's workers are forks of this process: what is loaded by now stays theirs
# in common, and no garbage collection walks through it again.
gc.collect()
gc.freeze()
