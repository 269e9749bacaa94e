"""A program that uses azure-mgmt-relay and azure-identity, and does what the test says.

In: a line of JSON for each request; out: a line with {"value": ...} or {"error": {...}}.
"""

import json
import sys

from azure.core.exceptions import HttpResponseError
from azure.core.paging import ItemPaged
from azure.core.polling import LROPoller
from azure.identity import ClientSecretCredential
from azure.mgmt.relay import RelayAPIMgmtClient

clients = {}


def open_client(key, sign_in, subscription, options):
    credential = ClientSecretCredential(**sign_in)
    clients[key] = RelayAPIMgmtClient(credential, subscription, **options)


def invoke(key, operation, args, options):
    """Calls `group.operation`. Lists are read to their end, pollers until they are done."""
    group, name = operation.split('.')
    outcome = getattr(getattr(clients[key], group), name)(*args, **options)
    if isinstance(outcome, LROPoller):
        outcome = outcome.result()
    if isinstance(outcome, ItemPaged):
        return [plain(item) for item in outcome]
    return plain(outcome)


def operations(key):
    """Every operation of the client, found by reflection."""
    groups = {name: group for name, group in vars(clients[key]).items() if not name.startswith('_')}
    return sorted(
        f'{name}.{operation}'
        for name, group in groups.items()
        for operation in dir(group)
        if not operation.startswith('_') and callable(getattr(group, operation))
    )


def plain(value):
    return value.as_dict() if hasattr(value, 'as_dict') else value


calls = {'open': open_client, 'invoke': invoke, 'operations': operations}

for line in sys.stdin:
    request = json.loads(line)
    try:
        reply = {'value': calls[request['call']](**request['args'])}
    except HttpResponseError as error:
        code = error.error.code if error.error else None
        reply = {
            'error': {
                'type': type(error).__name__,
                'status': error.status_code,
                'code': code,
                'message': error.message,
            }
        }
    print(json.dumps(reply), flush=True)
