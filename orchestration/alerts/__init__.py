"""Who is told of a crossed budget: the outbox, the messages, the webhook."""
