"""Cost incidents of the invoice pipeline: its work, its bill, and everything that both leave behind."""
