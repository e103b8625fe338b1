"""Where a setting's value comes from: a credential, a variable, or an insecure string.

Owns the three references that every setting takes, the places where a credential is looked for when there is
no Control Room (environment, OS keychain), and `Secret`, the value that does not print itself. Depends on
errors alone; exists so that no other room cares where a value lies.
"""

from postroom.values.credentials import (
    CredentialSource,
    EnvironmentCredentials,
    KeychainCredentials,
    find_used_credentials,
    get_machine_credentials,
    use_credentials,
)
from postroom.values.references import Credential, SecretSetting, Setting, Variable, parse_reference
from postroom.values.resolving import Resolver
from postroom.values.secret import Secret

__all__ = [
    "Credential",
    "CredentialSource",
    "EnvironmentCredentials",
    "KeychainCredentials",
    "Resolver",
    "Secret",
    "SecretSetting",
    "Setting",
    "Variable",
    "find_used_credentials",
    "get_machine_credentials",
    "parse_reference",
    "use_credentials",
]
