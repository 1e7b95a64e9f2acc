"""Reading the documents in which governments announce trade actions: text, days, rates, headings, parties, topics.

Belongs here: declared rules as pure functions of text. Does not belong here: the wire formats of the agencies
(transforms/parse), asking for documents (orchestration/intake), deciding (a person, by `headway feed accept`).
"""
