"""Live AWS, one file a service. Every client comes from `session.AwsSession`, which is read-only and paced."""
