"""The lecture platform, simulated: three customers, an AWS account each."""
