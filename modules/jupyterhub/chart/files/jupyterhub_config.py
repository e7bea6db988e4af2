"""The hub's configuration. Its settings are in settings.json beside it."""

import json
import os
import sys
from pathlib import Path

import jwt
from jupyterhub.auth import Authenticator
from jupyterhub.handlers import BaseHandler
from jupyterhub.utils import url_path_join
from tornado import web

SETTINGS = json.loads(Path(__file__).with_name("settings.json").read_text())
OIDC, NOTEBOOK = SETTINGS["oidc"], SETTINGS["notebook"]
KEYS = jwt.PyJWKClient(OIDC["keys"])


class GatewayLogin(BaseHandler):
    """Logs in who comes with a token."""

    async def get(self):
        user = await self.login_user({})
        if user is None:
            raise web.HTTPError(403, "Your token names no group that may work here.")
        self.redirect(self.get_next_url(user))


class GatewayAuthenticator(Authenticator):
    """People come with the ID token of the gateway's log-in; their groups are their role."""

    auto_login = True
    allow_all = True  # the token's groups decide
    manage_groups = True

    def login_url(self, base_url):
        return url_path_join(base_url, "gateway-login")

    def get_handlers(self, app):
        return [("/gateway-login", GatewayLogin)]

    async def authenticate(self, handler, data=None):
        token = handler.request.headers.get("X-Terrace-Id-Token", "")
        try:
            key = KEYS.get_signing_key_from_jwt(token)
            algorithms = ["RS256", "ES256", "PS256"]
            claims = jwt.decode(token, key, algorithms=algorithms, audience=OIDC["client"], issuer=OIDC["issuer"])
        except jwt.PyJWTError:
            return None
        groups = [one for one in claims.get(OIDC["groups_claim"], ()) if one in SETTINGS["roles"]]
        if not groups or not claims.get("email"):
            return None
        admin = "admin" in {SETTINGS["roles"][one] for one in groups}
        return {"name": claims["email"].lower(), "admin": admin, "groups": groups}


def prepare(spawner):
    """The account of a notebook: with the module's cloud identity only for groups that may read the lake."""
    groups = {one.name for one in spawner.user.groups}
    reads = bool(groups & set(SETTINGS["lake_groups"]))
    spawner.service_account = NOTEBOOK["lake_account"] if reads else "notebook"
    spawner.extra_labels = {**NOTEBOOK["labels"], **(NOTEBOOK["identity_labels"] if reads else {})}
    spawner.environment = {
        **NOTEBOOK["environment"],
        "GIT_AUTHOR_EMAIL": spawner.user.name,
        "GIT_COMMITTER_EMAIL": spawner.user.name,
        **(NOTEBOOK["lake"] if reads else {}),
    }


c = get_config()  # noqa: F821
c.JupyterHub.authenticator_class = GatewayAuthenticator
c.JupyterHub.authenticate_prometheus = False
c.JupyterHub.bind_url = "http://:8000"
c.JupyterHub.hub_bind_url = "http://:8081"
c.JupyterHub.hub_connect_url = "http://hub:8081"
c.JupyterHub.db_url = f"sqlite:///{SETTINGS['database']}"
c.JupyterHub.cleanup_servers = False
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = "http://proxy-api:8001"
c.ConfigurableHTTPProxy.auth_token = os.environ["CONFIGPROXY_AUTH_TOKEN"]

c.JupyterHub.spawner_class = "kubespawner.KubeSpawner"
c.Spawner.pre_spawn_hook = prepare
c.Spawner.default_url = "/lab"
c.Spawner.cmd = ["jupyterhub-singleuser"]
c.KubeSpawner.namespace = SETTINGS["namespace"]
c.KubeSpawner.image = NOTEBOOK["image"]
c.KubeSpawner.image_pull_policy = "IfNotPresent"
c.KubeSpawner.start_timeout = 600
c.KubeSpawner.automount_service_account_token = False
c.KubeSpawner.cpu_guarantee = NOTEBOOK["cpu"]
c.KubeSpawner.mem_guarantee = c.KubeSpawner.mem_limit = NOTEBOOK["memory"]
c.KubeSpawner.uid, c.KubeSpawner.gid, c.KubeSpawner.fs_gid = 1000, 100, 100
c.KubeSpawner.container_security_context = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "runAsUser": 1000,
}
c.KubeSpawner.pod_security_context = {
    "runAsNonRoot": True,
    "fsGroup": 100,
    "seccompProfile": {"type": "RuntimeDefault"},
}
c.KubeSpawner.storage_pvc_ensure = True
c.KubeSpawner.storage_class, c.KubeSpawner.storage_capacity = NOTEBOOK["storage_class"], NOTEBOOK["storage"]
c.KubeSpawner.storage_access_modes = ["ReadWriteOnce"]
c.KubeSpawner.storage_extra_labels = NOTEBOOK["labels"]
c.KubeSpawner.volumes = [{"name": "home", "persistentVolumeClaim": {"claimName": "{pvc_name}"}}]
c.KubeSpawner.volume_mounts = [{"name": "home", "mountPath": "/home/jovyan"}]

c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [
            sys.executable, "-m", "jupyterhub_idle_culler",
            f"--timeout={60 * SETTINGS['idle_minutes']}", f"--max-age={3600 * SETTINGS['longest_hours']}",
        ],
    }
]  # fmt: skip
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "services": ["idle-culler"],
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
    }
]
