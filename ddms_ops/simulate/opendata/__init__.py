"""OpenData Pulse, simulated: hourly ingestion, an ETL function, a GraphQL API and its table."""
