"""HTTP from the client's side: the service's client, resumable transfers and retries."""
