"""Sign-in with a device code, against the local tenant."""



