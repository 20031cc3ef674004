"""Small systems played from a declaration: streams of log events, metrics, calls, queues, executions, alarms."""
