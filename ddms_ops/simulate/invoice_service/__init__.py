"""The invoice pipeline as a service: its two functions by the minute, and the incidents of its runbook but costs."""
