"""The settings of the Django project; what differs between Control Rooms comes from `configuration`."""

from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from postroom.controlroom.configuration import read_configuration

CONFIGURATION = read_configuration()
FOLDER = Path(__file__).parent

SECRET_KEY = CONFIGURATION.secret_key
SECRET_KEY_FALLBACKS = list(CONFIGURATION.old_secret_keys)
DEBUG = False
# The names of this machine as well, so that a load balancer's probe and whoever sits at it get an answer.
ALLOWED_HOSTS = list({CONFIGURATION.host: None, "localhost": None, "127.0.0.1": None, "[::1]": None})
CSRF_TRUSTED_ORIGINS = [CONFIGURATION.url]
ROOT_URLCONF = "postroom.controlroom.urls"
WSGI_APPLICATION = "postroom.controlroom.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "postroom.controlroom.accounts.apps.AccountsConfig",
    "postroom.controlroom.vault.apps.VaultConfig",
    "postroom.controlroom.connections.apps.ConnectionsConfig",
    "postroom.controlroom.audit.apps.AuditConfig",
    "postroom.controlroom.runs.apps.RunsConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    # For the API's own pages, which would else load their scripts from elsewhere.
    "ninja",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "postroom.controlroom.requests.RequestLog",
    "postroom.controlroom.audit.trail.RefusalsKept",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "postroom.controlroom.language.UserLanguage",
    "postroom.controlroom.accounts.first_password.FirstPassword",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [FOLDER / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {
    "default": dj_database_url.parse(CONFIGURATION.database, conn_max_age=60, conn_health_checks=True)
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Readers and one writer at once; a writer waits for another instead of failing in the middle.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 30,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    # Whoever is suspended in a transaction, or whose machine is gone, does not keep its locks for good.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault(
        "options", "-c idle_in_transaction_session_timeout=20s"
    )

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
LOGOUT_REDIRECT_URL = "admin:login"

# Of one name from one address, so that nobody locks another out, nor a whole office behind one address.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "postroom.controlroom.requests.get_address"
AXES_LOCKOUT_CALLABLE = "postroom.controlroom.problems.show_lockout"
# People now and then type a password where the name belongs; and our audit trail tells who came in.
AXES_SENSITIVE_PARAMETERS = ["username", "password"]
AXES_USERNAME_CALLABLE = "postroom.controlroom.accounts.sign_ins.name_attempts"
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

SESSION_COOKIE_NAME = "postroom_session"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = CONFIGURATION.sessions_end_with_browser
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CONFIGURATION.is_secure
CSRF_FAILURE_VIEW = "postroom.controlroom.problems.show_csrf_failure"
SECURE_SSL_REDIRECT = CONFIGURATION.is_secure
# Load balancers ask this without HTTPS.
SECURE_REDIRECT_EXEMPT = [r"^health$"]
SECURE_HSTS_SECONDS = 31_536_000 if CONFIGURATION.is_secure else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Whether other hosts of the same domain have HTTPS is not ours to promise.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
if CONFIGURATION.is_local and not CONFIGURATION.is_secure:
    # Nothing leaves this machine, so there is nothing for HTTPS to protect.
    SILENCED_SYSTEM_CHECKS += ["security.W004", "security.W008", "security.W012", "security.W016"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # Alpine, which comes with the pages, evaluates its own attributes; nothing is ever loaded from elsewhere.
        "script-src": [SELF, UNSAFE_INLINE, UNSAFE_EVAL],
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ja", _("Japanese"))]
LOCALE_PATHS = [FOLDER / "locale", FOLDER / "locale" / "unfold"]
LANGUAGE_COOKIE_NAME = "postroom_language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = CONFIGURATION.is_secure
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATICFILES_DIRS = [FOLDER / "static"]
# Straight from the installed packages, so that nobody has to collect anything.
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 600

# `postroom serve` sets up the log of its process; a library that Django's commands run in must not.
LOGGING_CONFIG = None

UNFOLD = {
    "SITE_TITLE": "Postroom",
    "SITE_HEADER": "Postroom",
    "SITE_SUBHEADER": _("Control Room"),
    # There is no other site behind the pages that one could go back to.
    "SITE_URL": None,
    "SITE_ICON": lambda _request: static("postroom/mark.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("postroom/mark.svg")}
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {"action": lambda _request: reverse("set_language")},
    "COLORS": {
        "primary": {
            "50": "oklch(97.1% .013 236.6)",
            "100": "oklch(94.4% .03 236.8)",
            "200": "oklch(89.5% .06 236.0)",
            "300": "oklch(81.8% .1 235.5)",
            "400": "oklch(72.4% .13 237.3)",
            "500": "oklch(60.5% .13 242.0)",
            "600": "oklch(50% .12 245.0)",
            "700": "oklch(44.5% .105 245.5)",
            "800": "oklch(39.2% .09 244.8)",
            "900": "oklch(34.8% .075 244.5)",
            "950": "oklch(26.5% .058 244.9)",
        }
    },
    "SIDEBAR": {"navigation": "postroom.controlroom.navigation.get_navigation"},
    "STYLES": [lambda _request: static("postroom/pages.css")],
    "SCRIPTS": [lambda _request: static("postroom/keyboard.js")],
}
