"""The Control Room as a WSGI application, for `postroom serve` and for other servers."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "postroom.controlroom.settings")

application = get_wsgi_application()
