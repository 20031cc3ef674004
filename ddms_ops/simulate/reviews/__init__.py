"""The reviews platform: an HTTP API, three functions and a table, and the incidents of its runbook."""
