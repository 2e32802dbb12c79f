"""The description of the JSON API, made from the tables that the site itself works with.

Reading order: `settings` (what each of them may be), `schemas` (what is sent and answered),
`operations` (what each address takes and answers), `document` (all of it, as OpenAPI 3.1).
"""
