"""Ticket and SLA sources: Zendesk, Jira, ServiceNow and PagerDuty."""
