"""Reports: findings.json, HTML, summary, post-mortem."""
