"""Which pages of this app the site has."""

from postroom.controlroom.accounts.devices_admin import DevicePages
from postroom.controlroom.accounts.models import Device, Role, User
from postroom.controlroom.accounts.roles_admin import RolePages
from postroom.controlroom.accounts.users_admin import UserPages
from postroom.controlroom.site import site

site.register(User, UserPages)
site.register(Role, RolePages)
site.register(Device, DevicePages)
