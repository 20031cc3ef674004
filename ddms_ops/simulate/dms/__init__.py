"""The document management system: its endpoints, tenants, noise, and the incidents planted in it."""
