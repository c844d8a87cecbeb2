"""A small EC2 for Windows on loopback: moto, a WinRM endpoint for each instance, and a model of Windows behind it."""
