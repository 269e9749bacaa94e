"""A program that uses websockets, and does what the test says.

In: a line of JSON for each request; out: a line with {"value": ...} or {"error": {...}}. Bytes are {"base64": ...}.
"""

import base64
import json
import ssl
import sys

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

timeout_seconds = 20
sockets = {}


def open_socket(key, url, ca, token=None):
    context = ssl.create_default_context(cadata=ca)
    headers = {} if token is None else {'ServiceBusAuthorization': token}
    sockets[key] = connect(url, ssl=context, additional_headers=headers, open_timeout=timeout_seconds)


def send(key, messages):
    for message in messages:
        sockets[key].send(from_json(message))


def receive(key, count):
    return [to_json(sockets[key].recv(timeout=timeout_seconds)) for _ in range(count)]


def wait_closed(key):
    """Reads until the relay closes."""
    try:
        while True:
            sockets[key].recv(timeout=timeout_seconds)
    except ConnectionClosed as closed:
        return closed.rcvd.code


def close(key):
    sockets.pop(key).close()


def from_json(message):
    return message if isinstance(message, str) else base64.b64decode(message['base64'])


def to_json(message):
    return message if isinstance(message, str) else {'base64': base64.b64encode(message).decode()}


calls = {'open': open_socket, 'send': send, 'receive': receive, 'wait_closed': wait_closed, 'close': close}

for line in sys.stdin:
    request = json.loads(line)
    try:
        reply = {'value': calls[request.pop('call')](**request)}
    except InvalidStatus as error:
        reply = {'error': {'status': error.response.status_code, 'body': error.response.body.decode()}}
    print(json.dumps(reply), flush=True)
