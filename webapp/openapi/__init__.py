"""The description of the JSON API, made from the tables that the site itself works with.

Reading order: `schemas` (what is sent and answered), `operations` (what each address takes and
answers), `document` (all of it, as OpenAPI 3.1).
"""
