"""The sample style works of Stransfer: original pictures, drawn by seeded programs."""
