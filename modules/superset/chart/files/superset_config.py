"""Superset's configuration. Its settings are in settings.json beside it."""

import json
import os
from pathlib import Path

import jwt
from cache_login import Login
from flask import g, has_request_context, request
from flask_appbuilder.const import AUTH_REMOTE_USER
from superset.security import SupersetSecurityManager

SETTINGS = json.loads(Path(__file__).with_name("settings.json").read_text())
OIDC = SETTINGS["oidc"]
TOKEN = "HTTP_X_TERRACE_ID_TOKEN"
_keys = jwt.PyJWKClient(OIDC["keys"])

SECRET_KEY = os.environ["SUPERSET_SECRET_KEY"]
# libpq reads the address from the environment, and the password from the password file.
SQLALCHEMY_DATABASE_URI = "postgresql+psycopg2://"
SQLALCHEMY_ENGINE_OPTIONS = {"pool_recycle": 600, "pool_pre_ping": True}

ENABLE_PROXY_FIX = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_SAMESITE = "Lax"
FEATURE_FLAGS = {
    # People see different rows and masks, so that each has results of their own in the cache.
    "CACHE_QUERY_BY_USER": True,
    "CACHE_IMPERSONATION": True,
    "ALERT_REPORTS": False,
}


def _cache(name, seconds):
    cache = SETTINGS["cache"]
    return {
        "CACHE_TYPE": "RedisCache",
        "CACHE_REDIS_HOST": cache["host"],
        "CACHE_REDIS_PORT": cache["port"],
        "CACHE_KEY_PREFIX": f"{cache['prefix']}:{name}:",
        "CACHE_DEFAULT_TIMEOUT": seconds,
        "CACHE_OPTIONS": {"ssl": True, "ssl_cert_reqs": cache["verify"], "credential_provider": Login(cache)},
    }


CACHE_CONFIG = _cache("metadata", 3600)
DATA_CACHE_CONFIG = _cache("data", 300)
FILTER_STATE_CACHE_CONFIG = _cache("filters", 90 * 86400)
EXPLORE_FORM_DATA_CACHE_CONFIG = _cache("explore", 7 * 86400)


class SecurityManager(SupersetSecurityManager):
    """People come with the ID token of the gateway's log-in; their groups are their roles."""

    # Superset's own page asks for a password; Flask-AppBuilder's view logs in who comes with a token.
    register_superset_auth_view = False

    def auth_user_remote_user(self, username):
        try:
            key = _keys.get_signing_key_from_jwt(username)
            algorithms = ["RS256", "ES256", "PS256"]
            claims = jwt.decode(username, key, algorithms=algorithms, audience=OIDC["client"], issuer=OIDC["issuer"])
        except jwt.PyJWTError:
            return None
        groups = [one for one in claims.get(OIDC["groups_claim"], ()) if one in SETTINGS["roles"]]
        names = {name for one in groups for name in (*SETTINGS["roles"][one], f"data: {one}")}
        roles = [role for role in (self.find_role(name) for name in sorted(names)) if role]
        email = claims.get("email")
        if not roles or not email:
            return None
        user = self.find_user(username=email)
        if user is None:
            user = self.add_user(email, claims.get("name", email), "", email, roles)
        else:
            user.roles = roles
        if user:
            self.update_user_auth_stat(user)
        return user or None


AUTH_TYPE = AUTH_REMOTE_USER
AUTH_REMOTE_USER_ENV_VAR = TOKEN
CUSTOM_SECURITY_MANAGER = SecurityManager


def DB_CONNECTION_MUTATOR(uri, params, username, security_manager, source):  # noqa: N802
    """Asks Trino as the person who looks, with the token of their request; without a request, with none."""
    if not uri.drivername.startswith("trino"):
        return uri, params
    from trino.auth import JWTAuthentication

    token = request.environ.get(TOKEN, "") if has_request_context() else ""
    arguments = {**params.get("connect_args", {}), "http_scheme": "https", "auth": JWTAuthentication(token)}
    user = getattr(getattr(g, "user", None), "username", None)
    return uri.set(username=user), {**params, "connect_args": arguments}
