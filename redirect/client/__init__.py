"""redirect.client: ask the service from your own code; docs/client.md says how.

    with Client("http://127.0.0.1:8080", key) as redirect:
        answer = redirect.check("weather tomorrow", country="GB", languages="en")

Owns one question and its answer within a time limit, whatever becomes of the service. Must never raise, wait longer or
write anything because of what a person searched for; keep an answer; or import any other part of redirect.
"""

from redirect.client.answer import Action, Answer, Reason, Resource
from redirect.client.asking import AsyncClient, Client
from redirect.client.subject import Subject, cut, pieces

__all__ = ["Action", "Answer", "AsyncClient", "Client", "Reason", "Resource", "Subject", "cut", "pieces"]
