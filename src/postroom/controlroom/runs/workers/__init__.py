"""Workers: they carry out what the queue has, and look after what dies."""
