"""The record of a campaign: what a paper's methods section needs, in aggregates, and its tables for print."""
