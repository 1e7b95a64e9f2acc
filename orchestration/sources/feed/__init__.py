"""The agencies that publish trade actions: how each is asked for documents, one module an agency.

Belongs here: APIs, questions, which parser reads an answer; the declared words (keywords.csv, words.py).
Does not belong here: statistics of agencies (sources/agencies), formats (transforms/parse), the rules (transforms/feed).
"""
