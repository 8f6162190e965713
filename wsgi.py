"""The WSGI entry: gunicorn and the flask command start here."""

import gc

from core.settings import settings
from core.web.live import guard
from portal.factory import create_app

app = create_app()
guard(app, settings().page_threads)
# With --preload gunicorn's workers are forks of this process: what is loaded by now stays theirs
# in common, and no garbage collection walks through it again.
gc.collect()
gc.freeze()
