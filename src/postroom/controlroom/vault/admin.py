"""Which pages of this app the site has."""

from postroom.controlroom.site import site
from postroom.controlroom.vault.credentials_admin import CredentialPages
from postroom.controlroom.vault.lockers_admin import LockerPages
from postroom.controlroom.vault.models import Credential, Locker

site.register(Locker, LockerPages)
site.register(Credential, CredentialPages)
