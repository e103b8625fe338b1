"""The examination of a connection: which leg of its way does not hold, and what to do about it.

Owns the legs of the way of a Connect, one module a family (settings, network, sign-in, rights), the report of
what they find, and the links and lines for administrators. Walks the way with the parts of a Connect itself, so
that what it finds is what a Connect would meet. Depends on connect's own parts; exists so that the command line
and the Control Room tell the same. Opens no browser, and changes nothing in a mailbox.
"""

from postroom.outlook.doctor.case import Case
from postroom.outlook.doctor.examination import examine, examine_legs
from postroom.outlook.doctor.report import Finding, Remedy, Report

__all__ = ["Case", "Finding", "Remedy", "Report", "examine", "examine_legs"]
