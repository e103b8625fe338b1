"""The addresses of the vault's own pages."""

from django.urls import path

from postroom.controlroom.vault.pages import show_my_credentials, show_vault

urlpatterns = [
    path("me/credentials/", show_my_credentials, name="vault_my_credentials"),
    path("credential-vault/", show_vault, name="vault_vault"),
]
